"""Truths: what the files of an export are, and what a settings file must say of each so that it is read right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Columns = Mapping[str, tuple[str, ...]]
"""By role the columns that are right for it."""
Rule = Mapping[str, tuple[object, ...]]
"""Values by column."""


@dataclass(frozen=True)
class File:
    """One file as it really is.

    Args:
        name: of the file, or of a folder whose files are one table.
        kind: "orders" (purchases, also as lines), "events", "attributes", "contracts", "joined" (only of use beside
            another file) or "nothing" (nothing to learn from before it came).
        roles: columns of which one must be named for the role.
        money: ways to tell the amount, of which one must stand whole; none where the file has none.
        allowed: further columns that may be named.
        wrong: columns that would do harm in a role.
        kept, dropped: values of rows that must be read as purchases, and of rows that must not; others either way.
            A row that meets all conditions of kept must be read, one that meets any of dropped must not.
        returned: values of rows that take a purchase back and must be told by a rule.
        refunds: values of rows that a rule for returns may name, as their sign or absence tells enough without it.
        leave_out: attributes that tell what came of the customer.
        told: further keys that must stand in the section, such as a form of times, with their values.
        base: the file whose rows are read, where these are not its own.
        joins: files that bring columns to these rows, each with the column that both have.
    """

    name: str
    kind: str
    roles: Columns = field(default_factory=dict)
    money: tuple[Columns, ...] = ()
    allowed: Columns = field(default_factory=dict)
    wrong: Columns = field(default_factory=dict)
    kept: Rule = field(default_factory=dict)
    dropped: Rule = field(default_factory=dict)
    returned: Rule = field(default_factory=dict)
    refunds: Rule = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    told: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    base: str = ""
    joins: Mapping[str, str] = field(default_factory=dict)

    def is_right(self, role: str, column: str) -> bool:
        """Check whether a column may have a role."""
        money = [column for way in self.money for column in way.get(role, ())]
        return column in (*self.roles.get(role, ()), *money, *self.allowed.get(role, ()))


@dataclass(frozen=True)
class Export:
    """What a product wrote, file by file.

    Args:
        files: in the order in which a newcomer names them.
        orders: purchases by customers that can be told apart, least and most that a fair reading counts; none where
            no times tell of any, so that only a panel can be made of the rows, or nothing.
        customers: how many customers these purchases are of, least and most.
        span: the first and last time of the purchases.
    """

    files: tuple[File, ...]
    orders: tuple[int, int] = (0, 0)
    customers: tuple[int, int] = (0, 0)
    span: tuple[datetime, datetime] | None = None

    @property
    def has_history(self) -> bool:
        """Whether cutoffs are possible."""
        return self.span is not None
