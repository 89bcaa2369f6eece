"""Clocks: a column of times as the wall clock of the business, and as instants where it names zones."""

from dataclasses import dataclass
from typing import TypeAlias

import ibis
from ibis.expr.types import BooleanValue, Column

__all__ = ["INSTANT", "Assumed", "Times", "of_zone", "wall_clock"]

Assumed: TypeAlias = tuple[tuple[str, str], ...]

INSTANT = "timestamp('UTC')"


@dataclass(frozen=True)
class Times:
    """A column of times: as wall clock of the business, as instants where it names zones, and what was assumed.

    Where something stands for no time, such as 0000-00-00, `missing` says so.
    """

    clock: Column
    instants: Column | None = None
    assumed: Assumed = ()
    missing: BooleanValue | None = None


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", INSTANT), "timestamp(6)"))
def wall_clock(zone: str, at: Column) -> Column:
    """Give the local time of an instant; the engine's own function, as a cast to a zone leaves the clock in UTC."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp(6)"), INSTANT))
def of_zone(zone: str, clock: Column) -> Column:
    """Give the instant at which clocks of a zone show a time."""
