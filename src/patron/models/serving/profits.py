"""Profits: the chances of the tiers as an expected profit, its interval, and the tier that a customer is given."""

from typing import Any

import numpy as np

from patron.models.serving.specs import TargetSpec
from patron.models.serving.sums import weighted_sums

TENTH, HELD = 0.1, 0.8


def tiers(answer: TargetSpec, shares: np.ndarray, current: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is told of the profit, by column, each of shape (n,).

    Args:
        answer: names of the tiers, cuts between them, and the profits of training rows in each.
        shares: chance of each tier, worst first, shape (n, tiers).
        present: place of the tier where each customer stands, shape (n,).
    """
    profit = np.asarray(answer["profit_from"])[current]
    low, high = profit_spans(shares, current, answer["spread_from"])
    money = {
        "expected_profit": (shares * profit).sum(axis=1),
        "profit_if_active": (shares * profit)[:, 1:].sum(axis=1) / np.maximum(1.0 - shares[:, 0], 1e-9),
        "profit_low": low,
        "profit_high": high,
    }
    return tier_names(answer, shares, current) | money | tier_chances(answer, shares)


def tier_names(answer: TargetSpec, shares: np.ndarray, current: np.ndarray) -> dict[str, np.ndarray]:
    """Return the tier to expect and the present one; arguments are those of `tiers`."""
    rank = weighted_sums(shares, np.arange(shares.shape[1]))
    names = np.asarray(answer["tiers"], dtype=object)
    return {"tier": names[np.searchsorted(answer["cuts"], rank, side="right")], "present_tier": names[current]}


def tier_chances(answer: TargetSpec, shares: np.ndarray) -> dict[str, np.ndarray]:
    """Return the chance of each tier, by column."""
    return {f"probability_{name}": shares[:, k] for k, name in enumerate(answer["tiers"])}


def tier_codes(thresholds: list[float], profit: np.ndarray) -> np.ndarray:
    """Return the tier of each profit, worst first: 0 up to and with the first low (no profit is none), then by low."""
    return (profit > thresholds[0]) * (1 + np.searchsorted(thresholds[1:], profit, side="right"))


def profit_spans(shares: np.ndarray, current: np.ndarray, spreads: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the 80 % interval of a profit, whose parts have other spreads by the tier they come from."""
    low, high = np.zeros(len(shares)), np.zeros(len(shares))
    for place in np.unique(current):
        here = current == place
        low[here], high[here] = _profit_span(shares[here], np.asarray(spreads[place]))
    return low, high


def _profit_span(shares: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where a tenth is reached of the mixture of the tiers' training profits, and where 80 % more is.

    Where many earn the same (most often nothing), a tenth is reached by far more than a tenth of the customers; the
    upper bound is counted from those who really earn less, so that the interval holds 80 %, not 90.
    Shape of *spread*: (tiers, quantiles), rising; every quantile of a tier stands for the same share of it.
    """
    grid = np.unique(spread)
    below = np.stack([np.searchsorted(tier, grid, side="right") / len(tier) for tier in spread])
    reached = weighted_sums(shares, below)
    first = np.argmax(reached >= TENTH - 1e-9, axis=1)
    under = np.where(first > 0, reached[np.arange(len(shares)), first - 1], 0.0)
    last = np.argmax(reached >= (under + HELD - 1e-9)[:, None], axis=1)
    return grid[first], grid[last]
