"""A simulated shop that stays as it is, or changes in one of four ways before it is scored: what drift looks like.

Customers come at a steady rate, buy at their own pace and leave at their own time; nothing else moves, so that what
differs between two days in the shop without a change is chance.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from patron.history.point_in_time import in_window, is_past

__all__ = ["CHANGES", "END", "HORIZON", "LAST_RUN", "START", "changing_shop"]

START, END = datetime(2021, 1, 1), datetime(2024, 1, 1)
HORIZON = 45  # days that a question about it should look ahead
LAST_RUN = datetime(2023, 12, 1)
DAYS = (END - START).days
WARM = 900.0  # days before the first that customers may have come
LIFE, PACE, SHAPE = 220.0, 1 / 18, 2.0  # days; orders a day, and how alike customers are
SEASON, SEASONAL = 3.0, (305, 366)  # times as many orders in these days of a year
FLOOD, FLOOD_DAYS = 7.0, 60.0  # times as many new customers in the last days
LEAVING, LEAVING_DAYS = 8.0, 100.0  # times as many leave in the last days
BROKEN_DAYS, CENTS = 10.0, 100.0  # the last days in which amounts are in cents


def changing_shop(change: str, customers: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Return the orders of a shop up to `END`: `customer`, `at`, `amount`.

    Args:
        change: "none", "source" (amounts in cents in the last days), "season" (more orders at the end of each year),
            "new customers" (many in the last two months) or "behaviour" (most leave sooner in the last months).
        customers: how many come, but for new ones.
        seed: of the chances.

    >>> orders = changing_shop("none", customers=20)
    >>> list(orders), bool(orders["at"].max() < END)
    (['customer', 'at', 'amount'], True)
    """
    rng = np.random.default_rng(seed)
    came, life, pace = _customers(customers, rng)
    if change == "new customers":
        more = _customers(int(customers * (FLOOD - 1) * FLOOD_DAYS / (DAYS + WARM)), rng)
        late = DAYS - FLOOD_DAYS * rng.random(len(more[0]))
        came, life, pace = (np.concatenate(pair) for pair in zip((came, life, pace), (late, *more[1:]), strict=True))
    left = came + life
    if change == "behaviour":
        left = np.where(left > DAYS - LEAVING_DAYS, _sooner(left, came), left)
    most = SEASON if change == "season" else 1.0
    counts = rng.poisson(pace * most * np.maximum(left - came, 0.0)) + 1
    who = np.repeat(np.arange(len(came)), counts)
    at = came[who] + rng.random(len(who)) * (left - came)[who]
    at[np.cumsum(counts) - counts] = came
    kept = rng.random(len(who)) < CHANGES[change](at) / most
    kept[np.cumsum(counts) - counts] = True
    amount = np.round(rng.lognormal(3.0, 0.5, len(who)), 2)
    if change == "source":
        amount = np.where(is_past(at, DAYS - BROKEN_DAYS), amount, amount * CENTS)
    shown = kept & in_window(at, 0) & is_past(at, DAYS)
    times = [START + timedelta(days=float(day)) for day in at[shown]]
    return pd.DataFrame({"customer": [f"c{w}" for w in who[shown]], "at": times, "amount": amount[shown]})


def _customers(number: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return when customers come, how long they stay and how often they buy."""
    came = rng.uniform(-WARM, DAYS, number)
    return came, rng.exponential(LIFE, number), rng.gamma(SHAPE, PACE / SHAPE, number)


def _sooner(left: np.ndarray, came: np.ndarray) -> np.ndarray:
    """Return when customers leave where those who are there in the last days leave so many times as fast."""
    begin = np.maximum(DAYS - LEAVING_DAYS, came)
    return begin + (left - begin) / LEAVING


def _steady(at: np.ndarray) -> np.ndarray:
    return np.ones(len(at))


def _seasonal(at: np.ndarray) -> np.ndarray:
    """Return how many times the usual orders there are; days before the first are of a year like all others."""
    day = np.mod(at, 365.25)
    return np.where((day >= SEASONAL[0]) & (day < SEASONAL[1]), SEASON, 1.0)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": _steady,
    "source": _steady,
    "season": _seasonal,
    "new customers": _steady,
    "behaviour": _steady,
}
