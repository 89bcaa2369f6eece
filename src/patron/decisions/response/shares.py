"""Shares of contacts that were answered, standardised over strata, with a covariance over customers.

The engine adds up what each customer moves; only numbers of groups come into memory.
"""

from dataclasses import dataclass
from statistics import NormalDist

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import IntegerValue, Table

from patron.decisions.response.within import by_customer, variance_of_differences, within_customers
from patron.metrics.shares import share_interval

__all__ = ["STRATUM", "Shares", "group_shares", "strata"]

STRATUM = "stratum"
THIRDS = (1 / 3, 2 / 3)
NOBODY = -1  # the stratum of contacts of customers who had ordered nothing before
MOST_GROUPS = 60
CONTACTS, CUSTOMERS, IN_STRATUM = 50, 30, 5  # the fewest with which a group is compared
COMMON = 0.8  # of the contacts of the groups compared must lie in strata that all of them have
DIGITS = 6
Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Shares:
    """The share of contacts answered in each group.

    Args:
        table: a line for each group: `group`, `contacts`, `customers`, `answered` (the share as it is), `share`
            (standardised; null where the group is not compared), `low` and `high` (95 %, over customers).
        groups: those that are compared, as in the table.
        share: the standardised share of each of them.
        low: the lower bounds of the differences of each share (row) to each other (column), 95 % for all together.
        high: the upper bounds.
    """

    table: pd.DataFrame
    groups: tuple[int | str, ...]
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray


def strata(contacts: Table) -> IntegerValue:
    """Return in which stratum each contact is: by thirds of recency and of orders, or without any order before."""
    quantiles = {f"{name}{k}": contacts[name].quantile(THIRDS[k]) for name in ("recency", "orders") for k in (0, 1)}
    edges = contacts.aggregate(**quantiles).to_pyarrow().to_pylist()[0]

    def third(name: str) -> IntegerValue:
        values, lower, upper = contacts[name], edges[f"{name}0"], edges[f"{name}1"]
        return ibis.cases((values <= lower, 0), (values <= upper, 1), else_=2)

    if edges["recency0"] is None:
        return ibis.literal(NOBODY)
    return contacts.recency.isnull().ifelse(NOBODY, 3 * third("recency") + third("orders"))


def group_shares(contacts: Table, by: str, assignment: str) -> Shares:
    """Return the share of contacts answered in each group.

    Where no lot decided, the bounds of differences are the wider ones of two comparisons: of customers who stood
    alike, and of each customer with itself.

    Args:
        contacts: with `customer`, `answered` and `stratum`.
        by: the column of the groups; a contact without one does not count.
        assignment: how it came about who was contacted how: "observational" or "randomised".
    """
    rows = contacts.select("customer", STRATUM, group=by, answer=contacts.answered.cast("float64"))
    rows = rows.filter(rows.group.notnull())
    counted = rows.group_by("group").aggregate(
        contacts=rows.count(), customers=rows.customer.nunique(), answered=rows.answer.mean()
    )
    table = counted.order_by(counted.contacts.desc(), "group").limit(MOST_GROUPS).to_pandas()
    cells = rows.group_by("group", STRATUM).aggregate(n=rows.count(), mean=rows.answer.mean()).to_pandas()
    n, mean = (cells.pivot_table(index="group", columns=STRATUM, values=name) for name in ("n", "mean"))
    groups, common = _comparable(table, n.fillna(0))
    if not groups:
        none = np.zeros((0, 0))
        return Shares(_with_bounds(table, [], np.zeros(0), none), (), np.zeros(0), none, none)
    n, mean = n.loc[groups, common], mean.loc[groups, common]
    weights = n.sum() / n.to_numpy().sum()
    share = (mean * weights).sum(axis=1).to_numpy()
    covariance = _covariance(rows, groups, mean, weights / n)
    floor = _binomial(share, n.sum(axis=1).to_numpy())
    np.fill_diagonal(covariance, np.maximum(np.diag(covariance), floor))
    low, high = _bounds(share[:, None] - share[None, :], variance_of_differences(covariance))
    if assignment == "observational" and len(groups) > 1:
        own_low, own_high = _bounds(*within_customers(rows, groups))
        low, high = np.minimum(low, own_low), np.maximum(high, own_high)
    return Shares(_with_bounds(table, groups, share, covariance), tuple(groups), share, low, high)


def _bounds(gaps: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the differences between groups, 95 % for all pairs together (Bonferroni)."""
    pairs = max(len(gaps) * (len(gaps) - 1) // 2, 1)
    half = NormalDist().inv_cdf(1 - 0.025 / pairs) * np.sqrt(np.clip(variance, 0, None))
    return gaps - half, gaps + half


def _comparable(table: pd.DataFrame, n: pd.DataFrame) -> tuple[list, list]:
    """Return the groups that can be compared, and the strata that all of them have; the smallest group goes first."""
    enough = table[(table.contacts >= CONTACTS) & (table.customers >= CUSTOMERS)]
    groups = enough.group.tolist()  # the largest first
    while groups:
        shown = n.loc[groups]
        common = shown.columns[(shown >= IN_STRATUM).all()].tolist()
        if shown[common].to_numpy().sum() >= COMMON * shown.to_numpy().sum():
            return sorted(groups), common
        groups = groups[:-1]
    return [], []


def _covariance(rows: Table, groups: list, mean: pd.DataFrame, weight: pd.DataFrame) -> np.ndarray:
    """Return the covariance of standardised shares, from what each customer moves in each of them."""
    cells = pd.DataFrame({"mean": mean.stack(), "weight": weight.stack()}).rename_axis(["in_group", "in_stratum"])
    known = ibis.memtable(cells.reset_index())
    joined = rows.join(known, [rows.group == known.in_group, rows[STRATUM] == known.in_stratum])
    moved = ((joined.answer - joined["mean"]) * joined.weight).sum()
    moves = by_customer(joined.group_by("customer", "group").aggregate(moved=moved).to_pandas(), "moved", groups)
    return moves.T @ moves


def _binomial(share: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the variance of shares of so many contacts as if each was of another customer, above zero."""
    drawn = (share * n + 2) / (n + 4)  # Agresti and Coull (1998)
    return drawn * (1 - drawn) / (n + 4)


def _with_bounds(table: pd.DataFrame, groups: list, share: np.ndarray, covariance: np.ndarray) -> pd.DataFrame:
    """Return the groups with their shares and bounds, by Wilson with as many contacts as the spread is worth.

    Contacts of a group that is not compared are worth no more than its customers.
    """
    table = table.set_index("group").sort_index()
    worth = table.customers.astype(float)
    middle = table.answered.copy()
    table["share"] = pd.Series(share, groups, dtype=float)
    middle.loc[groups] = share
    worth.loc[groups] = np.clip(share * (1 - share) / np.diag(covariance), 1, table.contacts[groups])
    # where all or none answered, the spread says nothing: each customer counts once
    flat = [group for group, value in zip(groups, share, strict=True) if value in (0, 1)]
    worth.loc[flat] = table.customers[flat]
    table["low"], table["high"] = share_interval(middle * worth, worth, Z)
    return table.round(DIGITS).reset_index()
