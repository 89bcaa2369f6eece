"""Reach: a horizon that no label ever had is answered, and later events change nothing."""

from datetime import timedelta

import numpy as np
import pytest

from patron.errors import QuestionError
from patron.metrics import auc, concordance
from patron.models.extrapolation import train_beyond
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import labels, matrix
from patron.questions.profit import CostModel
from worlds.shop import START, of, orders, shop

AT = START + timedelta(days=280)


def test_a_horizon_as_long_as_the_history_is_answered_well():
    made = train_beyond(churn(270), shop(600), AT)
    rows, label = matrix(made.question, shop(600), [AT]), labels(made.question, shop(600), [AT])
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


def test_a_purchase_beyond_all_labels_is_told_with_its_day():
    made = train_beyond(next_purchase(270, within=(30,)), shop(600), AT)
    rows, days = matrix(made.question, shop(600), [AT]), labels(made.question, shop(600), [AT])
    told = made.bundles["hybrid"].predict(rows.X)
    assert list(told.columns[:2]) == ["purchase_within_30d", "purchase_within_270d"]
    assert (told.purchase_within_30d <= told.purchase_within_270d).all()
    assert concordance(np.nan_to_num(days, nan=270), ~np.isnan(days), told.days_expected) > 0.7
    assert abs(told.purchase_within_270d.mean() - (days < 270).mean()) < 0.12


def test_profit_is_not_carried_and_nothing_is_without_some_history():
    with pytest.raises(QuestionError, match=r"Only churn and next purchase can be asked beyond the labels, got 'tier'"):
        train_beyond(tier(270, CostModel(margin_rate=0.4)), shop(), AT)
    with pytest.raises(QuestionError, match=r"is 20 days later; at least 28 are needed"):
        train_beyond(churn(270), shop(), shop().starts + timedelta(days=20))


def test_an_instant_beyond_the_last_order_is_refused_by_its_own_date():
    beyond = shop().ends + timedelta(days=1)
    with pytest.raises(
        QuestionError, match=rf"at = {beyond:%Y-%m-%d} lies after that, .* Use at = {shop().ends:%Y-%m-%d}"
    ):
        train_beyond(churn(270), shop(), beyond)
