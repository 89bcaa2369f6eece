"""Complaints at the door: which kinds of contact complain, whatever the business calls them.

The kinds stay as they are. Where what complains is called otherwise than `complaint`, the column `complains` says it.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import ibis
from ibis.expr.types import BooleanValue, Table

from patron.errors import HistoryError, listed
from patron.history.assumptions import Assumption
from patron.history.directions import INCOMING
from patron.history.event_tables import Events
from patron.history.named_values import FEW, as_names, few_values, shown, unmet
from patron.history.roles import COMPLAINS

__all__ = ["COMPLAINT", "WITH_COMPLAINTS", "complains", "complaint_notes", "is_complaint", "with_complaints"]

WITH_COMPLAINTS = frozenset({"contacts", "tickets"})
"""The event tables whose complaints measures count."""

KIND, COMPLAINT = "kind", "complaint"
STEMS = re.compile(
    "complaint|beschwerde|reklamation|reclamation|reclamac|klacht|klagomal|queja|queixa|lamentel|plainte"
    r"|^claims?$|^reclam[oi]s?$"
)
DENIED = {
    "no",
    "not",
    "non",
    "without",
    "kein",
    "keine",
    "ohne",
    "sans",
    "sin",
    "sem",
    "senza",
    "geen",
    "ingen",
    "utan",
}


def is_complaint(kind: str) -> bool:
    """Check whether a kind of contact has a usual name of a complaint, in one of eight languages.

    >>> is_complaint("COMPLAINTS"), is_complaint("Réclamation client"), is_complaint("no complaint")
    (True, True, False)
    """
    bare = unicodedata.normalize("NFKD", kind).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z]+", re.sub("['’]", " ", bare))
    return any(map(STEMS.search, words)) and not DENIED & set(words)


def with_complaints(declared: Events, complaints: str | Sequence[str] | None) -> Events:
    """Return a table whose column `complains` says which rows complain, where their kind alone does not.

    Args:
        declared: the table; one query looks at its kinds.
        complaints: the kinds that complain; the usual words where nothing is said, of few kinds, and of many the word
            `complaint` alone; none where the list is empty.

    Raises:
        HistoryError: a complaint is named that is no kind of the table, or the table has no kinds.
    """
    if KIND not in declared.columns:
        if complaints:
            raise HistoryError(
                f"Complaints are named ({listed(as_names(complaints))}), but no column of kinds. Name it: "
                "kind = 'the column'."
            )
        return declared
    known = few_values(declared.used.kind)
    usual = set(filter(is_complaint, known)) if len(known) <= FEW else set()
    names = usual if complaints is None else as_names(complaints)
    missing = unmet(names, known)
    if missing and known:
        raise HistoryError(
            f"Complaints are named {listed(missing)}, which is no kind of the table. Its kinds are: {shown(known)}. "
            'Name those that complain: complaints = ["..."], or none: complaints = []'
        )
    if names == {COMPLAINT} or (not names and complaints is None):
        return declared
    table, used = (
        rows.mutate(**{COMPLAINS: rows.kind.isin(sorted(names)) if names else ibis.literal(False)})
        for rows in (declared.table, declared.used)
    )
    assumed = () if complaints is not None else (_assumption(names),)
    return replace(declared, table=table, used=used, assumed=(*declared.assumed, *assumed))


def complains(rows: Table) -> BooleanValue:
    """Return which contacts complain; the table must have their kind."""
    return rows[COMPLAINS] if COMPLAINS in rows.columns else rows.kind == COMPLAINT


def complaint_notes(rows: Table) -> tuple[str, ...]:
    """Describe that no kind of what customers began is known for a complaint; runs a query.

    Args:
        rows: of contacts or requests, those that are used.
    """
    if KIND not in rows.columns or COMPLAINS in rows.columns:
        return ()
    begun = rows.filter(rows.direction == INCOMING) if "direction" in rows.columns else rows
    known = few_values(begun.kind)
    if not known or COMPLAINT in known or few_values(begun.filter(begun.kind == COMPLAINT).kind):
        return ()
    return (
        f"no kind is known for a complaint, so measures count none; the kinds are {shown(known)}. Name those that "
        'complain, complaints = ["..."], or say that none does: complaints = []',
    )


def _assumption(names: set[str]) -> Assumption:
    words = ", ".join(f'"{name}"' for name in sorted(names))
    return Assumption(f"complaints are the contacts of the kind {words}", f"complaints = [{words}]")
