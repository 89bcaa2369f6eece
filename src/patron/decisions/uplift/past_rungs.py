"""Past rungs: what ever finer strategies brought in a trial, from treating nobody to a choice by customer.

Every strategy is learned from other customers than those that it is judged on, by their doubly robust scores.
"""

import numpy as np
import pandas as pd

from patron.decisions.uplift.assignments import Money
from patron.decisions.uplift.cross_fitting import CrossFit
from patron.decisions.uplift.policies import mean_estimates

__all__ = ["past_rungs"]

THIRDS = [1 / 3, 2 / 3]


def past_rungs(fit: CrossFit, promised: np.ndarray, groups: np.ndarray, money: Money, repeats: int) -> pd.DataFrame:
    """Return what each strategy brought per contact over treating nobody, and more than the one before it.

    Everybody gets the one treatment that brought most. By segment: thirds of what is expected of a customer who is left
    alone. The cut: those of whom the least is expected if left alone, which are those at risk, as far as it paid.
    Individual: each what promises most.

    Args:
        fit: scores and expectations of unseen rows.
        promised: what each arm promises each unseen row over the control, shape (n, arms).
        groups: number of the customer of each row, shape (n,).
        money: what outcomes are worth and arms cost.
        repeats: draws of the bootstrap over customers.
    """
    gains, left_alone, place = money.gains(fit.scores), fit.expected[:, 0], np.arange(len(fit.fold))
    given = {name: np.zeros(len(place), dtype=np.int64) for name in ("nobody", "everybody", "by segment", "model cut")}
    for k in np.unique(fit.fold):
        held, others = fit.fold == k, fit.fold != k
        arm = 1 + int(gains[others, 1:].mean(axis=0).argmax())
        given["everybody"][held] = arm
        given["by segment"][held] = _by_segment(gains[others], left_alone[others], left_alone[held])
        edge = _edge(gains[others, arm], left_alone[others])
        given["model cut"][held] = np.where(left_alone[held] <= edge, arm, 0)
    given["individual"] = promised.argmax(axis=1)
    below, lines = np.zeros(len(place)), []
    for name, arms in given.items():
        brought = gains[place, arms]
        figures = mean_estimates("gain", brought, groups, money.level, repeats)
        more = mean_estimates("more", brought - below, groups, money.level, repeats)
        lines.append({"rung": name, "treated": float((arms > 0).mean()), **figures, **more})
        below = brought
    return pd.DataFrame(lines)


def _by_segment(gains: np.ndarray, known: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """The arm that brought most in the third of each row, nobody's where none did."""
    edges = np.quantile(known, THIRDS)
    third = np.searchsorted(edges, known)
    best = [int(gains[third == name].mean(axis=0).argmax()) if (third == name).any() else 0 for name in range(3)]
    return np.array(best)[np.searchsorted(edges, unseen)]


def _edge(gain: np.ndarray, left_alone: np.ndarray) -> float:
    """Up to which expectation treating those of whom the least is expected brought most; below all if it never paid."""
    values, place = np.unique(left_alone, return_inverse=True)
    reached = np.cumsum(np.bincount(place.ravel(), gain))
    return float(values[reached.argmax()]) if reached.max() > 0 else -np.inf
