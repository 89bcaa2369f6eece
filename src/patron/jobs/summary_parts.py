"""Summary parts: what the summaries of several verbs hold, for machines."""

from typing import Annotated, NotRequired, TypedDict

from patron.history.receipts import Receipt

__all__ = ["Files", "Quarantine", "Tables", "Versions"]

Files = Annotated[list[str], "the files that were written, or stand"]
Tables = Annotated[list[Receipt], "what became of the rows of each table"]
Versions = Annotated[dict[str, str], "by question the version of the model that answered"]


class Counts(TypedDict):
    """The rows of a table."""

    read: int
    used: int
    quarantine: int


class Quarantine(TypedDict):
    """What was kept apart; empty where the settings do not say what to do with bad rows."""

    rows: NotRequired[Annotated[dict[str, Counts], "by table"]]
    customers: NotRequired[Annotated[int, "of whom no event can be used"]]
    files: NotRequired[list[str]]
