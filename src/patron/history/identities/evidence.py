"""Evidence: which keys have which identifiers, one line for each different pair, and what was left out and why.

An engine finds the different values; what is done with each of them is done once, however many events have it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from ibis.expr.types import Column, Table

from patron.errors import HistoryError, listed, listed_columns, nearest
from patron.history.event_tables import Events
from patron.history.identities.identifiers import PLACEHOLDER, hashed, readers
from patron.history.identities.matching import Matching
from patron.history.identities.table import silo_key
from patron.pseudonyms import pseudonyms

__all__ = ["Evidence", "evidence", "nodes_of", "values_of"]

Line = tuple[str, str, int, int, str]
MOST_VALUES = 10  # identifiers of one kind on one key: beyond, it stands for many people, such as a guest


@dataclass(frozen=True)
class Evidence:
    """The keys of all tables, and the identifiers that each of them has.

    Args:
        keys: `silo` (empty for keys that tables share), `key`, and `name`, what it is called among all; those of the
            first table of the matching first, then by name.
        identifiers: `node` (the place of its key), `kind` and `value` (hashed), each once.
        left_out: `what`, `kind`, `count` of values that are no evidence, and `size` and `value` where one is meant.
    """

    keys: pd.DataFrame
    identifiers: pd.DataFrame
    left_out: pd.DataFrame


def evidence(tables: Mapping[str, Events], matching: Matching, secret: bytes) -> Evidence:
    """Gather the identifiers of all keys; runs one query for each kind of each table.

    Args:
        tables: the declared tables, with keys as their files have them.
        matching: which columns identify, and the rules.
        secret: of this business, for the hashes.

    Raises:
        HistoryError: a table or column is not there, or phone numbers cannot be read.
    """
    _check_tables(tables, matching)
    keys = _keys(tables, matching)
    written, left_out = [], []
    for kind, reader in readers(matching).items():
        raw = values_of(kind, tables, matching)
        values = _read(raw.value, kind, reader, secret)
        left_out += _unused(kind, raw.value, values)
        raw = raw.assign(value=raw.value.map(values), kind=kind).dropna(subset="value")
        written.append(raw.assign(node=nodes_of(raw, keys))[["node", "kind", "value"]].drop_duplicates())
    known = pd.concat(written, ignore_index=True)
    known, crowded = _without_crowds(known, keys, secret)
    known, shared = _without_shared(known, matching.most_keys)
    columns = ["what", "kind", "count", "size", "value"]
    return Evidence(keys, known, pd.DataFrame([*left_out, *crowded, *shared], columns=columns))


def nodes_of(values: pd.DataFrame, keys: pd.DataFrame) -> np.ndarray:
    """Return the place of the key of each value."""
    places = pd.Series(keys.index, index=pd.MultiIndex.from_frame(keys[["silo", "key"]]))
    return places.reindex(pd.MultiIndex.from_frame(values[["silo", "key"]])).to_numpy(dtype="int64")


def values_of(kind: str, tables: Mapping[str, Events], matching: Matching) -> pd.DataFrame:
    """Return the different values of a kind on each key, as texts: `table`, `silo`, `key`, `value`, and rows, `n`."""
    parts = []
    for table, columns in matching.match.items():
        named = columns.get(kind, ())
        for column in [named] if isinstance(named, str) else named:
            rows = tables[table].used
            value = _column(table, tables[table], column)
            texts = rows.select(key=rows.customer, value=_text(value))
            texts = texts.filter(texts.value.notnull())
            counts = texts.group_by(["key", "value"]).aggregate(n=texts.count())
            silo = table if table in matching.silos else ""
            parts.append(counts.to_pyarrow().to_pandas().assign(silo=silo, table=table))
    empty = pd.DataFrame({"key": [], "value": [], "n": [], "silo": [], "table": []})
    return pd.concat(parts, ignore_index=True) if parts else empty


def _column(table: str, declared: Events, column: str) -> Column:
    """Return a column of a declared table by the name that it has in its file."""
    rows = declared.used
    roles = {name: role for role, name in declared.columns.items() if name}
    for name in (roles.get(column, ""), column, f"own_{column}"):
        if name in rows.columns:
            return rows[name]
    names = {name for name in rows.columns if name not in declared.columns} | set(roles)
    raise HistoryError(
        f"Table {table!r} has no column {column!r} to match by.{nearest(column, names)} It has: "
        f"{listed_columns(names)}. Name the right one in [identity.match.{table}]; "
        "what was left out (leave_out) cannot be used."
    )


def _check_tables(tables: Mapping[str, Events], matching: Matching) -> None:
    for name in (*matching.match, *matching.silos):
        if name not in tables:
            raise HistoryError(
                f"There is no table {name!r} whose keys could be matched.{nearest(name, tables)} There are: "
                f"{listed(tables)}. Write [identity.match.{next(iter(tables), 'orders')}], for example."
            )


def _keys(tables: Mapping[str, Events], matching: Matching) -> pd.DataFrame:
    """Return the keys of the tables that are matched, each once, in the order in which they give names to customers."""
    parts = []
    for place, table in enumerate(matching.match):
        rows: Table = tables[table].used.select(key="customer").distinct()
        silo = table if table in matching.silos else ""
        parts.append(rows.to_pyarrow().to_pandas().assign(silo=silo, place=len(matching.match) if silo else place))
    keys = pd.concat(parts, ignore_index=True).sort_values(["place", "silo", "key"], kind="stable")
    keys = keys.drop_duplicates(["silo", "key"]).drop(columns="place").reset_index(drop=True)
    keys["name"] = [silo_key(silo, key) if silo else key for silo, key in zip(keys.silo, keys.key, strict=True)]
    if n := int(keys.name.duplicated().sum()):
        raise HistoryError(
            f"{n:,} keys that tables share are written like keys of the silos {listed(matching.silos)}, table:key. "
            "Give the silo's table another name."
        )
    return keys


def _text(column: Column) -> Column:
    kind = column.type()
    if kind.is_timestamp() or kind.is_date():
        return column.cast("date").cast("string")
    if kind.is_floating():
        column = column.try_cast("int64").cast("string").coalesce(column.cast("string"))
    return column.cast("string").strip().nullif("")


def _read(raw: pd.Series, kind: str, reader: Callable[[str], str], secret: bytes) -> dict[str, str | None]:
    """Return for each different text its hash, `PLACEHOLDER`, or nothing where it is no identifier."""
    values: dict[str, str | None] = {}
    for text in raw.unique():
        value = reader(text)
        values[text] = hashed(kind, value, secret) if value and value != PLACEHOLDER else value or None
    return values


def _unused(kind: str, raw: pd.Series, values: dict[str, str | None]) -> list[Line]:
    """Count the different texts that are no identifier, and take the placeholders out."""
    nobody = [text for text, value in values.items() if value == PLACEHOLDER]
    invalid = sum(value is None for value in values.values())
    for text in nobody:
        values[text] = None
    counts = {"invalid": invalid, "placeholder": len(nobody)}
    return [(what, kind, n, 0, "") for what, n in counts.items() if n]


def _without_crowds(known: pd.DataFrame, keys: pd.DataFrame, secret: bytes) -> tuple[pd.DataFrame, list[Line]]:
    """Leave out keys with more identifiers than a person has: they stand for many people."""
    counts = known.groupby(["node", "kind"]).value.nunique()
    crowds = counts[counts > MOST_VALUES]
    names = keys.name[crowds.index.get_level_values("node")]
    named = dict(zip(names, pseudonyms(names, secret), strict=True))
    lines = [("key of many", kind, 1, int(n), named[keys.name[node]]) for (node, kind), n in crowds.items()]
    return known[~known.node.isin(crowds.index.get_level_values("node"))], lines


def _without_shared(known: pd.DataFrame, most_keys: int) -> tuple[pd.DataFrame, list[Line]]:
    """Leave out identifiers of more keys than one person has."""
    counts = known.groupby(["kind", "value"]).node.nunique()
    shared = counts[counts > most_keys].sort_values(ascending=False)
    lines = [("shared by many", kind, 1, int(n), value) for (kind, value), n in shared.items()]
    return known[~known.value.isin(shared.index.get_level_values("value"))], lines
