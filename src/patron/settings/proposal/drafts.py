"""Drafts: the sections of a settings file as they are proposed, each line with its reason, each doubt with a mend."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from patron.settings.proposal.columns import TableLook

__all__ = ["OPEN", "Draft", "Entry", "JoinTo", "literal"]


OPEN = "?"  # why an entry stands in a draft that the settings only ask about


@dataclass(frozen=True)
class Entry:
    """What a key is proposed to say, and why."""

    value: Any
    why: str = ""


@dataclass(frozen=True)
class JoinTo:
    """Another file whose columns the rows of a table get, and the columns of the key on both sides."""

    look: TableLook
    own: str
    other: str


@dataclass(frozen=True)
class Draft:
    """A section of the settings as it is proposed.

    Args:
        section: "tables", "attributes" or "subscriptions".
        name: of the table.
        look: the file.
        entries: its keys, in order.
        joins: the files joined to it.
        questions: what could not be decided, in words, each with the line that would.
        others: the columns that no key names.
        assumed: how the door read it where it could be read otherwise, each with the line that would.
    """

    section: str
    name: str
    look: TableLook
    entries: Mapping[str, Entry]
    joins: tuple[JoinTo, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()
    assumed: tuple[tuple[str, str], ...] = ()

    def with_entry(self, key: str, value: Any, why: str = "") -> "Draft":
        """Return the draft with one more key, or another value of it."""
        return replace(self, entries={**self.entries, key: Entry(value, why)})

    def without(self, *keys: str) -> "Draft":
        """Return the draft without some keys."""
        return replace(self, entries={key: entry for key, entry in self.entries.items() if key not in keys})

    def asking(self, question: str, line: str = "") -> "Draft":
        """Return the draft with one more question, unless it asks that already."""
        both = (question, line)
        return self if both in self.questions else replace(self, questions=(*self.questions, both))

    def value(self, key: str) -> Any:
        """Return what a key says, or None."""
        return self.entries[key].value if key in self.entries else None


def literal(value: Any) -> str:
    """Return a value as a settings file writes it.

    >>> literal(["a", "b"]), literal({"Order Status": ["paid"]}), literal(True)
    ('["a", "b"]', '{ "Order Status" = ["paid"] }', 'true')
    """
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {literal(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
