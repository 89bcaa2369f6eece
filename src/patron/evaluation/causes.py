"""Causes of an end, judged: how often each was expected and came, and whether it is known for whom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.models.causes import OTHER, cause_column

__all__ = ["CauseCard", "judge_causes"]

LEAST = 1e-9


@dataclass(frozen=True)
class CauseCard:
    """How good the chances by cause are.

    Args:
        table: of each cause the ends `expected` (the sum of its chances) and those that `came`.
        log_loss: of the cause of whoever left, mean of minus the logarithm of its share in the chance.
        constant: the same if everybody had the shares of all of them together.
    """

    table: pd.DataFrame
    log_loss: float
    constant: float


def judge_causes(answers: pd.DataFrame, causes: Sequence[str | None], left: np.ndarray, kind: str) -> CauseCard:
    """Judge the chances by cause beside what customers left for.

    Args:
        answers: of n customers, with `<kind>_by_<cause>` for each cause.
        causes: for what each left, None where nobody said or nobody left.
        left: who left within the horizon, shape (n,).
        kind: the beginning of the columns, for example "cancellation".

    >>> answers = pd.DataFrame({"cancellation_by_moved": [0.3, 0.1], "cancellation_by_price": [0.1, 0.3]})
    >>> card = judge_causes(answers, ["moved", None], np.array([True, False]), "cancellation")
    >>> card.table.values.tolist(), round(card.log_loss, 3)
    ([['moved', 0.4, 1], ['price', 0.4, 0]], 0.288)
    """
    prefix = f"{kind}_by_"
    columns = [column for column in answers if column.startswith(prefix)]
    names = [column.removeprefix(prefix) for column in columns]
    chances = answers[columns].to_numpy(np.float64)
    came = [_place(cause, names) for cause, gone in zip(causes, left, strict=True) if gone]
    counts = np.bincount([place for place in came if place is not None], minlength=len(names))
    table = pd.DataFrame({"cause": names, "expected": chances.sum(axis=0), "came": counts})
    rows = np.flatnonzero(left)[[place is not None for place in came]]
    places = np.array([place for place in came if place is not None], dtype=int)
    if not len(rows):
        return CauseCard(table, float("nan"), float("nan"))
    shares = chances[rows] / np.maximum(chances[rows].sum(axis=1, keepdims=True), LEAST)
    same = shares.mean(axis=0)
    losses = (-np.log(np.maximum(p, LEAST)).mean() for p in (shares[np.arange(len(rows)), places], same[places]))
    return CauseCard(table, *map(float, losses))


def _place(cause: str | None, names: Sequence[str]) -> int | None:
    """Return the place of a cause among those that are told, that of others where it is none of them."""
    name = cause_column(cause)
    if name not in names:
        name = OTHER
    return names.index(name) if name in names else None
