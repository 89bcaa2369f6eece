"""Reach: the columns that a table has or would have with others joined to it, and which of them is the customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.links import Link, Links, Place
from patron.settings.proposal.roles import Fit, fits, person_score
from patron.settings.proposal.words import has

__all__ = ["Person", "Reached", "persons", "reached", "times"]

FARTHEST = 2  # joins in a row
FEW_ROWS = 10
OWN_KEY, SPARSE, JOINED, SHARED = 2.5, 15.0, 1.2, 0.3
FULL, MOST_SPARSE = 0.99, 2.5
LEAST = 2.0  # what a time must score
NAMELESS, UNNAMED = 1.0, 0.5  # what a key that names no person scores, by other files or by itself
NO_PEOPLE = (
    "order|item|invoice|transaction|basket|receipt|category|store|shop|branch|location|campaign|coupon|promotion|seller"
    "|vendor|supplier|staff|employee|cashier|inventory|warehouse|session|batch|city|country|region|address|date|time|plan"
    "|method|currency|parent|owner|line|type|status|group|payment|charge|deal|purchase|sale|gift|ticket|event|card"
)
BACK_AGAIN = 0.01, 0.6  # different values of a key by rows


NOWHERE: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Reached:
    """A column that a table has, or would have by some joins."""

    column: ColumnLook
    place: Place
    joins: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Person:
    """A column that may be the customer's key of a table, how likely it is, and how far so by name and values alone."""

    reached: Reached
    score: float
    name_score: float

    @property
    def name(self) -> str:
        """The column's name."""
        return self.reached.column.name


def reached(table: int, looks: Sequence[TableLook], links: Links) -> list[Reached]:
    """Return the columns of a table, then those that joins would bring, the nearest first."""
    own = [Reached(column, (table, column.name)) for column in looks[table].columns.values()]
    seen, names = {table}, {column.name.lower() for column in looks[table].columns.values()}
    result, ways = list(own), [NOWHERE]
    for _ in range(FARTHEST):
        further: list[tuple[Link, ...]] = []
        for way in ways:
            here = way[-1].other if way else table
            for link in links.of(here):
                if link.other in seen:
                    continue
                seen.add(link.other)
                further.append((*way, link))
                free = [c for c in looks[link.other].columns.values() if c.name.lower() not in names]
                names |= {column.name.lower() for column in free}
                result += [Reached(column, (link.other, column.name), (*way, link)) for column in free]
        ways = further
    return result


def persons(table: int, columns: Sequence[Reached], looks: Sequence[TableLook], links: Links) -> list[Person]:
    """Return what may be the customer's key of a table of events, the likeliest first.

    A key that is another one in every row tells no two events of a customer together, and one that is missing in many
    rows, or stands for nobody, is that of few.
    """
    rows = looks[table].rows
    result = []
    for each in columns:
        alike = [looks[i].columns[c] for i, c in links.same(each.place)]
        score = (
            max(map(person_score, alike)) or NAMELESS * _is_key_elsewhere(alike) or UNNAMED * _comes_back(each.column)
        )
        if score <= 0:
            continue
        named = score
        files = {i for i, _ in links.same(each.place)}
        column = each.column
        known = column.filled * prod(looks[j.table].columns[j.column].filled * j.share for j in each.joins)
        alone = column.distinct >= 0.999 * (column.known if not each.joins else rows) and rows >= FEW_ROWS
        score += SHARED * min(3, len(files) - 1) - JOINED * len(each.joins)
        score -= OWN_KEY * alone + min(MOST_SPARSE, SPARSE * max(0.0, FULL - known))
        result.append(Person(each, score, named))
    return sorted(result, key=lambda person: -person.score)


def _is_key_elsewhere(columns: Sequence[ColumnLook]) -> bool:
    """Check whether a column without a telling name is a key in another file, and comes back in one."""
    free = not any(has(column.words, NO_PEOPLE) or column.is_time for column in columns)
    return free and any(c.is_unique for c in columns) and any(not c.is_unique for c in columns)


def _comes_back(column: ColumnLook) -> bool:
    """Check whether a column is called a key of something, which comes back as customers do."""
    low, high = BACK_AGAIN
    named = has(column.words, "id") and not has(column.words, NO_PEOPLE) and column.kind in ("text", "number")
    return (
        named
        and not column.is_time
        and column.distinct >= FEW_ROWS / 2
        and low <= column.distinct / column.rows <= high
    )


def times(columns: Sequence[ColumnLook]) -> list[Fit]:
    """Return what may be the time of the events of a table, the likeliest first."""
    some = [fit for fit in fits("at", columns) if fit.score >= LEAST]
    if some:
        return some
    alone = [column for column in columns if column.is_time]
    return [Fit(alone[0], LEAST)] if len(alone) == 1 else []
