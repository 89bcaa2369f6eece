"""Renewals: the chance that a contract ends, by the shifted-beta-geometric law, as log-odds need it."""

import math
from typing import Any

import numpy as np

_log_gamma = np.vectorize(math.lgamma, otypes=[np.float64])
MOST_PERIODS = 1e6


def log_survival(alpha: float, beta: float, periods: np.ndarray) -> np.ndarray:
    """Return the logarithm of the chance to have renewed so many times, shape (n,); parts of a period count as such.

    Source: Fader and Hardie (2007), How to project customer retention, Journal of Interactive Marketing 21(1).

    >>> np.exp(log_survival(0.668, 3.806, np.array([1.0, 7.0]))).round(3).tolist()
    [0.851, 0.489]
    """
    n = np.clip(np.asarray(periods, np.float64), 0.0, MOST_PERIODS)
    whole = math.lgamma(alpha + beta) - math.lgamma(beta)
    return np.asarray(_log_gamma(beta + n) - _log_gamma(alpha + beta + n) + whole)


def ended_by(process: dict[str, Any], seen: np.ndarray, days: float) -> np.ndarray:
    """Return the chance that a contract ends within some days, shape (n,).

    Args:
        process: alpha and beta, and the days of a period where a contract has no term.
        seen: days under contract and, where there are terms, that in days, shape (n, 1 or 2).
        days: from now on.
    """
    age = np.maximum(np.nan_to_num(seen[:, 0].astype(np.float64)), 0.0)
    term = seen[:, 1].astype(np.float64) if seen.shape[1] > 1 else np.full(len(seen), np.nan)
    now, then = (periods_passed(time, term, process["period"]) for time in (age, age + days))
    alpha, beta = process["alpha"], process["beta"]
    return np.asarray(1.0 - np.exp(log_survival(alpha, beta, then) - log_survival(alpha, beta, now)))


def periods_passed(age: np.ndarray, term: np.ndarray, period: float) -> np.ndarray:
    """Return how many renewals lie before an age, where there are terms, or else periods and parts of them, shape (n,).

    >>> periods_passed(np.array([365.0, 366.0, 15.0]), np.array([365.0, 365.0, np.nan]), 30.0).tolist()
    [0.0, 1.0, 0.5]
    """
    known = term > 0
    whole = np.ceil(age / np.where(known, term, period)) - 1.0
    return np.where(known, np.maximum(whole, 0.0), age / period)
