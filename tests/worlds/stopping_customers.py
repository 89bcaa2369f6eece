"""Customers who buy every few weeks until they stop."""

from datetime import datetime, timedelta

import numpy as np


def purchases(customers: int, until: datetime, key: str) -> list[tuple[str, datetime, float]]:
    """Return the purchases of 2023 up to an instant: who, when, and what was paid.

    Args:
        customers: how many.
        until: before which they buy.
        key: of a customer, as a template of the number.
    """
    rng, lines = np.random.default_rng(3), []
    for number in range(customers):
        at, gap = datetime(2023, 1, 1) + timedelta(days=int(rng.integers(0, 60))), rng.gamma(2, 12)
        while at < until:
            lines.append((key.format(number), at, round(float(rng.gamma(2, 15)), 2)))
            at += timedelta(days=1 + float(rng.exponential(gap)))
            if rng.random() < 0.06:
                break
    return lines
