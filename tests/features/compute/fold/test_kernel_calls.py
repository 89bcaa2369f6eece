"""Kernel calls: windows and sums are right where numbers are many, large, infinite or on a change of clocks."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.features.measures import measure
from patron.history.history import History
from patron.history.sources import events
from patron.periods import EVER, days
from worlds.engines import open_frame
from worlds.histories import CUTOFF, ago, folded, history_from, small


def test_a_hundred_thousand_events_of_one_customer_are_counted_to_the_cent():
    at = [CUTOFF - timedelta(minutes=m) for m in range(1, 100_001)]
    history = history_from(orders=pd.DataFrame({"customer": "a", "at": at, "amount": 0.01}))

    @measure(windows=(*days(1), EVER))
    def money(orders):
        """Money."""
        return orders.amount.sum()

    assert folded(history, money).loc["a"].tolist()[:2] == pytest.approx([14.4, 1000.0])


def test_a_spread_of_one_on_amounts_of_a_thousand_millions_is_kept():
    history = small(*(("a", ago(d), 1e9 + d % 3) for d in range(1, 301)))

    @measure(windows=(*days(200), EVER))
    def spread(orders):
        """Spread."""
        return orders.amount.cast("float64").std()

    expected = [np.std([d % 3 for d in range(1, n + 1)], ddof=1) for n in (200, 300)]
    assert folded(history, spread).loc["a"].tolist()[:2] == pytest.approx(expected, rel=1e-6)


def test_a_window_over_a_change_of_clocks_counts_days_on_the_wall():
    zone = "America/New_York"  # clocks went forward on 2024-03-10
    at = pd.to_datetime(["2024-03-01 05:00", "2024-03-31 03:59"], utc=True)  # midnight on the 1st, 23:59 on the 30th
    history = History.of(orders=events(open_frame(pd.DataFrame({"customer": ["a", "b"], "at": at})), timezone=zone))

    @measure(windows=days(30), empty=0)
    def n(orders):
        """Orders."""
        return orders.count()

    assert folded(history, n, cutoff=datetime(2024, 3, 31))["n_30d"].tolist() == [1, 1]


def test_an_infinite_value_of_one_customer_is_not_that_of_the_others():
    @measure()
    def rate(orders):
        """Rate."""
        return orders.amount.cast("float64").log10().mean()

    history = small(("a", ago(3), 0.0), ("b", ago(2), 100.0))
    assert folded(history, rate).loc["b", "rate"] == 2.0
