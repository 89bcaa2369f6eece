"""What stability promises: it counts in how many refits a reason stays, and what does not stay is not told first."""

import numpy as np
import pandas as pd
import pytest

from explanations.test_drivers import FEATURES, customer, people, straight, trained
from patron.errors import QuestionError
from patron.explanations.drivers import drivers, importance
from patron.explanations.stability import stability
from patron.models.serving import Bundle

TWO = [FEATURES[0], FEATURES[1]]


def of_two(recency: float, money: float) -> Bundle:
    """A churn model that adds up two coefficients on logarithms from zero."""
    scaling = {"inputs": [0, 1], "mean": [0.0, 0.0], "scale": [1.0, 1.0], "coef": [[recency, money]]}
    return straight(features=TWO, estimator=straight().spec["estimator"] | scaling)


def test_a_reason_is_as_stable_as_the_share_of_refits_that_keep_it_on_its_side():
    refits = [of_two(1.0, 0.1), of_two(0.1, 1.0), of_two(-1.0, 1.0), of_two(2.0, 1.0)]
    measured = stability(of_two(1.0, 0.5), refits, people())
    assert measured.features.stability[0] == pytest.approx(3 / 4, abs=0.01)
    assert np.isnan(measured.features.stability[1])  # nobody's first reason
    assert measured.first == pytest.approx(2 / 4, abs=0.1)
    assert set(measured.table.level) == {"theme", "measure"}


def test_agreement_is_of_the_order_in_which_facts_push():
    model = of_two(2.0, 1.0)
    assert stability(model, [of_two(3.0, 1.0)], people()).agreement == pytest.approx(1.0)
    assert stability(model, [of_two(0.1, 1.0)], people()).agreement == pytest.approx(-1.0)


def test_a_model_that_is_fitted_to_the_same_has_the_same_reasons():
    model = trained("churn")
    measured = stability(model, [model, model], people())
    assert (measured.first, measured.kept, measured.agreement) == (1.0, 1.0, 1.0)
    assert (measured.features[["low", "high"]] == 0.0).all(axis=None)


def test_what_refits_do_not_keep_is_not_told_as_the_first_reason():
    model = of_two(2.0, 1.0)
    assert drivers(model, customer()).feature.tolist() == ["recency", "profit_90d"]
    carried = stability(model, [of_two(-1.0, 1.0)], people()).carried_by(model)
    assert drivers(carried, customer()).feature.tolist() == ["profit_90d", "recency"]
    assert drivers(carried, customer(), top=1).feature.tolist() == ["profit_90d"]


def test_importance_lies_between_the_shares_that_refits_gave():
    model = of_two(1.0, 1.0)
    carried = stability(model, [of_two(1.0, 3.0), of_two(3.0, 1.0)], people()).carried_by(model)
    table = importance(carried, people()).set_index("feature")
    shares = [importance(of_two(*c), people()).set_index("feature").share["recency"] for c in ((1.0, 3.0), (3.0, 1.0))]
    assert table.loc["recency", ["low", "high"]].tolist() == pytest.approx(shares)


def test_without_refits_there_is_no_interval():
    table = importance(trained("churn"), people())
    assert (table.low == table.share).all() and (table.high == table.share).all()


def test_the_stability_of_nothing_is_refused():
    nobody = people().take(np.zeros(len(people()), dtype=bool))
    for refits, rows in (([], people()), ([trained("churn")], nobody)):
        with pytest.raises(QuestionError, match=rf"got {len(refits)} refits and {len(rows)} rows\. Give both"):
            stability(trained("churn"), refits, rows)


def test_the_table_has_the_first_reasons_of_themes_and_measures():
    table = stability(trained("churn"), [trained("churn")], people()).table
    assert table.columns.tolist() == ["level", "words", "reasons", "first", "kept"]
    assert table.groupby("level").reasons.sum().nunique() == 1
    assert isinstance(table, pd.DataFrame)
