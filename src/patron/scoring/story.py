"""One story: the answers of several models about a customer, led back to one chance of no purchase.

The model that was trained for just this chance leads: churn, or else the next purchase, or else the tier. The curve of
waiting is bent until it meets that chance, and the profit is that of nothing bought, with that chance, or else of what
is earned if something is bought. So no two answers over the same days can contradict each other.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from patron.models.serving import (
    Bundle,
    TargetSpec,
    chance_name,
    current_tiers,
    encode,
    hazard_curve,
    profit_spans,
    span_name,
    tier_chances,
    tier_names,
    tier_shares,
)
from patron.models.serving.waits import waits

__all__ = ["bent_curve", "joint_answers", "joint_profits", "joint_tiers", "leading_models"]

CERTAIN = 1e-9  # no chance is nearer to 0 or 1
LEAST = 1e-12
ROUNDS = 12

Columns = dict[str, np.ndarray]
Silence = dict[str, np.ndarray]  # the chance of no purchase within a span, such as 90d


def joint_answers(models: Mapping[str, Bundle], X: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the answers of each model, in their order, such that all tell one story of each customer.

    Where models answer over the same days, `churn_probability` is 1 - `purchase_within_<days>d`, and the lowest tier
    is at least as likely as no purchase. Over other days, and of questions other than churn, the next purchase and the
    tier, each model answers as if it were alone. The columns are those of `patron.scoring.model.score`, with
    `profit_if_active_low` and `profit_if_active_high` beside the tier.

    Args:
        models: asked about the same customers, by the question's name.
        X: features of n customers, those of all models.
    """
    answers, _ = _in_turn(models, X)
    return [answers[name] for name in models]


def joint_tiers(models: Mapping[str, Bundle], tier: Bundle, X: pd.DataFrame) -> np.ndarray:
    """Return the column `tier` of `joint_answers` alone, shape (n,), in less time; *tier* is one of the models."""
    if _kind(tier) != "tier":
        return tier.predict(X).tier.to_numpy()
    _, silence = _in_turn({name: model for name, model in models.items() if model is not tier}, X)
    shares, current = _shares(tier, X)
    tiers, _, _ = _outcomes(tier.spec["answer"], shares, current, silence.get(_horizon(tier)))
    return tier_names(tier.spec["answer"], tiers, current)["tier"]


def _in_turn(models: Mapping[str, Bundle], X: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], Silence]:
    """Ask those that lead first; return the answers, and the chances of no purchase that they follow from."""
    silence: Silence = {}
    order = sorted(models, key=lambda name: list(ANSWERS).index(_kind(models[name])))
    return {
        name: pd.DataFrame(ANSWERS[_kind(models[name])](models[name], X, silence), X.index) for name in order
    }, silence


def leading_models(models: Mapping[str, Bundle], tier: Bundle) -> dict[str, Bundle]:
    """Return the models that the answer of a tier model rests on, itself among them."""
    leader = [kind for kind in LEADERS if any(_kind(m) == kind and _says(m, tier) for m in models.values())][:1]
    kinds = {"churn", *leader} if leader else set()
    return {name: model for name, model in models.items() if model is tier or _kind(model) in kinds}


