"""Histories that leave little or nothing to tell: a clear answer, never a traceback or a silent nonsense."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.history.history import History
from patron.history.sources import attributes, events
from patron.models.training import train
from patron.periods import Split
from patron.questions.kinds import next_purchase, tier
from patron.questions.matrices import matrix
from patron.questions.profit import CostModel
from worlds.histories import ago, history_of


def shop(amount: float, customers: int = 120) -> History:
    rng = np.random.default_rng(2)
    days = [(c, float(d)) for c in range(customers) for d in rng.uniform(0, 400, 8)]
    return history_of([(f"k{c}", ago(d), amount) for c, d in days])


def split(history: History) -> Split:
    at = [history.ends - timedelta(days=60 * k) for k in (4, 3, 2, 1)]
    return Split.of(at[:2], at[2:3], at[3:])


def test_profits_that_are_all_losses_are_told_as_such():
    history = shop(1.0)
    with pytest.raises(QuestionError, match=r"No training row has a profit above zero, so tiers of profit cannot"):
        train(tier(30, CostModel(margin_rate=0.5, cost_per_order=9.0)), history, split(history))


def test_a_tier_is_not_asked_without_knowing_what_is_left_of_an_amount():
    history = shop(9.0)
    with pytest.raises(QuestionError, match=r"no margin rate is set.* Set it, for example margin_rate = 0.35"):
        train(tier(30, CostModel()), history, split(history))


def test_a_horizon_shorter_than_the_rhythm_of_purchases_still_gives_low_honest_chances():
    history = shop(9.0)
    trained = train(next_purchase(horizon=4, within=(2,)), history, split(history))
    told = trained.model.predict(matrix(trained.question, history, [history.ends]).X)
    assert told.purchase_within_2d.between(0.0, 0.3).all()
    assert (told.days_median > 4).mean() > 0.9


def test_attributes_whose_names_trees_cannot_tell_apart_are_two_columns():
    history = shop(9.0)
    ids = history["orders"].customer.to_pyarrow().unique().to_pylist()
    people = pd.DataFrame({"id": ids, "opt-in": np.arange(len(ids)) % 2, "opt_in": np.arange(len(ids)) % 3, "step": 1})
    known = History.of(orders=events(history["orders"].to_pandas()), people=attributes(people, customer="id"))
    trained = train(next_purchase(horizon=30), known, split(history))
    assert {"people_opt-in", "people_opt_in", "people_step"} <= {f["name"] for f in trained.model.spec["features"]}
    assert len(set(trained.bundles["lightgbm"].booster.feature_name())) == len(trained.model.spec["features"]) + 1
