"""Features of what is known of a customer besides events: each column of an attribute table, as last known."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
from ibis.expr.types import Column, Scalar, Table

from patron.features.measures import ON_CUTOFF, Combination, Feature, Measure
from patron.history.history import History
from patron.history.point_in_time import is_past
from patron.periods import EVER

__all__ = ["TODAY", "of", "timeless"]

DAY = 86_400
THEME = "lifecycle"


@dataclass(frozen=True)
class _Last:
    """The last known value of a column; a date as days since 1970."""

    column: str

    def __call__(self, facts: Table) -> Scalar:
        value = facts[self.column]
        if value.type().is_timestamp():
            value = value.epoch_seconds() / DAY
        return value.argmin(facts.days_ago, where=value.notnull())


@dataclass(frozen=True)
class _Held(_Last):
    """The value of a column that is said to hold at any time."""


def of(history: History) -> tuple[Feature, ...]:
    """Return a feature for each column of the attribute tables, so that models use what is known of customers.

    Numbers stay numbers, texts are categories, dates become the days since then. A date counts from its day on: one
    that lies ahead may have been written after it came, as the `valid_to` of a row is.

    Args:
        history: the checked tables; of dated attributes a cutoff sees what was known before it.
    """
    undated = {receipt.table for receipt in history.receipts if receipt.first is None}
    kinds = {table: _Held if table in undated else _Last for table in history.attributes}
    return tuple(
        _feature(history[table], table, kinds[table](column))
        for table, columns in history.attributes.items()
        for column in columns
    )


def timeless(features: Sequence[Feature]) -> tuple[str, ...]:
    """Return which features hold what is said of customers at any time, be it known then or not."""
    return tuple(feature.name for feature in features if isinstance(_first(feature).compute, _Held))


def _first(feature: Feature) -> Measure:
    return feature.parts[0] if isinstance(feature, Combination) else feature


def _feature(rows: Table, table: str, last: _Last) -> Feature:
    name, words = f"{table}_{last.column}", last.column.replace("_", " ").strip()
    words = words[:1].upper() + words[1:]
    if not rows[last.column].type().is_timestamp():
        return Measure(name, table, last, (EVER,), None, words, THEME, "number")
    day = Measure(f"{name}_day", table, last, (EVER,), None, words, THEME, "days")
    return Combination(name, (day, TODAY), _since, f"Days since {words}", THEME, "days")


def _since(day: Column, today: Column) -> Column:
    return is_past(day, today).ifelse(today - day, ibis.null("float64"))


def _today(cutoff: Column) -> Column:
    return cutoff.epoch_seconds() / DAY


TODAY = Measure("today", ON_CUTOFF, _today, (EVER,), None, "The day of the cutoff", THEME, "days")
