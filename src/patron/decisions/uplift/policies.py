"""Policies: who is to get which arm, and what that brings by the outcomes of customers whom the models had not seen.

A model may move customers away from the best single arm, or from the user's own rule, only where the lower bound of
what they gain by it is above zero; or all at once, where the lower bound of what all of them together gained is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.decisions.uplift.assignments import RULE, Money, Scores, promised_gains, settle
from patron.decisions.uplift.lines import Line
from patron.metrics import by_draw, estimate
from patron.metrics.columns import mean, rows

__all__ = [
    "GUARDED",
    "INDIVIDUAL",
    "Policies",
    "Unseen",
    "compare_policies",
    "mean_estimates",
    "promised_unseen",
]

GUARDED = ", moved where surely better"
INDIVIDUAL = "each what promises most"


@dataclass(frozen=True)
class Unseen:
    """Customers of one fold, by learners and lines of the other folds.

    Args:
        rows: their places.
        scores: what the learners promise.
        lines: the calibrated contrast of each pair of arms.
    """

    rows: np.ndarray
    scores: Scores
    lines: Mapping[tuple[int, int], Line]


@dataclass(frozen=True)
class Policies:
    """Policies beside each other, and the one to use.

    Args:
        table: for each what it promised and brought per customer over the control, what it brought over the best single
            arm, with intervals, and how many customers it treats.
        base: what the policy to use starts from: an arm, or "own rule".
        kind: "base" where it stays there, "guarded" where it moves customers who surely gain, "individual" where each
            customer gets what promises most.
    """

    table: pd.DataFrame
    base: str
    kind: str

    def without_effects(self, control: str) -> "Policies":
        """Return the user's own rule, or else nobody, as no outcome of a trial may speak for a policy.

        Args:
            control: the arm of nobody.
        """
        own = self.table.policy == RULE
        return Policies(self.table.assign(chosen=own), RULE if own.any() else control, "base")


def compare_policies(
    arms: Sequence[str],
    scores: np.ndarray,
    unseen: Sequence[Unseen],
    groups: np.ndarray,
    money: Money,
    rule: np.ndarray | None,
    repeats: int,
) -> Policies:
    """Compare policies on unseen customers, and choose the one that brought most.

    Args:
        arms: their names, the control first.
        scores: doubly robust outcome under each arm, shape (n, arms).
        unseen: every customer, by what was learned from others.
        groups: number of the customer of each row, shape (n,).
        money: what outcomes are worth and arms cost, and how sure a move must be.
        rule: number of the arm by the user's own rule, shape (n,), or None.
        repeats: draws of the bootstrap.
    """
    gains, promised = money.gains(scores), promised_unseen(unseen, money, scores.shape)
    single = int(gains.mean(axis=0).argmax())
    starts = {arms[single]: np.full(len(scores), single)} | ({} if rule is None else {RULE: rule})
    moved = {name + GUARDED: _settled(unseen, base, money) for name, base in starts.items()}
    given = {**starts, **moved, INDIVIDUAL: promised.argmax(axis=1)}
    place = np.arange(len(scores))
    lines = [
        {"policy": name, "treated": float((arm > 0).mean()), "promised": float(promised[place, arm].mean())}
        | mean_estimates("gain", gains[place, arm], groups, money.level, repeats)
        | mean_estimates("over_single", gains[place, arm] - gains[:, single], groups, money.level, repeats)
        for name, arm in given.items()
    ]
    allowed = len(lines) if lines[-1]["over_single_low"] > 0 else len(lines) - 1
    best = max(range(allowed), key=lambda number: lines[number]["gain"])
    table = pd.DataFrame(lines).assign(chosen=np.arange(len(lines)) == best)
    chosen = str(lines[best]["policy"])
    if chosen == INDIVIDUAL:
        return Policies(table, arms[single], "individual")
    return Policies(table, chosen.removesuffix(GUARDED), "guarded" if chosen.endswith(GUARDED) else "base")


def promised_unseen(unseen: Sequence[Unseen], money: Money, shape: tuple[int, ...]) -> np.ndarray:
    """Return what each arm promises each customer over the control, shape (n, arms)."""
    promised = np.zeros(shape)
    for part in unseen:
        promised[part.rows] = promised_gains(part.scores, part.lines, money)
    return promised


def _settled(unseen: Sequence[Unseen], base: np.ndarray, money: Money) -> np.ndarray:
    arm = base.copy()
    for part in unseen:
        arm[part.rows] = settle(part.scores, base[part.rows], part.lines, money)
    return arm


def mean_estimates(name: str, values: np.ndarray, groups: np.ndarray, level: float, repeats: int) -> dict[str, float]:
    """Return the mean of values of rows with its interval over customers, by names that begin alike."""
    figure = estimate(_average, groups, values, repeats=repeats, level=level)
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}


@by_draw
def _average(values: np.ndarray, *, weight: np.ndarray | None = None) -> float:
    weights, column = rows(weight, values=values)
    return float(result) if np.ndim(result := mean(column, weights)) == 0 else result
