"""Directions at the door: who began a contact, whatever the business calls it.

Behind this door the direction of what a customer began is `in`.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from patron.errors import HistoryError, listed
from patron.history.assumptions import Assumption
from patron.history.event_tables import Events
from patron.history.named_values import as_names, few_values, shown, unmet

__all__ = ["INCOMING", "are_directions", "is_incoming", "with_incoming"]

DIRECTION, INCOMING = "direction", "in"
INWARD = {
    *("in", "inbound", "incoming", "inward", "received"),
    *("ein", "eingang", "eingehend", "entrant", "entrante", "entrada", "recu", "recibido"),
}
OUTWARD = {
    *("out", "outbound", "outgoing", "outward", "sent"),
    *("aus", "ausgang", "ausgehend", "sortant", "saliente", "salida", "envoye", "enviado"),
}


def is_incoming(value: str) -> bool:
    """Check whether a direction has a usual name of what a customer began.

    >>> is_incoming("INCOMING_EMAIL"), is_incoming("eingehend"), is_incoming("EMAIL")
    (True, True, False)
    """
    return _is_of(INWARD, value)


def are_directions(values: Collection[str]) -> bool:
    """Check whether values tell who began: one of them has a usual name of what a customer began, or all are outward.

    >>> are_directions(["EMAIL", "INCOMING_EMAIL"]), are_directions(["Sent"]), are_directions(["north", "south"])
    (True, True, False)
    """
    return any(map(is_incoming, values)) or all(_is_of(OUTWARD, value) for value in values)


def with_incoming(declared: Events, incoming: str | Sequence[str], is_named: bool) -> Events:
    """Return a table in which the direction of what customers began is `in`; one without directions as it is.

    Args:
        declared: the table; one query looks at its directions.
        incoming: what the business calls those that customers began; the usual words where nothing is said.
        is_named: whether it was said which column has the direction. One that has it by its name alone, and whose
            values do not tell who began, is read as a column of the business' own.

    Raises:
        HistoryError: what customers began cannot be told, or is named and the table lacks it.
    """
    named = as_names(incoming)
    if DIRECTION not in declared.columns:
        if named:
            raise HistoryError(
                f"What customers began is named ({listed(named)}), but no column of directions. Name it: "
                "direction = 'the column'."
            )
        return declared
    known = [value for value in few_values(declared.used.direction) if value.strip()]
    if not named and not is_named and not are_directions(known):
        return _as_own(declared)
    _check(named, known)
    names = named or set(filter(is_incoming, known))
    if names <= {INCOMING}:
        return declared
    table, used = (
        rows.mutate(direction=rows.direction.isin(sorted(names)).ifelse(INCOMING, rows.direction))
        for rows in (declared.table, declared.used)
    )
    assumed = () if named else (_assumption(names),)
    return replace(declared, table=table, used=used, assumed=(*declared.assumed, *assumed))


def _is_of(words: Collection[str], value: str) -> bool:
    return any(word in words for word in re.split(r"[\W_]+", value.strip().lower()))


def _as_own(declared: Events) -> Events:
    """Return a table whose directions are a column of the business' own, as they do not tell who began."""
    own = f"own_{DIRECTION}"
    note = (
        f"column {DIRECTION!r} does not say which contacts customers began, so it is not read as the direction (to "
        f'read it: {DIRECTION} = "{DIRECTION}", incoming = ["..."]); measures find it as {own!r}'
    )
    table, used = (rows.rename({own: DIRECTION}) for rows in (declared.table, declared.used))
    columns = {role: name for role, name in declared.columns.items() if role != DIRECTION}
    assumed = tuple(each for each in declared.assumed if each.change != f'{DIRECTION} = ""')
    return replace(declared, table=table, used=used, columns=columns, assumed=assumed, notes=(*declared.notes, note))


def _check(named: set[str], known: Sequence[str]) -> None:
    """Refuse directions that do not tell who began, and names that are none of them."""
    missing = unmet(named - {INCOMING}, known)
    if missing and known:
        raise HistoryError(
            f"What customers began is named {listed(missing)}, which is no direction of the table. Its directions are: "
            f'{shown(known)}. Name those that customers began: incoming = ["..."]'
        )
    if not named and not are_directions(known):
        raise HistoryError(
            f"No direction of the table says that a customer began the contact. Its directions are: {shown(known)}. "
            'Name those that customers began, incoming = ["..."], or leave the directions out: direction = ""'
        )


def _assumption(names: set[str]) -> Assumption:
    words = ", ".join(f'"{name}"' for name in sorted(names))
    return Assumption(f"customers began what has the direction {words}", f"incoming = [{words}]")
