"""Decision tables: the rows that outcomes are measured of, checked, each customer once at a cutoff."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from patron.errors import ScoreError, listed, listed_columns

__all__ = ["CARRIED_OUT", "CHANGED", "CONTROL", "SKIPPED", "TREAT", "Checked", "checked"]

TREAT, CONTROL = "treat", "control"
CARRIED_OUT, CHANGED, SKIPPED = "carried out", "changed", "skipped"
KEY = ["customer", "cutoff"]
NEEDED = (*KEY, "group", "offer")
NUMBERS = ("cost", "expected_gain", "gain_low", "gain_high", "propensity", "churn_probability", "value")
HINT = 'Give decisions as pt.decide returns them (plan.table) or as "patron decide" writes them.'


class Checked:
    """Decisions that can be measured, and how many were set aside.

    Args:
        table: `customer` as text, `cutoff`, `group` (treat or control), `offer`, `explored` (whether a lot chose the
            offer), `cluster` where some were held out together, and the numbers that were given.
        counts: rows that were repeated, and customers who were in several groups or offers of one cutoff.
    """

    def __init__(self, table: pd.DataFrame, counts: Mapping[str, int]) -> None:
        self.table = table
        self.counts = counts


def checked(decisions: pd.DataFrame, holdout: float | None) -> Checked:
    """Return decisions as outcomes are measured of them.

    Args:
        decisions: customer, cutoff, group and offer, and what was expected of them where that is known.
        holdout: the share that was to be held out, where no `propensity` (of the group in the row) says it.

    Raises:
        ScoreError: a column is missing, a cell is empty, or a group is neither treat nor control.
    """
    missing = [name for name in NEEDED if name not in decisions.columns]
    if missing:
        raise ScoreError(
            f"The decisions lack {listed(missing)}. They have: {listed_columns(decisions.columns)}. {HINT}"
        )
    numbers = [name for name in NUMBERS if name in decisions.columns]
    table = decisions[[*NEEDED, *numbers]].reset_index(drop=True)
    if "cluster" in decisions and decisions.cluster.notna().any():
        table["cluster"] = _clusters(decisions)
    table["explored"] = decisions.explored.fillna(False).to_numpy(bool) if "explored" in decisions else False
    empty = table[list(NEEDED)].isna().any(axis=1)
    if empty.any():
        raise ScoreError(
            f"{empty.sum():,} of {len(table):,} decisions have no customer, cutoff, group or offer; the first is row "
            f"{empty.argmax()}. Leave them out: decisions.dropna(subset={list(NEEDED)})."
        )
    odd = ~table.group.isin((TREAT, CONTROL))
    if odd.any():
        raise ScoreError(
            f"The group of a decision is 'treat' or 'control', but not in {odd.sum():,} of {len(table):,} rows; the "
            f"first is row {odd.argmax()}. Turn it into them: decisions['group'].replace({{'holdout': 'control'}})."
        )
    times = pd.to_datetime(table.cutoff).astype("datetime64[us]")
    table = table.assign(customer=table.customer.astype(str), cutoff=times)
    if holdout is not None:
        share = pd.Series(np.where(table.group == TREAT, 1 - holdout, holdout), table.index)
        table["propensity"] = table.propensity.fillna(share) if "propensity" in table else share
    return _once(table)


def _clusters(decisions: pd.DataFrame) -> np.ndarray:
    """Return the cluster of each decision as a number of its own at each cutoff; who has none is alone."""
    named = decisions.groupby(["cutoff", "cluster"], sort=False, dropna=False).ngroup().to_numpy()
    return np.where(decisions.cluster.isna(), len(named) + np.arange(len(named)), named)


def _once(table: pd.DataFrame) -> Checked:
    """Leave out rows that repeat another, and all rows of a customer who is in several groups or offers at once."""
    unique = table.drop_duplicates([*KEY, "group", "offer"])
    several = unique.duplicated(KEY, keep=False)
    counts = {"repeated": len(table) - len(unique), "in_several": int(unique[several].customer.nunique())}
    return Checked(unique[~several].sort_values(KEY, ignore_index=True), counts)