def bent_curve(curve: np.ndarray, edges: np.ndarray, days: float, none: np.ndarray) -> np.ndarray:
    """Return a curve of waiting whose hazards are multiplied until it meets a chance of no purchase.

    The logarithm of the factor grows with time: what is known of all the days says little about the first of them,
    for which the curve was fitted, and most about the last. All hazards stay above zero, so the curve rises.

    Args:
        curve: chance to have bought by each edge, shape (n, edges).
        edges: of the horizon, in days.
        days: at which it must meet the chance.
        none: chance of no purchase within these days, shape (n,).

    >>> curve, edges = np.array([[0.0, 0.5, 0.75]]), np.array([0.0, 30.0, 60.0])
    >>> bent_curve(curve, edges, 60.0, np.array([0.25])).round(6).tolist()
    [[0.0, 0.5, 0.75]]
    >>> bent_curve(curve, edges, 60.0, np.array([0.125])).round(2).tolist()
    [[0.0, 0.57, 0.88]]
    """
    reached = -np.log(np.maximum(1.0 - curve, LEAST))
    steps = np.log(np.maximum(np.diff(reached, axis=1), LEAST * np.diff(edges) / edges[-1]))
    before = np.clip((days - edges[:-1]) / np.diff(edges), 0.0, 1.0)  # how much of a step lies before the day
    late = np.minimum((edges[1:] + edges[:-1]) / (2.0 * days), 1.0)
    target = np.log(-np.log(none))
    hazards = np.exp(_tilted(steps, before, late, target))
    return np.column_stack([np.zeros(len(curve)), 1.0 - np.maximum(np.exp(-np.cumsum(hazards, axis=1)), LEAST)])


