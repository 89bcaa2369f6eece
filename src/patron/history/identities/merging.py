"""Merging: each key replaced by its customer before anything is counted; the raw tables and all times stay as they are.

Where rows of an attribute table meet under one customer, a rule says which holds, and the receipt how often.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any

import ibis
from ibis.expr.types import Column, Table

from patron.errors import HistoryError, listed, nearest
from patron.history.event_tables import Events
from patron.history.identities.table import CUSTOMER, KEY, TABLE, Identities
from patron.history.keys import unlike
from patron.history.point_in_time import CUSTOMER_NUMBER
from patron.history.roles import OTHER, TOTAL

__all__ = ["merged"]

PLACE, RAW = "identity_place", "identity_raw"
IN_PLACES = ("status", TOTAL)  # columns whose rows of one instant are told apart by their places in the file
MERGED_ROW = "row of a merged key"
FEW = 10  # keys of one customer that are no cause for alarm in however small a base
TOO_MANY = 3  # a customer with more than one in so many keys of the base


def merged(events: Mapping[str, Events], identities: Identities) -> dict[str, Events]:
    """Return the declared tables with the customer of each key in its place; runs a query over the keys of each.

    Args:
        events: event tables and attributes by name, with keys as their files have them.
        identities: the customer of each key.

    Raises:
        HistoryError: the identity table names a table or keys that the history lacks, or gives one customer more than
            a third of all keys.
    """
    _check_tables(events, identities)
    moves = {name: identities.moves(name) for name in events}
    keys = ibis.union(*(_keys(name, events[name], moves[name], identities) for name in events)).cache()
    counts = keys.group_by("name").aggregate(customers=keys.customer.nunique(), **_figures(keys))
    figures = {row["name"]: row for row in counts.to_pyarrow().to_pylist()}
    whole = _check_base(keys, events, identities)
    result = {}
    for name, declared in events.items():
        moved = figures.get(name, {"keys": 0, "moved": 0})
        counted = replace(declared, met={**declared.met, "identity table": (moved["keys"], moved["moved"])})
        counted = _with_other(name, counted, identities) if OTHER in declared.columns else counted
        result[name] = _merged(name, counted, identities, _note(moved)) if moved["moved"] else counted
    first = next(name for name, declared in result.items() if not declared.attributes)
    return result | {first: replace(result[first], notes=(*result[first].notes, whole))}


def _check_tables(events: Mapping[str, Events], identities: Identities) -> None:
    lines = identities.lines
    names = lines.filter(lines[TABLE].notnull()).select(TABLE).distinct().to_pyarrow()[TABLE].to_pylist()
    for name in sorted({*names, *identities.silos}):
        if name not in events:
            where = "has lines for the table" if name in names else "takes for a silo the table"
            raise HistoryError(
                f"The identity table {where} {name!r}, which the history lacks.{nearest(name, events)} "
                f"It has: {listed(events)}. Write the name of one of these, or leave it out."
            )


def _keys(name: str, declared: Events, moves: Table, identities: Identities) -> Table:
    """Return the different keys of a table, each with its customer."""
    keys = declared.used.select(key=declared.used.customer).distinct()
    joined = keys.left_join(moves, keys.key == moves[KEY])
    unnamed = identities.unnamed(name, keys.key)
    return joined.select(name=ibis.literal(name), key=keys.key, own=unnamed, customer=moves[CUSTOMER].coalesce(unnamed))


def _figures(keys: Table) -> dict[str, Any]:
    return {"keys": keys.key.nunique(), "moved": (keys.key != keys.customer).sum()}


def _note(figures: Mapping[str, int]) -> str:
    return (
        f"{figures['keys']:,} keys are {figures['customers']:,} customers by the identity table, which gives "
        f"{figures['moved']:,} of them another name"
    )


def _check_base(keys: Table, events: Mapping[str, Events], identities: Identities) -> str:
    """Refuse merges that no business can mean; describe those of the whole base."""
    once = keys.select("own", "customer").distinct()
    sizes = once.group_by("customer").aggregate(size=once.own.nunique())
    total = sizes.aggregate(customers=sizes.count(), keys=sizes["size"].sum(), most=sizes["size"].max())
    n = total.to_pyarrow().to_pylist()[0]
    if n["customers"] == n["keys"]:
        _check_known(keys, identities)
    allowed = identities.largest or max(FEW, n["keys"] // TOO_MANY)
    if n["most"] > allowed:
        raise HistoryError(
            f"The identity table makes one customer of {n['most']:,} of the {n['keys']:,} keys of {listed(events)}, "
            f"and up to {allowed:,} are allowed. Look for a customer that stands for many people, such as a guest; or "
            f"allow it: largest = {n['most']}."
        )
    several = sizes.filter(sizes["size"] > 1).aggregate(n=lambda t: t.count(), keys=lambda t: t["size"].sum())
    joined = several.to_pyarrow().to_pylist()[0]
    return (
        f"over all tables {n['keys']:,} keys are {n['customers']:,} customers: {joined['keys'] or 0:,} keys were "
        f"merged into {joined['n']:,} customers, the largest of {n['most']:,} keys"
    )


def _check_known(keys: Table, identities: Identities) -> None:
    """Refuse an identity table none of whose keys is one of the history: its keys are written in another way."""
    lines = identities.lines.select(customer=identities.lines[KEY]).distinct()
    theirs = keys.select(customer=keys.key).distinct()
    if lines.count().to_pyarrow().as_py() and not lines.intersect(theirs).count().to_pyarrow().as_py():
        raise HistoryError(
            f"The identity table names {lines.count().to_pyarrow().as_py():,} keys, but none of the "
            f"{theirs.count().to_pyarrow().as_py():,} of the history: {unlike(lines, theirs)}"
        )


def _merged(name: str, declared: Events, identities: Identities, note: str) -> Events:
    """Return a table with the customers of its keys; the number of a key is none of its customer."""
    table, used = (_renamed(name, rows, identities) for rows in (declared.table, declared.used))
    renamed = replace(declared, table=table, used=used, notes=(*declared.notes, note), customers=0)
    renamed = _once(renamed) if declared.attributes else renamed
    return replace(renamed, table=renamed.table.drop(RAW), used=renamed.used.drop(RAW))


def _with_other(name: str, declared: Events, identities: Identities) -> Events:
    """Return ties with the customer at the other end of each in the place of its key."""
    moves = identities.moves(name)
    table, used = (
        rows.left_join(moves, rows[OTHER] == moves[KEY])
        .mutate(**{OTHER: moves[CUSTOMER].coalesce(identities.unnamed(name, rows[OTHER]))})
        .select(*rows.columns)
        for rows in (declared.table, declared.used)
    )
    return replace(declared, table=table, used=used)


def _renamed(name: str, rows: Table, identities: Identities) -> Table:
    moves = identities.moves(name)
    kept = [column for column in rows.columns if column != CUSTOMER_NUMBER]
    placed = any(column in kept for column in IN_PLACES)
    rows = rows.mutate(**{PLACE: ibis.row_number()}) if placed else rows
    joined = rows.left_join(moves, rows.customer == moves[KEY])
    result = joined.mutate(
        **{RAW: rows.customer, "customer": moves[CUSTOMER].coalesce(identities.unnamed(name, rows.customer))}
    )
    if placed:
        result = result.order_by(PLACE).cache()
    return result.select(*kept, RAW)


def _once(declared: Events) -> Events:
    """Make one row of those that merged keys have of one time.

    That of the customer's own key counts, or else of the first key; what it does not tell is taken from the next.
    """
    rows = declared.used
    when = [column for column in ("customer", "at", "known_at") if column in rows.columns]
    several = _several(rows, when, declared.attributes).cache()
    counts = several.aggregate(n=several.count(), differ=several._differ.sum(), keys=several._keys.sum())
    n = counts.to_pyarrow().to_pylist()[0]
    if not n["n"]:
        return declared
    joined = rows.left_join(several, [rows[column] == several[f"_{column}"] for column in when])
    is_first = (several._first.isnull() | (several._first == rows[RAW])).fill_null(True)
    values = {column: several[f"_value_{i}"].coalesce(rows[column]) for i, column in enumerate(_simple(declared))}
    used = joined.filter(is_first).mutate(**values).select(*rows.columns)
    note = (
        f"{n['keys']:,} rows of merged keys became those of {n['n']:,} customers; {n['differ']:,} customers had rows "
        "that differ: the row of the customer's own key counts, or else of the first key, and what it does not tell "
        "is taken from the next"
    )
    return replace(
        declared, table=_marked(declared.table, several, when), used=used.cache(), notes=(*declared.notes, note)
    )


def _simple(declared: Events) -> list[str]:
    return [column for column in declared.attributes if not declared.used[column].type().is_nested()]


def _several(rows: Table, when: list[str], attributes: tuple[str, ...]) -> Table:
    """Return the times at which a customer has a row of each of several keys, with what the rows tell together."""
    order = [rows[RAW] != rows.customer, rows[RAW]]
    simple = [column for column in attributes if not rows[column].type().is_nested()]
    known = {column: _known(rows[column]) for column in simple}
    first = {f"_value_{i}": known[c].first(where=known[c].notnull(), order_by=order) for i, c in enumerate(simple)}
    differ = reduce(or_, (value.nunique() > 1 for value in known.values()), ibis.literal(False))
    grouped = rows.group_by(**{f"_{column}": rows[column] for column in when}).aggregate(
        _keys=rows[RAW].nunique(), _rows=rows.count(), _first=rows[RAW].first(order_by=order), _differ=differ, **first
    )
    return grouped.filter((grouped._keys > 1) & (grouped._rows == grouped._keys))


def _known(column: Column) -> Column:
    """Return a value that tells something; an empty text is unknown."""
    return column.strip().nullif("") if column.type().is_string() else column


def _marked(table: Table, several: Table, when: list[str]) -> Table:
    """Set aside the rows that stand in another one now, so that every row stays counted."""
    joined = table.left_join(several, [table[column] == several[f"_{column}"] for column in when])
    again = table.set_aside.isnull() & (several._first != table[RAW]).fill_null(False)
    return joined.mutate(set_aside=again.ifelse(MERGED_ROW, table.set_aside)).select(*table.columns)
