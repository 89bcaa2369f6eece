"""Calibration: making a probability of .3 come true three times in ten, on cutoffs that the model has not seen.

Two faults are told apart. How far log-odds are spread (the slope) is learned from rolling predictions, each
cutoff at its own level. The level itself moves with the season and the trade; that of the last cutoff is not
carried over, since in development it made the next one worse as often as better.
"""

import numpy as np
from scipy.optimize import minimize_scalar

from patron.models.serving import Calibration, sigmoid, softmax

__all__ = ["calibrate", "level", "levelled", "log_losses"]

TRUST = 20.0
LEAST = 50
TURNS = 12
FURTHEST = 3.0
FARTHEST = 40.0
ROUNDING = 1e-13  # a smaller step is none


def calibrate(log_odds: np.ndarray, y: np.ndarray, cutoffs: np.ndarray) -> Calibration | None:
    """Find the slope of the log-odds that fits what happened, or None where it would not help later on.

    The slope of Platt (1999) and, for classes, the temperature of Guo et al. (2017), leaning towards no change, with
    a free level at each cutoff; the mean prediction stays what it was. Kept only if the slope found without a cutoff
    lowers the log loss at that cutoff, at each of them: one cutoff alone tells nothing about the next.

    Args:
        margins: log-odds, shape (n, 1), or (n, classes).
        y: class of each example, shape (n,).
        cutoffs: cutoff of each example, shape (n,).
    """
    several = np.unique(cutoffs)
    if len(y) < LEAST or len(np.unique(y)) < 2 or len(several) < 2:
        return None
    for cutoff in several:
        here = cutoffs == cutoff
        slope = _slope(log_odds[~here], y[~here], cutoffs[~here])
        if _lost(slope, log_odds[here], y[here], cutoffs[here]) >= _lost(1.0, log_odds[here], y[here], cutoffs[here]):
            return None
    slope = _slope(log_odds, y, cutoffs)
    return {"slope": slope, "intercept": _meeting(slope * log_odds, _chances(log_odds).sum(axis=0)).tolist()}


def level(log_odds: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the shift of the log-odds by which the mean prediction meets the rate, shape (1,) or (classes,)."""
    if log_odds.shape[1] == 1:
        return _meeting(log_odds, np.array([y.sum()]))
    return _meeting(log_odds, np.bincount(y, minlength=log_odds.shape[1]))


def _meeting(log_odds: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the shift of the log-odds by which the chances add up to some counts, shape (1,) or (classes,)."""
    shift = np.zeros(log_odds.shape[1])
    if log_odds.shape[1] == 1:
        against = np.exp(-np.clip(log_odds[:, 0], -FARTHEST, FARTHEST))
        for _ in range(TURNS):
            p = 1.0 / (1.0 + against * np.exp(-shift))
            # Where nearly all chances are small a whole step of Newton's goes beyond all of them, and never comes back.
            step = np.clip((counts - p.sum()) / ((p * (1.0 - p)).sum() + 1.0), -1.0, 1.0)
            shift += step
            if abs(float(step[0])) < ROUNDING:
                break
        return np.clip(shift, -FURTHEST, FURTHEST)
    powers = softmax(log_odds)
    for _ in range(TURNS):
        moved = np.exp(shift)
        shift += np.log((counts + 0.5) / (moved * (powers.T @ (1.0 / (powers @ moved))) + 0.5))
    return np.clip(shift - shift.mean(), -FURTHEST, FURTHEST)


def _chances(log_odds: np.ndarray) -> np.ndarray:
    """Return the chances of what may happen, shape (n, 1) or (n, classes)."""
    return sigmoid(log_odds) if log_odds.shape[1] == 1 else softmax(log_odds)


def levelled(log_odds: np.ndarray, y: np.ndarray, cutoffs: np.ndarray) -> np.ndarray:
    """Return the margins with the rows of each cutoff shifted to what happened there, shape (n, 1) or (n, classes)."""
    shifted = np.empty_like(log_odds)
    for cutoff in np.unique(cutoffs):
        here = cutoffs == cutoff
        shifted[here] = log_odds[here] + level(log_odds[here], y[here])
    return shifted


def log_losses(log_odds: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the log loss of each example, shape (n,)."""
    if log_odds.shape[1] == 1:
        p = sigmoid(log_odds[:, 0])
        chance = np.where(y == 1, p, 1.0 - p)
    else:
        chance = softmax(log_odds)[np.arange(len(y)), y]
    return -np.log(np.maximum(chance, 1e-15))


def _slope(log_odds: np.ndarray, y: np.ndarray, cutoffs: np.ndarray) -> float:
    def cost(slope: float) -> float:
        return _lost(slope, log_odds, y, cutoffs) + TRUST * (slope - 1.0) ** 2

    return float(minimize_scalar(cost, bounds=(0.2, 3.0), method="bounded", options={"xatol": 0.01}).x)


def _lost(slope: float, log_odds: np.ndarray, y: np.ndarray, cutoffs: np.ndarray) -> float:
    """Sum of log losses with each cutoff at its own level."""
    return float(log_losses(levelled(slope * log_odds, y, cutoffs), y).sum())
