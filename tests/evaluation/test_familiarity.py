"""Familiarity: errors about the next purchase against interactions known at the cutoff, by hand and in words."""

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.errors import ScoreError
from patron.evaluation.familiarity import interactions
from patron.history.history import History
from patron.history.sources import events
from worlds.histories import CUTOFF, ago


def history(counts: dict[str, int]) -> History:
    """Return customers with so many orders before the cutoff, each at an instant of its own, and one after."""
    rows = [(name, ago(1 + n)) for name, count in counts.items() for n in range(count)]
    rows += [(name, CUTOFF) for name in counts]
    orders = pd.DataFrame(rows, columns=["customer", "at"])
    return History.of(orders=events(orders, customer="customer", at="at"))


def judged(names: list[str], bought: np.ndarray, chance: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer": names,
            "cutoff": pd.Timestamp(CUTOFF),
            "actual": np.where(bought, 5.0, np.nan),
            "purchase_within_30d": chance,
            "days_median": np.where(bought, 7.0, 40.0),
        }
    )


def test_interactions_are_the_instants_before_the_cutoff():
    counts = {"ann": 3, "bob": 1}
    spine = pd.DataFrame({"customer": ["bob", "ann", "zoe"], "cutoff": pd.Timestamp(CUTOFF)})
    assert interactions(history(counts), spine).tolist() == [1.0, 3.0, 0.0]


def test_an_error_that_falls_with_interactions_is_said_with_its_interval_and_one_that_does_not_is_not():
    names = [f"c{n:03}" for n in range(200)]
    known = {name: 1 + n % 4 for n, name in enumerate(names)}
    rng = np.random.default_rng(0)
    bought = rng.random(200) < 0.5
    sure = 0.5 + 0.1 * np.array(list(known.values()))  # chance given to what then came: .6 to .9
    falling = pt.error_by_interactions(judged(names, bought, np.where(bought, sure, 1 - sure)), history(known))
    assert falling.verdicts["log_loss"] == "falls"
    assert falling.table.log_loss.tolist() == pytest.approx([-np.log(p) for p in (0.6, 0.7, 0.8, 0.9)])
    assert falling.table.days.tolist() == pytest.approx([2 * bought[k::4].mean() for k in range(4)])
    assert falling.slopes["log_loss"].high < 0
    assert "falls with the number of interactions" in repr(falling)
    flat = pt.error_by_interactions(judged(names, bought, np.full(200, 0.5)), history(known))
    assert (flat.slopes["log_loss"].value, flat.verdicts["log_loss"]) == (pytest.approx(0.0), "cannot be told to move")


def test_predictions_without_days_are_refused():
    with pytest.raises(ScoreError, match=r"The predictions lack 'days_median'\. They have: .* Give what the training"):
        pt.error_by_interactions(judged(["a"], np.ones(1), np.ones(1)).drop(columns="days_median"), history({"a": 1}))
