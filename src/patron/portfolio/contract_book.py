"""Contract book: the contracts that run at a cutoff, with the chance that each has ended by a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from patron.errors import ScoreError, listed_columns

__all__ = ["ContractBook"]

WITHIN, WHOLE = "cancellation_within_", "cancellation_probability"
JUST_AFTER = 1e-6  # days


@dataclass(frozen=True)
class ContractBook:
    """The customers under contract at a cutoff.

    Args:
        customer: their keys, of n customers.
        cutoff: when.
        edges: the days from the cutoff at which a chance is known, from 0 to the horizon, shape (k,).
        chance: to have no contract by each edge, shape (n, k); 0 at the first.
        price: of a month of all contracts that run, shape (n,).
        renewal: days until the term of the last contract is over, shape (n,); unknown where it has none.
        term: its days, shape (n,); unknown where it has none.
    """

    customer: pd.Series
    cutoff: datetime
    edges: np.ndarray
    chance: np.ndarray
    price: np.ndarray
    renewal: np.ndarray
    term: np.ndarray

    @classmethod
    def of(cls, scores: pd.DataFrame, known: pd.DataFrame, horizon: int) -> "ContractBook":
        """Return the book of today's answers.

        Args:
            scores: of the customers under contract at one cutoff: customer, cutoff, and the chances of a cancellation.
            known: features of the same customers in the same order: monthly_price, days_to_renewal and contract_term,
                each unknown where it is missing.
            horizon: the days that cancellation_probability looks ahead.

        Raises:
            ScoreError: the scores have no chance of a cancellation.
        """
        if WHOLE not in scores:
            raise ScoreError(
                f"A contract book needs {WHOLE!r}, and the scores have: {listed_columns(scores.columns)}. Ask the "
                "question: cancellation = { horizon = 90 }."
            )
        columns = {horizon: WHOLE} | {_days(name): name for name in scores if name.startswith(WITHIN)}
        edges = sorted(columns)
        chances = scores[[columns[edge] for edge in edges]].to_numpy(np.float64)
        return cls(
            scores.customer.reset_index(drop=True),
            scores.cutoff.iloc[0].to_pydatetime(),
            np.array([0, *edges], np.float64),
            np.column_stack([np.zeros(len(scores)), np.maximum.accumulate(chances, axis=1)]),
            *(_column(known, name) for name in ("monthly_price", "days_to_renewal", "contract_term")),
        )

    @property
    def horizon(self) -> float:
        """The days that are looked ahead."""
        return float(self.edges[-1])

    @property
    def has_prices(self) -> bool:
        """Whether anything is known of prices."""
        return bool(np.isfinite(self.price).any())

    def ended_by(self, days: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the chance that each customer has no contract before a day, shape (n, m).

        Between two edges the chance grows at the renewals that lie there, in equal parts, as that is where contracts
        end; where none does, evenly by the day.

        Args:
            days: from the cutoff, shape (m,) for all customers or (n, m); beyond the horizon is as at its end.
        """
        wanted = np.broadcast_to(np.asarray(days, np.float64), (len(self.price), np.shape(days)[-1]))
        total = np.zeros(wanted.shape)
        for k, (begin, end) in enumerate(zip(self.edges[:-1], self.edges[1:], strict=True)):
            day = np.clip(wanted, begin, end)
            due = (self._renewals(np.full((len(self.price), 1), edge)) for edge in (begin, end))
            before, until = due
            count = until - before
            by_day = (day - begin) / (end - begin)
            by_renewal = (self._renewals(day) - before) / np.where(count > 0, count, 1.0)
            step = self.chance[:, k + 1 : k + 2] - self.chance[:, k : k + 1]
            total += step * np.where(count > 0, by_renewal, by_day)
        return total

    def ended_at_renewal(self) -> np.ndarray:
        """Return the chance that each customer has no contract once the next renewal is past, shape (n,)."""
        return self.ended_by(self.renewal[:, None] + JUST_AFTER)[:, 0]

    def _renewals(self, day: np.ndarray) -> np.ndarray:
        """Return how many renewals each customer has before a day; none where the term is unknown."""
        count = np.ceil((day - self.renewal[:, None]) / self.term[:, None])
        return np.maximum(np.nan_to_num(count), 0.0)


def _days(column: str) -> int:
    """Return the days that the name of a chance tells.

    >>> _days("cancellation_within_30d")
    30
    """
    return int(column.removeprefix(WITHIN).removesuffix("d"))


def _column(known: pd.DataFrame, name: str) -> np.ndarray:
    if name not in known:
        return np.full(len(known), np.nan)
    return known[name].to_numpy(np.float64, na_value=np.nan)
