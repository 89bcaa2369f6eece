"""Features of event tables of your own, such as use or payments: how often, how lately, how much, and the trend."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ibis.expr.types import Column, Scalar, Table

from patron.features.measures import Combination, Feature, Measure
from patron.history.history import History
from patron.periods import EVER, days

__all__ = ["counted", "counts", "of"]

WINDOWS = days(30, 90, 365)
BUILT_IN = {"orders", "returns", "lines", "returned_lines", "contacts", "tickets", "referrals", "ties", "offers"}
OF_CONTRACTS = {"contracts", "contract_ends", "contract_notices", "contract_leavings"}
THEME, COUNT = "habit", "_count_"


@dataclass(frozen=True)
class _Count:
    """The number of events."""

    def __call__(self, events: Table) -> Scalar:
        return events.count()


@dataclass(frozen=True)
class _Recency:
    """The days since the last event."""

    def __call__(self, events: Table) -> Scalar:
        return events.days_ago.min()


@dataclass(frozen=True)
class _Sum:
    """The sum of a column."""

    column: str

    def __call__(self, events: Table) -> Scalar:
        return events[self.column].sum()


@dataclass(frozen=True)
class _Trend:
    """The part of what was in the longer window that came in the shorter."""

    def __call__(self, short: Column, long: Column) -> Column:
        return short / long.nullif(0)


def of(history: History) -> tuple[Feature, ...]:
    """Return a few features for each event table that no built-in one looks at.

    These are the events of 30, 90 and 365 days, the part of 90 days that came in 30, the days since the last, and the
    sums of its money and quantity.

    Args:
        history: the checked event tables.
    """
    tables = set(history.tables) - BUILT_IN - OF_CONTRACTS - set(history.attributes)
    return tuple(feature for table in sorted(tables) for feature in _of_table(table, history[table]))


def counts(features: Sequence[Feature]) -> tuple[str, ...]:
    """Return the columns among some features that count events of tables of your own, over the longer windows."""
    of_use = (f for f in features if isinstance(f, Measure) and isinstance(f.compute, _Count))
    return tuple(f.column(window) for f in of_use for window in f.windows[1:])


def counted(features: Sequence[Feature]) -> tuple[str, ...]:
    """Return the tables of your own whose events some features count over all windows."""
    of_use = [f for f in features if isinstance(f, Measure) and isinstance(f.compute, _Count)]
    tables = dict.fromkeys(f.source for f in of_use)
    return tuple(t for t in tables if set(WINDOWS) <= {w for f in of_use if f.source == t for w in f.windows})


def counted_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the same of the columns of rows, whose features nobody needs to have.

    >>> counted_columns(["visits_count_30d", "visits_count_90d", "visits_count_365d", "orders_count_365d"])
    ('visits',)
    """
    names = [name for name in columns if COUNT in name]
    tables = dict.fromkeys(name.rpartition(COUNT)[0] for name in names)
    own = [table for table in tables if table not in BUILT_IN | OF_CONTRACTS]
    return tuple(t for t in own if {f"{t}{COUNT}{window}" for window in WINDOWS} <= set(names))


def _of_table(name: str, events: Table) -> Iterator[Feature]:
    words = name.replace("_", " ")
    count = Measure(f"{name}_count", name, _Count(), WINDOWS, 0, f"Events of {words}", THEME, "number")
    yield count
    short, long = (count.over(window) for window in WINDOWS[:2])
    yield Combination(
        f"{name}_trend", (short, long), _Trend(), f"Share of the last {words} in 30 of 90 days", THEME, "share"
    )
    yield Measure(f"{name}_last", name, _Recency(), (EVER,), None, f"Days since the last of {words}", THEME, "days")
    for column, unit in (("amount", "money"), ("quantity", "number")):
        if column in events.columns:
            label = f"{column.capitalize()} of {words}"
            yield Measure(f"{name}_{column}", name, _Sum(column), WINDOWS, 0, label, "value", unit)
