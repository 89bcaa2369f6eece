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
    rows = np.flatnonzero(allowed.any(axis=1))
    if not len(rows):
        return []
    offers = np.where(allowed[rows], gains.gain[rows], -np.inf).argmax(axis=1)
    order = np.argsort(-gains.gain[rows, offers], kind="stable")
    total = np.append(0.0, np.cumsum(gains.gain[rows, offers][order]))
    best, chosen = int(total.argmax()), np.flatnonzero(picked >= 0)
    steps = sorted({*np.linspace(0, len(rows), STEPS + 1).round().astype(int).tolist(), best})
    points = _points(gains, rows[order], offers[order], {n: "best" if n == best else "" for n in steps})
    planned = _points(gains, chosen, picked[chosen], {len(chosen): "plan"})
    return sorted([*points, *planned], key=lambda point: (point["customers"], point["point"]))


def _points(gains: Gains, rows: np.ndarray, offers: np.ndarray, steps: Mapping[int, str]) -> list[CurvePoint]:
    """What is gained with so many of the first customers treated, with the name of each point."""
    total = np.append(0.0, np.cumsum(gains.gain[rows, offers]))
    _, below, above = (np.hypot.reduce(part, axis=1) for part in gains.together(rows, offers, list(steps)))
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
