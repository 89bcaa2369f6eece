"""Assumptions: how something was read that could be read otherwise, with the line that would change it."""

from dataclasses import dataclass

__all__ = ["Assumption"]


@dataclass(frozen=True)
class Assumption:
    """How something was read that could be read otherwise.

    Args:
        what: how it was read, as a sentence with the table's own values.
        change: the line of a settings file that would have it read otherwise; empty where nothing can.
    """

    what: str
    change: str = ""
