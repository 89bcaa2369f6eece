"""Calibration: making a probability of .3 come true three times in ten, on cutoffs that the model has not seen."""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from patron.models.serving import sigmoid, softmax

__all__ = ["calibrate", "log_losses"]

TRUST = 20.0
LEAST = 50


def calibrate(margins: np.ndarray, y: np.ndarray, groups: np.ndarray) -> dict[str, Any] | None:
    """Find the slope and shift of the log-odds that fit what happened, or None where they would not help.

    Platt scaling (Platt 1999) for yes or no, and its vector form (Guo et al. 2017) for classes, leaning towards
    no change by the weight of a few examples. Kept only if it lowers the log loss of customers whom it has not seen.

    Args:
        margins: log-odds, shape (n, 1), or (n, classes).
        y: class of each example, shape (n,).
        groups: customer of each example, so that nobody is judged by himself.
    """
    if len(y) < LEAST or len(np.unique(y)) < 2:
        return None
    halves = np.unique(groups, return_inverse=True)[1] % 2
    judged = np.empty(len(y))
    for half in (0, 1):
        fitted = _fit(margins[halves != half], y[halves != half])
        judged[halves == half] = log_losses(_applied(margins[halves == half], fitted), y[halves == half])
    if judged.mean() >= log_losses(margins, y).mean():
        return None
    slope, *shift = _fit(margins, y)
    return {"slope": float(slope), "intercept": [float(s) for s in shift]}


def log_losses(margins: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the log loss of each example, shape (n,)."""
    if margins.shape[1] == 1:
        p = sigmoid(margins[:, 0])
        chance = np.where(y == 1, p, 1.0 - p)
    else:
        chance = softmax(margins)[np.arange(len(y)), y]
    return -np.log(np.maximum(chance, 1e-15))


def _fit(margins: np.ndarray, y: np.ndarray) -> np.ndarray:
    start = np.concatenate([[1.0], np.zeros(margins.shape[1])])

    def cost(values: np.ndarray) -> float:
        return log_losses(_applied(margins, values), y).sum() + TRUST * ((values - start) ** 2).sum()

    return minimize(cost, start, method="L-BFGS-B", bounds=[(0.05, 5.0), *[(-5.0, 5.0)] * margins.shape[1]]).x


def _applied(margins: np.ndarray, values: np.ndarray) -> np.ndarray:
    return margins * values[0] + values[1:]
