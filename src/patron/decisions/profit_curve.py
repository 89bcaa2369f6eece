"""Profit curve: what is gained with ever more customers treated, where that is most, and where the plan stands."""

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
    figures = gains.columns(rows, offers)
    order = np.argsort(-figures["expected_gain"], kind="stable")
    sums = {
        name: np.append(0.0, np.cumsum(figures[name][order])) for name in ("expected_gain", "gain_low", "gain_high")
    }
    best = int(sums["expected_gain"].argmax())
    steps = {*np.linspace(0, len(rows), STEPS + 1).round().astype(int).tolist(), best}
    points = [_point(n, {name: column[n] for name, column in sums.items()}, "best" if n == best else "") for n in steps]
    chosen = np.flatnonzero(picked >= 0)
    planned = {name: column.sum() for name, column in gains.columns(chosen, picked[chosen]).items() if name in sums}
    return sorted(
        [*points, _point(len(chosen), planned, "plan")], key=lambda point: (point["customers"], point["point"])
    )


def _point(customers: int, figures: dict[str, float], point: str) -> CurvePoint:
    gain, low, high = (float(figures[name]) for name in ("expected_gain", "gain_low", "gain_high"))
    return {"customers": customers, "expected_gain": gain, "gain_low": low, "gain_high": high, "point": point}
