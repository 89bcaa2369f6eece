"""A simulated shop: customers who buy at their own pace and leave at their own time, grown from a seed."""

from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd

from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.sources import events
from patron.periods import Split

START = datetime(2023, 1, 1)
CUTOFFS = tuple(START + timedelta(days=d) for d in (240, 300, 360, 420, 480))
HORIZON = 60
SPLIT = Split(CUTOFFS[:3], CUTOFFS[3:4], CUTOFFS[4:])


def orders(customers: int, seed: int = 0, days: int = 560) -> pd.DataFrame:
    """Orders of a Pareto/NBD world: gaps and lives are exponential, with rates that differ."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(customers):
        at, pace = rng.uniform(0, 200), rng.gamma(1.0, 1 / 30) + 0.002
        leaves = at + rng.exponential(1 / rng.gamma(1.0, 1 / 200))
        while at < min(leaves, days):
            found.append((f"c{i}", START + timedelta(days=at), round(float(rng.lognormal(3, 0.5)), 2)))
            at += rng.exponential(1 / pace)
    return pd.DataFrame(found, columns=["customer", "at", "amount"])


@cache
def shop(customers: int = 400, seed: int = 0) -> History:
    """The shop as a checked history."""
    return of(orders(customers, seed))


@cache
def coin(customers: int = 300, seed: int = 0) -> History:
    """A shop without signal: every month each customer buys by the same coin."""
    rng = np.random.default_rng(seed)
    found = [(f"c{i}", START + timedelta(days=float(rng.uniform(0, 30))), 10.0) for i in range(customers)]
    for month in range(1, 19):
        lucky = np.flatnonzero(rng.uniform(size=customers) < 0.25)
        found += [(f"c{i}", START + timedelta(days=30 * month + float(rng.uniform(0, 30))), 10.0) for i in lucky]
    return of(pd.DataFrame(found, columns=["customer", "at", "amount"]))


def of(frame: pd.DataFrame, **known: Events) -> History:
    """A history of one table of orders, and of attributes of its customers."""
    return History.of(orders=events(frame, customer="customer", at="at", amount="amount"), **known)
