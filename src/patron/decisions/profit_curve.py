"""Profit curve: what is gained with ever more customers treated, where that is most, and where the plan stands."""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from patron.decisions.gains import Gains

__all__ = ["CurvePoint", "profit_curve"]

STEPS = 20


class CurvePoint(TypedDict):
    """What is gained with so many customers treated, each with the best offer for them, the best customers first."""

    customers: int
    expected_gain: float
    gain_low: float
    gain_high: float
    point: str


def profit_curve(gains: Gains, allowed: np.ndarray, picked: np.ndarray) -> list[CurvePoint]:
    """Return points of the curve in even steps, the `best` one, and that of the `plan` within its limits.

    Args:
        gains: what each offer is expected to earn with each customer.
        allowed: whether a customer may get an offer.
        picked: the offer of each customer in the plan, or -1.
    """
    count = int(allowed.any(axis=1).sum())
    if not count:
        return []
    offers, rows = _best_first(gains, allowed)
    rows, offers = rows[:count], offers[rows[:count]]
    total, chosen = _totals(gains, rows, offers), np.flatnonzero(picked >= 0)
    best = int(total.argmax())
    steps = sorted({*np.linspace(0, count, STEPS + 1).round().astype(int).tolist(), best})
    points = _points(gains, (rows, offers), total, {n: "best" if n == best else "" for n in steps})
    plan = chosen, picked[chosen]
    planned = _points(gains, plan, _totals(gains, *plan), {len(chosen): "plan"})
    return sorted([*points, *planned], key=lambda point: (point["customers"], point["point"]))


def _best_first(gains: Gains, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best offer that each customer may get, and the order of the customers by it; who may get none is last."""
    gain = np.where(allowed, gains.gain, -np.inf)
    return gain.argmax(axis=1).astype(np.int16), np.argsort(-gain.max(axis=1), kind="stable")


def _totals(gains: Gains, rows: np.ndarray, offers: np.ndarray) -> np.ndarray:
    """What none, one, two, ... of the customers gain."""
    return np.append(0.0, np.cumsum(gains.gain_of(rows, offers)))


def _points(
    gains: Gains, given: tuple[np.ndarray, np.ndarray], total: np.ndarray, steps: Mapping[int, str]
) -> list[CurvePoint]:
    """What is gained with so many of the first customers treated, with the name of each point."""
    _, below, above = (np.hypot.reduce(part, axis=1) for part in gains.together(*given, list(steps)))
    return [
        {
            "customers": n,
            "expected_gain": float(total[n]),
            "gain_low": float(total[n] - low),
            "gain_high": float(total[n] + high),
            "point": point,
        }
        for (n, point), low, high in zip(steps.items(), below, above, strict=True)
    ]
