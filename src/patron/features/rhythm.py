"""Windows from the rhythm of the data: a grocer's customers come weekly, a furniture shop's yearly."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import ibis

from patron.features.measures import Combination, Feature, Measure
from patron.history.history import History
from patron.periods import EVER, Span

__all__ = ["LADDER", "fitted", "typical_gap"]

LADDER = (7, 14, 30, 60, 90, 180, 365, 730, 1095)
USUAL = 30.0
YEAR = timedelta(days=365)
STEP = 3  # a usual gap moves with every new order, so windows follow it in steps that it seldom crosses
SHORTEST, LONGEST = -2, 1  # weeks at least; beyond three years a window is all the time there was
LOOKED_AT = 200_000


def typical_gap(history: History, before: datetime) -> float:
    """Return the median days between two orders of a customer; a month where nobody ordered twice.

    In the first three years it is a month at most: windows three times as long would nearly all reach back to the
    first order, and tell the same. Of a large history some customers are looked at, all orders of each.

    Args:
        history: the checked event tables.
        before: orders from this instant on are not looked at.

    >>> from patron.datasets import online_retail
    >>> history = online_retail()
    >>> 10 < typical_gap(history, history.ends) < 60
    True
    """
    orders = history.past("orders", before, EVER)
    share = max(receipt.used for receipt in history.receipts) // LOOKED_AT
    some = orders.filter(orders.customer.hash() % share == 0) if share > 1 else orders
    days = some.select("customer", day=some["at"].truncate("D")).distinct()
    earlier = days.day.lag().over(ibis.window(group_by=days.customer, order_by=days.day))
    median = days.select(gap=days.day.delta(earlier, unit="day")).gap.median().to_pyarrow().as_py()
    young = before - history.starts < STEP * YEAR
    return min(float(median or USUAL), USUAL) if young else float(median or USUAL)


def fitted(features: tuple[Feature, ...], gap: float) -> tuple[Feature, ...]:
    """Return the features over windows that fit a rhythm, so that they are neither empty nor stale.

    The windows of the built-in features suit customers who order about every month. Where they come three times as
    seldom, or more, windows are three times as long; where they come three or nine times as often, as much shorter.
    Each is put on the next rung of `LADDER`.

    Args:
        features: built-in or own.
        gap: the usual time between two orders, in days.

    >>> from patron.features import purchases
    >>> [str(w) for w in fitted((purchases.orders,), gap=25.0)[0].windows]
    ['30d', '90d', '180d', '365d', 'ever']
    >>> [str(w) for w in fitted((purchases.orders,), gap=100.0)[0].windows]
    ['90d', '365d', '730d', '1095d', 'ever']
    """
    steps = round(math.log(gap / USUAL, STEP))
    stretch = float(STEP) ** max(SHORTEST, min(LONGEST, steps))
    return tuple(_stretch(feature, stretch) for feature in features) if steps else features


def _stretch(feature: Feature, stretch: float) -> Feature:
    if isinstance(feature, Combination):
        parts = tuple(part.over(*_windows(part, stretch)) for part in feature.parts)
        compared = len({part.windows for part in feature.parts}) > 1
        same = compared and len({part.windows for part in parts}) == 1
        if same:  # two windows that fall together compare nothing
            return feature
        return replace(feature, parts=parts, words=_with_windows(feature.words, feature.parts, parts))
    return feature.over(*_windows(feature, stretch))


def _with_windows(words: str, before: Sequence[Measure], after: Sequence[Measure]) -> str:
    """Return the words of a combination with the windows that its parts look at now in place of those before."""
    moved = {was.windows[0].days: now.windows[0].days for was, now in zip(before, after, strict=True)}

    def window(match: re.Match[str]) -> str:
        was = int(match[1] or YEAR.days)
        now = moved.get(was, was)
        if now == was:
            return match[0]
        return f"last {now} days" if match[1] else f"the last {now} days'"

    return re.sub(r"the year's|last (\d+) days", window, words)


def _windows(measure: Measure, stretch: float) -> tuple[Span, ...]:
    spans = [window if window.days is None else Span(_rung(window.days * stretch)) for window in measure.windows]
    return tuple(dict.fromkeys(spans))


def _rung(days: float) -> int:
    return min(LADDER, key=lambda rung: abs(rung - days) / (rung + days))
