"""Exploration: customers for whom a lot takes the plan's place, so that effects stay known where no plan looks.

Each has a known chance of every offer that is allowed for them, and of nothing, which no score moves.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.draws import draws

__all__ = ["GIVEN", "Exploration", "explore"]

GIVEN = 0.5  # chance to get the offer that was drawn; the others get nothing
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
            "who may, and leave little to the plan: ask for less (exploration = 0.02), or for more budget",
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
    customers: pd.Series, allowed: np.ndarray, limits: tuple[np.ndarray, np.ndarray], share: float, seed: int
) -> Exploration:
    """Draw who explores, and what they get: one of the offers that they may get, all alike, and half of them nothing.

    Where budget or capacities do not reach all of them, the first by the draw explore: whether a customer does never
    depends on what the lot gives to that customer.

    Args:
        customers: keys.
        allowed: whether a customer may get an offer, shape (customers, offers).
        limits: what one of each offer takes of each scarce thing, and how much there is of it.
        share: of those who may get any offer.
        seed: of the draws, which belong to the customers.

    >>> lot = explore(pd.Series(["ann", "bob"]), np.array([[True], [False]]), (np.ones((1, 1)), np.ones(1)), 1.0, 0)
    >>> lot.drawn.tolist()
    [True, False]
    """
    options = allowed.sum(axis=1, dtype=np.int16)
    offer, treated = np.full(len(options), -1, dtype=np.int16), np.zeros(len(options), dtype=bool)
    if not share:
        return Exploration(0.0, options, offer, treated)
    who = draws(customers, f"{seed}:explore")
    rows = np.flatnonzero((who < share) & (options > 0))
    rows = rows[np.argsort(who[rows], kind="stable")]
    place = draws(customers.iloc[rows], f"{seed}:lot") * options[rows]
    offers = np.argsort(~allowed[rows], axis=1, kind="stable")  # the allowed ones first, in their order
    drawn, gets = offers[np.arange(len(rows)), place.astype(int)], place % 1 < GIVEN
    fits = _fitting(limits, allowed[rows], drawn, gets)
    some = rows[:fits]
    offer[some], treated[some] = drawn[:fits], gets[:fits]
    reached = share * fits / max(len(rows), 1)
    return Exploration(reached, options, offer, treated, fits == len(rows))


def _fitting(limits: tuple[np.ndarray, np.ndarray], allowed: np.ndarray, drawn: np.ndarray, gets: np.ndarray) -> int:
    """Return how many of those drawn can explore: up to the first whose dearest lot would not fit any more."""
    use, most = limits
    taken = use[drawn] * gets[:, None]
    dearest = np.where(allowed[:, :, None], use[None], 0.0).max(axis=1, initial=0.0)
    over = (taken.cumsum(axis=0) - taken + dearest > most + ROUNDING * np.maximum(1.0, most)).any(axis=1)
    return int(over.argmax()) if over.any() else len(drawn)
