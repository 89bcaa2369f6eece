"""Former contacts: the columns that tell of them, as plans look at them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["LAST_CONTACT", "FormerContacts", "contacts_within"]

LAST_CONTACT = "last_contact"
WITHIN = re.compile(r"contacts_(\d+)d")


@dataclass(frozen=True)
class FormerContacts:
    """Which columns about former contacts are looked at.

    Args:
        last: the name of the days since the last contact; empty where nothing looks at it.
        windows: the days within which contacts are counted, by the name of the column.
    """

    last: str = ""
    windows: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def among(cls, names: Iterable[str]) -> "FormerContacts":
        """Return those among the names of some columns.

        >>> FormerContacts.among(["last_contact", "contacts_30d", "country"]).columns
        ('last_contact', 'contacts_30d')
        """
        columns = list(names)
        within = {name: match for name in columns if (match := WITHIN.fullmatch(name))}
        windows = {name: int(match[1]) for name, match in within.items()}
        return cls(LAST_CONTACT if LAST_CONTACT in columns else "", windows)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return (*([self.last] if self.last else []), *self.windows)


def contacts_within(days: int) -> str:
    """Return the name of the column that counts the contacts of some days.

    >>> contacts_within(30)
    'contacts_30d'
    """
    return f"contacts_{days}d"
