"""Point in time: the one module that compares an event's time with a cutoff.

The same two sentences serve engine columns, arrays and compiled code, so that the past cannot mean one thing in a
query and another in a loop.
"""

from datetime import datetime
from typing import Any

import ibis
from ibis.expr.types import Table

__all__ = ["BETWEEN", "CUSTOMER_NUMBER", "FOREVER", "RELATIVE", "STANDING", "UNTIL", "blank", "in_window", "is_past"]

BETWEEN = "days_between"
CUSTOMER_NUMBER = "customer_number"
"""The customer's key where it is a number in the business's table: an engine hands numbers out faster than texts."""
STANDING = "standing_amount"
"""What is left of the amount of an order, as far as returns are known: all of it, or null where all was taken back."""
UNTIL, FOREVER = "standing_until", datetime(9999, 12, 31)
"""The time from which on a row tells no longer what is known of an order, and the time of rows that go on telling."""
RELATIVE = ("days_ago", "days_ahead", BETWEEN)


def is_past(at: Any, cutoff: Any) -> Any:
    """Check what was before a cutoff; an event at the cutoff is the future.

    >>> is_past(3, 4), is_past(4, 4)
    (True, False)
    """
    return at < cutoff


def in_window(at: Any, edge: Any) -> Any:
    """Check what lies at or after the edge of a window; whatever is no past of an instant belongs to what it opens.

    >>> in_window(3, 4), in_window(4, 4)
    (False, True)
    """
    return at >= edge


def blank(table: Table) -> Table:
    """Return the table with the columns that depend on a cutoff, all null: what a measure sees before there is one."""
    standing = (STANDING,) if "amount" in table.columns and STANDING not in table.columns else ()
    return table.mutate(**dict.fromkeys((*standing, *RELATIVE), ibis.null("float64")))
