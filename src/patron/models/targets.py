"""Targets: how the label of each question becomes something to fit, and what a model must remember to answer it.

Churn is yes or no. The next purchase is a hazard in steps of the horizon (a row for each step that a customer
entered without having bought), so that customers who have not bought yet count for as long as they were seen.
The tier is a class, with thresholds in money.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import QuestionError, listed
from patron.models.serving import tier_codes
from patron.questions.kinds import Churn, NextPurchase, Tier
from patron.questions.question import Question

__all__ = ["Event", "Examples", "answer_for", "event_of", "examples", "outputs"]

SPREAD = np.linspace(0.005, 0.995, 100)
KNOWN = 50.0  # rows of a present tier that weigh as much as those of all
DAYS = ("days_low", "days_median", "days_high", "days_if_back", "days_expected")
STEPS = (1 / 12, 1 / 6, 1 / 3, 2 / 3, 1.0)


@dataclass(frozen=True)
class Examples:
    """What is fitted: for each example the row it came from, its step (or None), and its class.

    Args:
        row: index into the matrix, shape (m,).
        step: step of the horizon, shape (m,), or None where the question has no steps.
        y: class from 0, shape (m,).
        classes: number of classes.
        steps: number of steps, 1 where the question has none.
    """

    row: np.ndarray
    step: np.ndarray | None
    y: np.ndarray
    classes: int
    steps: int = 1


@dataclass(frozen=True)
class Event:
    """The yes-or-no event that rates and curves are about, and the columns whose sum is the chance given to it.

    Args:
        name: what happened, in words.
        happened: 1 where it did, shape (n,).
        columns: of the answers.
    """

    name: str
    happened: np.ndarray
    columns: tuple[str, ...]

    def chance(self, answered: pd.DataFrame) -> np.ndarray:
        """Return the chance that the answers give to the event, shape (n,)."""
        return np.clip(answered[list(self.columns)].sum(axis=1).to_numpy(), 0.0, 1.0)


def event_of(answer: Mapping[str, Any], label: np.ndarray) -> Event:
    """Return the event of a question: churn, a purchase within the first days asked, a tier above the rest."""
    if answer["kind"] == "churn":
        return Event("churn", label, ("churn_probability",))
    if answer["kind"] == "next_purchase":
        days = answer["within"][0]
        return Event(f"bought within {days} days", (label < days).astype(float), (f"purchase_within_{days}d",))
    top = tuple(answer["tiers"][2:])
    columns = tuple(f"probability_{name}" for name in top)
    return Event(" or ".join(reversed(top)), (label >= answer["lows"][1]).astype(float), columns)


@singledispatch
def answer_for(question: Question, label: np.ndarray, seen: pd.DataFrame) -> dict[str, Any]:
    """Return what a model of this question must remember, found from training rows only.

    Args:
        question: what is asked.
        label: of the training rows, shape (n,).
        seen: their features, in the same order.

    Raises:
        QuestionError: the labels leave nothing to learn.
    """
    raise QuestionError(f"Nobody knows how to answer {question.name!r}. Ask churn, next_purchase or tier.")


@answer_for.register
def _(question: Churn, label: np.ndarray, seen: pd.DataFrame) -> dict[str, Any]:
    return {"kind": "churn", "horizon": question.horizon.days}


@answer_for.register
def _(question: NextPurchase, label: np.ndarray, seen: pd.DataFrame) -> dict[str, Any]:
    horizon = question.horizon.days or 1
    edges = {0, horizon, *question.within, *(max(1, round(horizon * share)) for share in STEPS)}
    within = sorted({*question.within, horizon})
    return {"kind": "next_purchase", "horizon": horizon, "edges": sorted(edges), "within": within}


@answer_for.register
def _(question: Tier, label: np.ndarray, seen: pd.DataFrame) -> dict[str, Any]:
    thresholds = question.thresholds or _thresholds(question, label)
    lows = [0.0, *reversed(thresholds)]
    _check_several(question, lows, label)
    present = tier_codes(lows, seen[f"profit_{question.horizon}"].to_numpy(dtype=np.float64, na_value=np.nan))
    profit, spread = _by_present(lows, label, present)
    return {
        "kind": "tier",
        "horizon": question.horizon.days,
        "tiers": list(question.names),
        "lows": lows,
        "profit_from": profit,
        "spread_from": spread,
        "cuts": [k + 0.5 for k in range(len(lows))],
    }


def examples(answer: dict[str, Any], label: np.ndarray) -> Examples:
    """Return what is fitted for the given labels."""
    rows = np.arange(len(label))
    if answer["kind"] == "churn":
        return Examples(rows, None, label.astype(np.int64), 2)
    if answer["kind"] == "tier":
        return Examples(rows, None, tier_codes(answer["lows"], label), len(answer["tiers"]))
    edges = answer["edges"]
    steps = len(edges) - 1
    bought = np.where(np.isnan(label), steps, np.searchsorted(edges, np.nan_to_num(label), side="right") - 1)
    entered = np.minimum(bought, steps - 1) + 1
    row = np.repeat(rows, entered)
    step = np.concatenate([np.arange(n) for n in entered]) if len(rows) else rows
    return Examples(row, step, (step == bought[row]).astype(np.int64), 2, steps)


def outputs(answer: dict[str, Any]) -> list[dict[str, str]]:
    """Return the columns that a model answers with, by name and type."""
    if answer["kind"] == "churn":
        return [{"name": "churn_probability", "dtype": "float64"}]
    if answer["kind"] == "next_purchase":
        names = [f"purchase_within_{d}d" for d in answer["within"]] + [*DAYS]
        return [{"name": name, "dtype": "float64"} for name in names]
    numbers = ["expected_profit", "profit_if_active", "profit_low", "profit_high"]
    numbers += [f"probability_{name}" for name in answer["tiers"]]
    texts = ({"name": name, "dtype": "string"} for name in ("tier", "present_tier"))
    return [*texts, *({"name": name, "dtype": "float64"} for name in numbers)]


def _by_present(lows: list[float], label: np.ndarray, present: np.ndarray) -> tuple[list[Any], list[Any]]:
    """Return the mean and the quantiles of the profits that end in each tier, by the tier they come from.

    Few rows lean on those of all present tiers.
    """
    codes, places = tier_codes(lows, label), range(len(lows) + 1)
    floor = [0.0, *lows]
    everybody = [label[codes == k] if (codes == k).any() else np.array([floor[k]]) for k in places]
    cells = [[(label[(codes == k) & (present == p)], everybody[k]) for k in places] for p in places]
    return [[_leaning_mean(*cell) for cell in row] for row in cells], [
        [_leaning(*cell) for cell in row] for row in cells
    ]


def _leaning_mean(own: np.ndarray, every: np.ndarray) -> float:
    return float((own.sum() + KNOWN * every.mean()) / (len(own) + KNOWN))


def _leaning(own: np.ndarray, every: np.ndarray) -> list[float]:
    """Return the quantiles of a mixture of both, in which *every* weighs as much as some rows."""
    weight = len(own) / (len(own) + KNOWN)
    values = np.concatenate([np.quantile(own, SPREAD) if len(own) else np.zeros(0), np.quantile(every, SPREAD)])
    weights = np.concatenate([np.full(len(values) - len(SPREAD), weight), np.full(len(SPREAD), 1.0 - weight)])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return values[order][np.searchsorted(reached, SPREAD)].tolist()


def _thresholds(question: Tier, label: np.ndarray) -> tuple[float, ...]:
    """Lowest profit of each tier, so that the tiers hold their shares of the profitable training rows."""
    gains = label[label > 0]
    if len(gains) == 0:
        raise QuestionError(
            "No training row has a profit above zero, so tiers of profit cannot be told apart. "
            "Check the cost model (margin rate, cost per order), or ask for churn and the next purchase only."
        )
    shares = np.cumsum(list(question.tiers.values()))
    found = tuple(float(t) for t in np.quantile(gains, 1.0 - shares))
    _check_apart(question, gains, found)
    return found


def _check_several(question: Tier, lows: list[float], label: np.ndarray) -> None:
    """Refuse thresholds that put everybody into one tier."""
    found = np.unique(tier_codes(lows, label))
    if len(found) == 1:
        raise QuestionError(
            f"All {len(label):,} training rows end in the tier {question.names[found[0]]!r}: their profits over "
            f"{question.horizon}, {label.min():,.2f} to {label.max():,.2f}, lie between the same two of the thresholds "
            f"{listed(f'{low:,.2f}' for low in lows)}. Check the cost model (margin rate, cost per order) and the "
            "thresholds, or ask for churn and the next purchase only."
        )


def _check_apart(question: Tier, gains: np.ndarray, found: tuple[float, ...]) -> None:
    """Refuse thresholds that leave a tier empty, as fixed prices make them."""
    counts = np.bincount(tier_codes([0.0, *reversed(found)], gains), minlength=len(found) + 2)[1:]
    if counts.all():
        return
    values, times = np.unique(gains, return_counts=True)
    empty = question.names[1 + int(np.argmin(counts))]
    raise QuestionError(
        f"The tier {empty!r} would be empty: {times.max():,} of {len(gains):,} profitable training rows have the same "
        f"profit, {values[times.argmax()]:,.2f}, so shares of customers give the thresholds "
        f"{', '.join(f'{t:,.2f}' for t in found)}. Give thresholds in money, falling, one for each of "
        f"{', '.join(question.tiers)}: [questions.tier] thresholds = [...], or Tier(..., thresholds=(...))."
    )
