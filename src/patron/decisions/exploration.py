"""Exploration: customers for whom a lot takes the plan's place, so that effects stay known where no plan looks.

Each has a known chance of every offer that is allowed for them, and of nothing, which no score moves.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.clusters import Clusters
from patron.decisions.draws import drawn_lots, draws, start

__all__ = ["GIVEN", "Exploration", "explore"]

GIVEN = 0.5  # chance to get the offer that was drawn; the others get nothing
SURELY = 4.0  # standard deviations that a lot is kept below the limits
TURNS = 50  # lots drawn until one is within them
ROUNDING = 1e-9


@dataclass(frozen=True)
class Exploration:
    """Whom a lot gives what.

    Args:
        share: chance to be drawn, of a customer who may get any offer.
        options: how many offers each customer may get, shape (customers,).
        offer: position of the offer that the lot drew, -1 where the plan decides, shape (customers,).
        treated: whether a customer who was drawn gets it, shape (customers,).
        fitting: whether budget and capacities reached all who were drawn.
    """

    share: float
    options: np.ndarray
    offer: np.ndarray
    treated: np.ndarray
    fitting: bool = True

    @property
    def drawn(self) -> np.ndarray:
        """Who was drawn."""
        return np.asarray(self.offer >= 0)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to beware of, as sentences."""
        if self.fitting:
            return ()
        return (
            f"budget or capacity end with {self.drawn.sum():,} customers who explore, {self.share:.1%} of those "
            "who may, as more are not sure to be reached: ask for less (exploration = 0.02), or for more budget",
        )

    def left(self, use: np.ndarray, most: np.ndarray) -> np.ndarray:
        """Return what is left to the plan of each scarce thing."""
        return np.asarray(most - use[self.offer[self.drawn & self.treated]].sum(axis=0))

    def given(self, planned: np.ndarray) -> np.ndarray:
        """Return the offer of each customer, that of the lot before that of the plan; -1 for none."""
        return np.where(self.drawn, self.offer, planned)

    def chances(self, planned: np.ndarray, received: np.ndarray, holdout: float) -> np.ndarray:
        """Return the chance of what each customer received, lot and hold-out together.

        Args:
            planned: the offer of each customer in the plan, also of those who were drawn; -1 for none.
            received: what each got, -1 for nothing.
            holdout: share of the planned who get nothing.

        >>> lot = Exploration(0.2, np.array([2, 2, 2]), np.full(3, -1), np.zeros(3, bool))
        >>> lot.chances(planned=np.array([0, 0, -1]), received=np.array([0, 1, -1]), holdout=0.0).round(2).tolist()
        [0.85, 0.05, 0.9]
        """
        nothing, has = received < 0, self.options > 0
        share = np.where(has, self.share, 0.0)
        by_plan = np.where(nothing, np.where(planned >= 0, holdout, 1.0), (1 - holdout) * (planned == received))
        by_lot = np.where(nothing, 1 - GIVEN, GIVEN / np.maximum(self.options, 1))
        return (1 - share) * by_plan + share * by_lot

    def summary(self, table: pd.DataFrame, forgone: float) -> dict[str, Any]:
        """Return how many were drawn, and what that costs.

        Args:
            table: the decisions.
            forgone: what a plan without any lot is expected to gain more, before anybody is held out.
        """
        drawn = table[table.explored]
        treated = drawn[drawn.group == "treat"]
        counts = {"customers": len(drawn), "treated": len(treated), "control": len(drawn) - len(treated)}
        money = {"spent": float(treated.cost.sum()), "expected_gain": float(treated.expected_gain.sum())}
        return {"share": self.share, **counts, **money, "forgone": forgone}


def explore(
    clusters: Clusters, allowed: np.ndarray, limits: tuple[np.ndarray, np.ndarray], share: float, seed: int
) -> Exploration:
    """Draw who explores, and what they get: one of the offers that they may get, all alike, and half of them nothing.

    Clusters explore as a whole, and get offers or nothing as a whole. Where budget or capacities are not sure to reach
    what the lot may give to so many, the share is as much lower: whether a customer explores never depends on what the
    lot gives to anybody, so that the chance of it is the share. Where a lot exceeds them all the same, which is as good
    as never, another is drawn.

    Args:
        clusters: whose draws those of each customer are.
        allowed: whether a customer may get an offer, shape (customers, offers).
        limits: what one of each offer takes of each scarce thing, and how much there is of it.
        share: of those who may get any offer.
        seed: of the draws, which belong to the customers.

    >>> people = Clusters("", pd.Series(["ann", "bob"]))
    >>> lot = explore(people, np.array([[True], [False]]), (np.ones((1, 1)), np.full(1, 9.0)), 1.0, 0)
    >>> lot.drawn.tolist()
    [True, False]
    """
    options = allowed.sum(axis=1, dtype=np.int16)
    offer, treated = np.full(len(options), -1, dtype=np.int16), np.zeros(len(options), dtype=bool)
    may = np.flatnonzero(options > 0)
    if not share or not len(may):
        return Exploration(share, options, offer, treated)
    _, first, place = np.unique(clusters.number[may], return_index=True, return_inverse=True)
    reached = min(share, *_shares_that_fit(limits, allowed[may], place))
    who = draws(clusters.key.iloc[may[first]], f"{seed}:explore")
    rows = may[drawn_lots(who, np.bincount(place), reached, start(f"{seed}:explore"))[place]]
    offers = np.argsort(~allowed[rows], axis=1, kind="stable")  # the allowed ones first, in their order
    for turn in range(TURNS):
        position, gets = (draws(clusters.key.iloc[rows], f"{seed}:{use}{turn or ''}") for use in ("lot", "given"))
        offer[rows] = offers[np.arange(len(rows)), (position * options[rows]).astype(int)]
        treated[rows] = gets < GIVEN
        if _fits(limits, offer[treated]):
            break
        treated[rows] = False
    return Exploration(reached, options, offer, treated, reached == share)


def _shares_that_fit(limits: tuple[np.ndarray, np.ndarray], allowed: np.ndarray, cluster: np.ndarray) -> list[float]:
    """Return for each scarce thing the share that can explore: what it takes on average, and four deviations more.

    Args:
        limits: what one of each offer takes of each scarce thing, and how much there is of it.
        allowed: whether each of those who may explore may get an offer.
        cluster: of each.
    """
    use, most = limits
    count, result = allowed.sum(axis=1), [1.0]
    for takes, limit in zip(use.T, most, strict=True):
        mean = GIVEN * float(((allowed @ takes) / count).sum())
        if not mean or not np.isfinite(limit):
            continue
        of_cluster = np.bincount(cluster, np.sqrt((allowed @ takes**2) / count))  # where all of it get offers
        wide = SURELY * np.sqrt(GIVEN * float((of_cluster**2).sum()))
        left = max(limit - of_cluster.max(), 0.0)  # one cluster more than the share, by rounding
        result.append(float(((np.sqrt(wide**2 + 4 * mean * left) - wide) / (2 * mean)) ** 2))
    return result


def _fits(limits: tuple[np.ndarray, np.ndarray], given: np.ndarray) -> bool:
    use, most = limits
    return bool((use[given].sum(axis=0) <= most + ROUNDING * np.maximum(1.0, most)).all())