def _tilted(steps: np.ndarray, before: np.ndarray, late: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return logarithms of hazards + tilt * late that add up to a target, the tilt found by Newton's method.

    What the last round leaves over is added to all alike, so that the target is met whatever the hazards.
    """
    excess = _log_sum(steps, before)[0] - target
    least, most = late[before > 0].min(), late[before > 0].max()
    tilt = np.where(excess < 0, -excess / least, -excess / most)  # from above, where each round comes nearer
    for _ in range(ROUNDS):
        total, mean = _log_sum(steps + tilt[:, None] * late, before, late)
        tilt = tilt - (total - target) / mean
    tilted = steps + tilt[:, None] * late
    return np.asarray(tilted + (target - _log_sum(tilted, before)[0])[:, None])


def _log_sum(logs: np.ndarray, weights: np.ndarray, values: np.ndarray | float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithm of the weighted sum of what *logs* are logarithms of, and the mean of *values* by it."""
    top = logs.max(axis=1)
    parts = np.exp(logs - top[:, None]) * weights
    total = parts.sum(axis=1)
    return top + np.log(total), (parts * values).sum(axis=1) / total


def joint_profits(answer: TargetSpec, shares: np.ndarray, current: np.ndarray, none: np.ndarray | None) -> Columns:
    """Return what is told of the profit, by column: a mixture of nothing bought and of what is earned otherwise.

    Args:
        answer: what the model remembers of its tiers.
        shares: chance of each tier by the model alone, worst first, shape (n, tiers).
        current: place of the present tier, shape (n,).
        none: chance of no purchase, shape (n,); None where the model's own lowest tier tells it.
    """
    tiers, outcomes, bought = _outcomes(answer, shares, current, none)
    money = _money(answer, outcomes, bought, current)
    return tier_names(answer, tiers, current) | money | tier_chances(answer, tiers)


def _outcomes(
    answer: TargetSpec, shares: np.ndarray, current: np.ndarray, none: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the chances of the tiers, of nothing bought and what buyers end at, and of the latter among buyers."""
    lost = shares[:, 0]
    at_loss = np.minimum(np.asarray(answer.get("loss_if_bought", np.zeros(shares.shape[1])))[current], lost)
    if none is None:
        none = (lost - at_loss) / np.maximum(1.0 - at_loss, LEAST)
    gains = np.maximum(shares[:, 1:], LEAST)
    gains = gains / gains.sum(axis=1, keepdims=True)
    bought = np.column_stack([at_loss, (1.0 - at_loss)[:, None] * gains])
    outcomes = np.column_stack([none, (1.0 - none)[:, None] * bought])
    return np.column_stack([outcomes[:, 0] + outcomes[:, 1], outcomes[:, 2:]]), outcomes, bought


def _money(answer: TargetSpec, outcomes: np.ndarray, bought: np.ndarray, current: np.ndarray) -> Columns:
    """Return mean and interval of the profit, and of that of who buys; outcomes begin with nothing bought."""
    mean = np.asarray(_parted(answer["profit_from"], answer.get("loss_profit_from")))[current]
    spreads = _parted(answer["spread_from"], answer.get("loss_spread_from"))
    if_active = (bought * mean[:, 1:]).sum(axis=1)
    expected = outcomes[:, 0] * mean[:, 0] + (1.0 - outcomes[:, 0]) * if_active
    low, high = _spans_with_mean(outcomes, current, spreads, expected)
    low_active, high_active = _spans_with_mean(bought, current, [cells[1:] for cells in spreads], if_active)
    return {
        "expected_profit": expected,
        "profit_if_active": if_active,
        "profit_low": low,
        "profit_high": high,
        "profit_if_active_low": low_active,
        "profit_if_active_high": high_active,
    }


def _parted(tiers: list[list[Any]], losses: list[list[Any]] | None) -> list[list[Any]]:
    """Put nothing bought and bought at a loss in the place of the lowest tier, for each present tier."""
    return [[*parts, *cells[1:]] for parts, cells in zip(losses or [[c[0], c[0]] for c in tiers], tiers, strict=True)]


def _spans_with_mean(
    shares: np.ndarray, current: np.ndarray, spreads: list[list[list[float]]], mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the 80 % interval, moved out to the mean where rare large profits hold that beyond them."""
    low, high = profit_spans(shares, current, spreads)
    return np.minimum(low, mean), np.maximum(high, mean)


def _churn(model: Bundle, X: pd.DataFrame, silence: Silence) -> Columns:
    columns = {name: values.to_numpy() for name, values in model.predict(X).items()}
    (name,) = columns
    silence[_horizon(model)] = np.clip(columns[name], CERTAIN, 1.0 - CERTAIN)
    return {name: silence[_horizon(model)]}


def _next_purchase(model: Bundle, X: pd.DataFrame, silence: Silence) -> Columns:
    answer = model.spec["answer"]
    curve, edges = hazard_curve(model, encode(X, model.spec["features"])), np.asarray(answer["edges"], np.float64)
    spans = {span: days for days, span in _spans(model).items()}
    for span in (span for span in spans if span in silence):
        curve = bent_curve(curve, edges, float(spans[span]), silence[span])
    columns = waits(answer, curve)
    for span, days in spans.items():
        silence.setdefault(span, np.clip(1.0 - columns[chance_name(answer, days)], CERTAIN, 1.0 - CERTAIN))
    return columns


def _tier(model: Bundle, X: pd.DataFrame, silence: Silence) -> Columns:
    return joint_profits(model.spec["answer"], *_shares(model, X), silence.get(_horizon(model)))


def _shares(model: Bundle, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the chances of the tiers by the model alone, and the places of the present ones."""
    encoded = encode(X, model.spec["features"])
    return tier_shares(model, encoded), current_tiers(model, encoded)


def _alone(model: Bundle, X: pd.DataFrame, silence: Silence) -> Columns:
    return {name: values.to_numpy() for name, values in model.predict(X).items()}


ANSWERS = {"churn": _churn, "next_purchase": _next_purchase, "tier": _tier, "": _alone}  # each leads those after it
LEADERS = ("churn", "next_purchase")


def _kind(model: Bundle) -> str:
    kind = model.spec["answer"]["kind"]
    return kind if kind in ANSWERS else ""


def _horizon(model: Bundle) -> str:
    return span_name(model.spec["answer"])


def _spans(model: Bundle) -> dict[int, str]:
    """Return the spans within which a model tells the chance of a purchase, by their days."""
    answer = model.spec["answer"]
    within = answer.get("within", [answer["horizon"]])
    return {days: _horizon(model) if days == answer["horizon"] else f"{days}d" for days in within}


def _says(model: Bundle, tier: Bundle) -> bool:
    """Return whether a model tells the chance of no purchase over the horizon of a tier model."""
    return _horizon(tier) in _spans(model).values()
