"""Core alarm: whether a change of assortment or price drove away the customers who were there long before.

The change of who orders is held against that of others at the same time, and against the same difference at dates when
nothing changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count, islice, takewhile

import numpy as np
import pandas as pd
from ibis.expr.types import Scalar, Table

from patron.errors import QuestionError
from patron.features import purchases
from patron.features.measures import Feature, Measure
from patron.history.history import History
from patron.metrics.intervals import Z_95
from patron.periods import Moment, Span, instant
from patron.questions.matrices import exact_features

__all__ = ["Alarm", "Change", "core_alarm"]

YEAR = Span(365)
PLACEBOS = 4
LEAST = 30  # customers on each side
COLUMNS = ["date", "core", "others", "core_change", "others_change", "effect", "low", "high"]


@dataclass(frozen=True)
class Change:
    """A change of assortment or price.

    Args:
        name: what the business calls it.
        on: the day from which on it holds.
        categories: the categories that it is about; then who bought them is held against who did not.
            Without, customers of more than a year are held against newer ones.

    Raises:
        QuestionError: it has no name, or the day is none.
    """

    name: str
    on: Moment
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise QuestionError("A change has a name. Write for example pt.Change('new prices', on='2024-03-01').")
        instant(self.on)


@dataclass(frozen=True)
class Alarm:
    """What a change did to the core of the customers.

    Args:
        change: what changed, and when.
        table: the day of the change, then the days at which nothing changed, by `date`: how many are `core` and
            `others`; by how much the share of them who order within a period went up (`core_change`, `others_change`);
            the difference `effect` of these, with its 95 % interval.
        effect: that of the change less the mean of those when nothing changed, with its interval `low` to `high`.
        rings: whether the interval lies below zero, and the effect below every one when nothing changed.
    """

    change: Change
    table: pd.DataFrame
    effect: float
    low: float
    high: float
    rings: bool


def core_alarm(
    history: History, cutoff: datetime, change: Change, period: Span, others: Sequence[Change] = ()
) -> Alarm | str:
    """Return whether a change drove the core away, or why that cannot be told.

    Core and others are those of a period before the change, who had ordered within a year; so neither the change nor
    what they did just before it chose them.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        change: what changed, and when.
        period: how long before and after is looked at.
        others: further changes; where the period before or after a date holds one of them, it is left out of the dates
            when nothing changed.

    Source: J. D. Angrist and J.-S. Pischke, Mostly harmless econometrics (2009), chapter 5 (difference in differences);
    A. Abadie, A. Diamond and J. Hainmueller, Journal of the American Statistical Association 105 (2010) (placebos).
    """
    on, step = instant(change.on), timedelta(days=period.days or 1)
    if on + step > cutoff:
        return f"Not yet: the {period.length} after {on:%Y-%m-%d} are not over."
    if on - step <= history.starts:
        return f"Nothing is known of {period.length} before {on:%Y-%m-%d}. Use a shorter horizon of tiers."
    source = _source(history) if change.categories else ""
    if source is None:
        return "No table has a category. Declare it at the door (category = '...'), or leave categories out."
    dates = [on, *_placebos(on, step, history.starts, [instant(other.on) for other in others])]
    times = sorted({moment for date in dates for moment in (date - step, date, date + step)})
    features = [purchases.tenure, purchases.orders.over(period, YEAR), *_bought(change, source)]
    known = exact_features(history, features, times).set_index(["cutoff", "customer"])
    rows = [_difference(known, date, step, purchases.orders.column(period)) for date in dates]
    table = pd.DataFrame([row for row in rows if row], columns=COLUMNS)
    if table.empty or table.date.iloc[0] != on:
        return f"It needs {LEAST} customers on each side who had ordered in the year before."
    return _alarm(change, table)


def _placebos(on: datetime, step: timedelta, starts: datetime, changes: Sequence[datetime]) -> list[datetime]:
    """Return the last days before a change around which nothing else changed, the latest first."""
    back = takewhile(lambda date: date - step > starts, (on - step * number for number in count(1)))
    quiet = (date for date in back if not any(date - step < day < date + step for day in changes))
    return list(islice(quiet, PLACEBOS))


def _source(history: History) -> str | None:
    """Return the table that tells categories; none where no table does."""
    known = (name for name in ("lines", "orders") if name in history.tables)
    return next((name for name in known if "category" in history[name].columns), None)


def _bought(change: Change, source: str) -> Sequence[Feature]:
    if not change.categories:
        return ()
    words = "Bought what changed"
    return (Measure("bought", source, partial(_count, change.categories), (YEAR,), 0, words, "breadth", "number"),)


def _count(categories: Sequence[str], rows: Table) -> Scalar:
    return rows.count(where=rows.category.isin(list(categories)))


def _difference(known: pd.DataFrame, date: datetime, step: timedelta, ordered: str) -> tuple[object, ...] | None:
    """Return how the share who order changed in the core and among others, and the difference."""
    there = known.loc[known.index.get_level_values("cutoff") == date - step].droplevel("cutoff")
    there = there[there[purchases.orders.column(YEAR)] > 0]
    old = there.tenure >= (YEAR.days or 0)
    core = there["bought_365d"] > 0 if "bought_365d" in there else old
    sides = (there.index[core & old], there.index[~core & old] if "bought_365d" in there else there.index[~core])
    if min(map(len, sides)) < LEAST:
        return None
    after, before = (known.xs(moment)[ordered] > 0 for moment in (date + step, date))
    changes = [(after.reindex(side).astype(float) - before.reindex(side)).to_numpy(np.float64) for side in sides]
    means = [float(change.mean()) for change in changes]
    half = Z_95 * float(np.sqrt(sum(change.var(ddof=1) / len(change) for change in changes)))
    effect = means[0] - means[1]
    return (date, len(sides[0]), len(sides[1]), *means, effect, effect - half, effect + half)


def _alarm(change: Change, table: pd.DataFrame) -> Alarm:
    first, placebos = table.iloc[0], table.effect.iloc[1:]
    beyond = first.effect - (placebos.mean() if len(placebos) else 0.0)
    half = (first.high - first.effect) * np.sqrt(1.0 + (1.0 / len(placebos) if len(placebos) else 0.0))
    rings = bool(beyond + half < 0 and (placebos > first.effect).all())
    return Alarm(change, table, float(beyond), float(beyond - half), float(beyond + half), rings)
