"""Windows from the rhythm of the data: a grocer's customers come weekly, a furniture shop's yearly."""

from dataclasses import replace

import ibis

from patron.history import History
from patron.measures import Combination, Feature, Measure
from patron.periods import Span

__all__ = ["LADDER", "fitted", "typical_gap"]

LADDER = (7, 14, 30, 60, 90, 180, 365, 730, 1095)
USUAL = 30


def typical_gap(history: History) -> float:
    """Return the median days between two orders of a customer; a month where nobody ordered twice.

    >>> from patron.datasets import online_retail
    >>> 10 < typical_gap(online_retail()) < 60
    True
    """
    orders = history["orders"]
    before = orders["at"].lag().over(ibis.window(group_by=orders.customer, order_by=orders["at"]))
    gaps = orders.select(days=orders["at"].delta(before, unit="hour") / 24)
    found = gaps.filter(gaps.days > 0).days.median().to_pyarrow().as_py()
    return float(found or USUAL)


def fitted(features: tuple[Feature, ...], history: History) -> tuple[Feature, ...]:
    """Return the features over windows that fit the rhythm of the orders, so that windows are neither empty nor stale.

    Windows are stretched by the typical gap over a month, put on the next rung of `LADDER`, and cut where they are
    longer than the history. Do this once, when a question is written, and keep the features: windows that moved with
    every new day of data would give a model other columns than it was trained with.

    Args:
        features: built-in or own.
        history: the checked event tables.

    >>> from patron.datasets import online_retail
    >>> from patron.features import purchases
    >>> [str(w) for w in fitted((purchases.orders,), online_retail())[0].windows]
    ['30d', '90d', '180d', '365d', 'ever']
    """
    stretch, span = typical_gap(history) / USUAL, (history.ends - history.starts).days
    return tuple(_stretched(feature, stretch, span) for feature in features)


def _stretched(feature: Feature, stretch: float, span: int) -> Feature:
    if isinstance(feature, Combination):
        parts = tuple(part.over(*_windows(part, stretch, span)) for part in feature.parts)
        compared = len({part.windows for part in feature.parts}) > 1
        one = compared and len({part.windows for part in parts}) == 1
        return feature if one else replace(feature, parts=parts)  # two windows that fall together compare nothing
    return feature.over(*_windows(feature, stretch, span))


def _windows(measure: Measure, stretch: float, span: int) -> tuple[Span, ...]:
    found = [window if window.days is None else Span(_rung(window.days * stretch, span)) for window in measure.windows]
    return tuple(dict.fromkeys(found))


def _rung(days: float, span: int) -> int:
    rungs = [rung for rung in LADDER if rung <= span] or [LADDER[0]]
    return min(rungs, key=lambda rung: abs(rung - days) / (rung + days))
