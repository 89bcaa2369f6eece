"""Waits: hazards by step of the horizon as chances within some days, and as days until it happens."""

import numpy as np

from patron.models.serving.specs import TargetSpec
from patron.models.serving.sums import weighted_sums

LONGEST = 10.0
LEAST_LEFT = 1e-12  # nobody is surer to have bought
EARLY, MIDDLE, LATE = 0.1, 0.5, 0.9


def waits(answer: TargetSpec, curve: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is told of the next purchase, by column, each of shape (n,).

    Args:
        answer: the edges of the horizon in days, and the days within which a chance is asked.
        curve: chance to have bought by each edge, shape (n, edges).
    """
    edges = np.asarray(answer["edges"], dtype=np.float64)
    columns = {chance_name(answer, d): _within(curve, edges, float(d)) for d in answer["within"]}
    for name, share in (("days_low", EARLY), ("days_median", MIDDLE), ("days_high", LATE)):
        columns[name] = _quantile(curve, edges, np.full(len(curve), share))
    return columns | {
        "days_if_back": _quantile(curve, edges, curve[:, -1] * MIDDLE),
        "days_expected": _expected(curve, edges),
    }


def chance_name(answer: TargetSpec, days: int) -> str:
    """Return the column with the chance of a purchase within some days, which may be the horizon."""
    return f"purchase_within_{span_name(answer) if days == answer['horizon'] else f'{days}d'}"


def span_name(answer: TargetSpec) -> str:
    """Return the horizon as columns name it: 90d, or 3mo for months of the calendar."""
    return answer.get("span", f"{answer['horizon']}d")


def event_chances(answer: TargetSpec, curve: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is told of an event that is no purchase, by column, each of shape (n,).

    Args:
        answer: the name of the event, the edges of the horizon in days, and the days within which a chance is asked.
        curve: chance that it happened by each edge, shape (n, edges).
    """
    edges, event = np.asarray(answer["edges"], dtype=np.float64), answer["event"]
    columns = {f"{event}_probability": curve[:, -1]}
    columns |= {f"{event}_within_{d}d": _within(curve, edges, float(d)) for d in answer["within"]}
    return columns | {f"{event}_days_expected": _expected(curve, edges)}


def purchase_curve(hazards: np.ndarray) -> np.ndarray:
    """Return the chance to have bought by each edge of the horizon, shape (n, steps + 1), rising from 0."""
    left = np.maximum(np.cumprod(1.0 - hazards, axis=1), LEAST_LEFT)
    return np.column_stack([np.zeros(len(hazards)), 1.0 - left])


def _within(curve: np.ndarray, edges: np.ndarray, days: float) -> np.ndarray:
    """Interpolate the curve at some days, with a constant hazard between edges."""
    i = min(int(np.searchsorted(edges, days, side="left")), len(edges) - 1)
    share = (days - edges[i - 1]) / (edges[i] - edges[i - 1])
    early, late = 1.0 - curve[:, i - 1], 1.0 - curve[:, i]
    return 1.0 - early * (late / early) ** share


def _quantile(curve: np.ndarray, edges: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the days by which a share has bought, of shape (n,); past the horizon the last hazard goes on."""
    beyond = (curve < shares[:, None]).sum(axis=1)
    i = np.clip(beyond, 1, len(edges) - 1)
    rows = np.arange(len(curve))
    early, late = 1.0 - curve[rows, i - 1], 1.0 - curve[rows, i]
    rate = np.maximum(np.log(early / late) / (edges[i] - edges[i - 1]), 1e-12)
    days = edges[i - 1] + np.log(early / (1.0 - shares)) / rate
    return np.minimum(days, LONGEST * edges[-1])


def _expected(curve: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the mean days of waiting, none counted beyond the horizon: the area under survival (Irwin 1949)."""
    early, late = 1.0 - curve[:, :-1], 1.0 - curve[:, 1:]
    fallen = np.maximum(np.log(early / late), 1e-9)
    return weighted_sums(-early * np.expm1(-fallen) / fallen, np.diff(edges))
