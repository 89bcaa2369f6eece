"""Reach: a horizon that no label ever had is answered, and later events change nothing."""

from datetime import timedelta

import pytest
from shop import START, of, orders, shop

from patron.errors import QuestionError
from patron.evaluation import auc
from patron.matrices import answers, matrix
from patron.models.reach import train_beyond
from patron.questions import churn, next_purchase

AT = START + timedelta(days=280)


def test_a_horizon_as_long_as_the_history_is_answered_well():
    made = train_beyond(churn(270), shop(600), AT)
    rows, label = matrix(made.question, shop(600), [AT]), answers(made.question, shop(600), [AT])
    for candidate in ("logit", "parametric", "lightgbm", "hybrid", "blend"):
        chance = made.bundles[candidate].predict(rows.X).churn_probability
        assert auc(label, chance) > 0.75
        assert abs(chance.mean() - label.mean()) < 0.12


def test_the_longer_the_horizon_the_fewer_leave():
    rows = matrix(churn(90).on(shop()), shop(), [AT])
    near, far = (train_beyond(churn(days), shop(), AT).bundles["parametric"] for days in (180, 540))
    names = [f["name"] for f in near.spec["features"]]
    X = rows.X.reindex(columns=names)
    assert (far.predict(X).churn_probability <= near.predict(X).churn_probability).all()


def test_events_from_the_cutoff_on_change_nothing():
    frame = orders(300)
    whole, cut = (train_beyond(churn(270), of(part), AT) for part in (frame, frame[frame["at"] < AT]))
    assert whole.model.spec["estimator"] == cut.model.spec["estimator"]


def test_only_churn_is_carried_and_only_from_some_history():
    with pytest.raises(QuestionError, match=r"Only churn can be asked beyond the labels, got 'next_purchase'"):
        train_beyond(next_purchase(270), shop(), AT)
    with pytest.raises(QuestionError, match=r"20 days before .* at least 28 are needed"):
        train_beyond(churn(270), shop(), shop().starts + timedelta(days=20))
