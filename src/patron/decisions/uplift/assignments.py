"""Assignments: which arm each customer is to get, by what learners promise, how sure that is, and what arms cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.uplift.lines import Line
from patron.errors import ScoreError, listed

__all__ = [
    "POLICIES",
    "RULE",
    "Money",
    "Rule",
    "Scores",
    "contrast_bounds",
    "contrast_errors",
    "promised_gains",
    "rule_arms",
    "settle",
]

RULE = "own rule"
Rule = str | Callable[[pd.DataFrame], Any]


@dataclass(frozen=True)
class Scores:
    """What learners promise of some rows, before it is calibrated.

    Args:
        mean: promised effect of each arm over control, that of control 0, shape (n, arms).
        parts: the same by the learners that left out a part of the customers each, shape (folds, n, arms).
    """

    mean: np.ndarray
    parts: np.ndarray

    def contrast(self, arm: int, base: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what one arm promises over another, and the variance of that by the jackknife over customers."""
        between = self.parts[:, :, arm] - self.parts[:, :, base]
        folds = len(between)
        return self.mean[:, arm] - self.mean[:, base], between.var(axis=0) * (folds - 1)


@dataclass(frozen=True)
class Money:
    """What outcomes are worth and arms cost, and how sure a move must be.

    Args:
        value: of one unit of the outcome.
        costs: of each arm, over the control.
        level: of intervals.
    """

    value: float
    costs: Sequence[float]
    level: float

    def gains(self, outcomes: np.ndarray) -> np.ndarray:
        """Return outcomes under each arm, shape (n, arms), as money over the control."""
        return self.value * (outcomes - outcomes[:, [0]]) - np.asarray(self.costs)


def contrast_bounds(
    scores: Scores, line: Line, arm: int, base: int, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the calibrated effect of one arm over another, and its interval, each of shape (n,)."""
    score, spread = scores.contrast(arm, base)
    effect = line.effects(score)
    half = NormalDist().inv_cdf((1 + level) / 2) * line.errors(score, spread)
    return effect, effect - half, effect + half


def contrast_errors(scores: Scores, line: Line, arm: int, base: int, level: float) -> np.ndarray:
    """Return half the interval of `contrast_bounds` by its independent causes, whose squares add up to its own.

    Customers share the causes: the level and the slope of the line, then how the learner of each fold differs.

    Returns:
        the widths, with the sign in which customers go wrong together, shape (n, 2 + folds).
    """
    score, _ = scores.contrast(arm, base)
    between = scores.parts[:, :, arm] - scores.parts[:, :, base]
    folds = len(between)
    apart = line.slope * ((folds - 1) / folds) ** 0.5 * (between - between.mean(axis=0))
    return NormalDist().inv_cdf((1 + level) / 2) * np.column_stack([line.causes(score), *apart])


def settle(scores: Scores, base: np.ndarray, lines: Mapping[tuple[int, int], Line], money: Money) -> np.ndarray:
    """Return the arm of each row: its base, but where another gains more even at the lower bound of its interval.

    Args:
        scores: what learners promise.
        base: number of the arm that each row gets otherwise, shape (n,).
        lines: the calibrated contrast of each pair of arms, the first over the second.
        money: what outcomes are worth and arms cost.
    """
    arm, best = base.copy(), np.zeros(len(base))
    for (first, second), line in lines.items():
        effect, low, high = contrast_bounds(scores, line, first, second, money.level)
        extra = money.costs[first] - money.costs[second]
        moves = ((second, first, effect, low, extra), (first, second, -effect, -high, -extra))
        for start, to, mean, least, cost in moves:
            gain, sure = money.value * mean - cost, money.value * least - cost > 0
            better = (base == start) & sure & (gain > best)
            arm[better], best[better] = to, gain[better]
    return arm


def promised_gains(scores: Scores, lines: Mapping[tuple[int, int], Line], money: Money) -> np.ndarray:
    """Return what each arm promises each customer over the control, its cost taken off, shape (n, arms)."""
    gains = np.zeros_like(scores.mean)
    for arm in range(1, gains.shape[1]):
        effect, _, _ = contrast_bounds(scores, lines[arm, 0], arm, 0, money.level)
        gains[:, arm] = money.value * effect - money.costs[arm]
    return gains


def _stay(scores: Scores, base: np.ndarray, lines: Mapping[tuple[int, int], Line], money: Money) -> np.ndarray:
    return base


def _most(scores: Scores, base: np.ndarray, lines: Mapping[tuple[int, int], Line], money: Money) -> np.ndarray:
    return np.asarray(promised_gains(scores, lines, money).argmax(axis=1))


POLICIES = {"base": _stay, "guarded": settle, "individual": _most}


def rule_arms(rule: Rule, frame: pd.DataFrame, arms: list[str]) -> np.ndarray:
    """Return the number of the arm that the user's own rule gives each row, shape (n,).

    Raises:
        ScoreError: the column is missing, or the rule gives an arm that was never tried, or too few.
    """
    if isinstance(rule, str) and rule not in frame.columns:
        raise ScoreError(f"The column {rule!r} of the rule is missing. There are: {listed(frame.columns)}.")
    given = frame[rule] if isinstance(rule, str) else rule(frame)
    texts = np.asarray(pd.Series(np.asarray(given)).astype(str), dtype=object)
    if len(texts) != len(frame):
        raise ScoreError(f"The rule gives {len(texts):,} arms for {len(frame):,} rows. Give one arm for each row.")
    strange = sorted(set(texts) - set(arms))
    if strange:
        raise ScoreError(
            f"The rule gives {strange[0]!r}, which is no arm of the trial. The arms are: {listed(arms)}. "
            "Give one of them for each row."
        )
    return np.array([arms.index(text) for text in texts], dtype=np.int64)
