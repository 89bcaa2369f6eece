"""Joins: the columns of other files brought to the rows of an event table, each by a key that is unique there.

Every row keeps its place and is counted, whether it meets a row of the other file or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ibis
import pandas as pd
from ibis.common.exceptions import IbisError
from ibis.expr.types import Column, Table

from patron.engines.files import FileFormat, Opened, Source, open_source
from patron.errors import HistoryError, listed, listed_columns, nearest
from patron.history.customer_keys import customer_key
from patron.history.keys import has_points, shape, way_to_meet, without_point
from patron.history.roles import NUMBER_ROLES, Role

__all__ = ["Join", "key_columns", "not_of_the_row", "with_joins"]

PLACE, MET = "place_of_row", "row_meets_other"
APART = ("shipping", "total", "unit_cost")
OURS, THEIRS = "key_of_row_", "key_of_other_"


@dataclass(frozen=True)
class Join:
    """Another file, of which each row of an event table gets the columns of the one row with its key.

    Args:
        source: path of a Parquet, CSV or Excel file, or of a folder of Parquet or CSV files, a pandas frame, or an Ibis
            table.
        on: the column of the key, where both call it the same; or, for each column of the table, that of the other
            file, for example {"invoice": "order_id"}.
        encoding: how the bytes of a CSV file are read; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file, or "*" for all of the same columns; by default the first, or a series.

    >>> Join("orders.csv", on="order_id").columns
    {'order_id': 'order_id'}
    """

    source: Source
    on: str | Mapping[str, str]
    encoding: str = ""
    sheet: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """By column of the table's key that of the other file's."""
        return {self.on: self.on} if isinstance(self.on, str) else dict(self.on)

    @property
    def name(self) -> str:
        """What the other file is called in messages."""
        return _named(self.source)

    @property
    def key(self) -> str:
        """The columns of the table's key in words."""
        return " and ".join(map(repr, self.columns))

    def line_for(self, theirs: str) -> str:
        """Return the line of a settings file that names the columns of the other file."""
        return "on = { " + ", ".join(f'{ours} = "{theirs}"' for ours in self.columns) + " }"


def with_joins(
    source: Source, opened: Opened, joins: Sequence[Join], form: FileFormat
) -> tuple[Opened, tuple[str, ...]]:
    """Bring the columns of other files to the rows of a table, with notes on how many meet one; runs a few queries.

    A column that both have keeps the values of the table.

    Args:
        source: what the table was opened from.
        opened: the table.
        joins: the other files, in order: the key of one may come from one before it.
        form: how the files are written, as far as somebody said so of the table.

    Raises:
        HistoryError: a key is not there, stands on several rows of the other file, or none of the rows meets one.
    """
    notes: tuple[str, ...] = ()
    for join in joins:
        other = open_source(join.source, replace(form, encoding=join.encoding, sheet=join.sheet))
        _check_together(opened.table, other.table, join)
        table, seen, met = _joined(source, opened.table, other.table, join)
        comma = ";" if ";" in (opened.delimiter, other.delimiter) else opened.delimiter or other.delimiter
        assumed, stamps = (*opened.assumed, *other.assumed), (*opened.stamps, *other.stamps)
        held, both = {**other.shapeless, **opened.shapeless}, {**opened.met, f"file joined by {join.key}": met}
        opened = Opened(table, comma, assumed, stamps, held, both)
        notes += seen
    return opened, notes


def not_of_the_row(own: Sequence[str], columns: Sequence[str], roles: Mapping[str, Role]) -> dict[str, str]:
    """Return the roles of numbers that no column takes by its name alone, each with a note.

    A number of a joined file may be that of a whole order, which would be added up once for each of its lines. What
    sending an order cost is told apart by its lines anyway.

    Args:
        own: the columns of the table itself.
        columns: those of the table and its joins.
        roles: the declared ones.

    >>> list(not_of_the_row(["order_id", "price"], ["order_id", "price", "discount"], {"amount": "price"}))
    ['discount']
    """
    named = {*roles, *(column for column in roles.values() if isinstance(column, str))}
    aside = [role for role in NUMBER_ROLES if role in columns and role not in (*own, *named, *APART)]
    return {
        role: f"column {role!r} comes from a joined file, where it may be that of a whole order, and is not read as "
        f'the {role} of each row (to read it: {role} = "{role}")'
        for role in aside
    }


def key_columns(joins: Sequence[Join]) -> list[str]:
    """Return the columns of the keys, on both sides.

    Raises:
        HistoryError: the joins are no list of such values.

    >>> key_columns([Join("orders.csv", on={"invoice": "order_id"})])
    ['invoice', 'order_id']
    """
    _check_joins(joins)
    return [column for join in joins for pair in join.columns.items() for column in pair]


def _check_joins(joins: Sequence[Join]) -> None:
    for join in joins if isinstance(joins, list | tuple) else [joins]:
        if not isinstance(join, Join) or not isinstance(joins, list | tuple):
            raise HistoryError(
                f"Joins are a list of pt.Join values, got {type(join).__name__}. "
                "Write joins=[pt.Join('orders.csv', on='order_id')]."
            )
        columns = join.columns if isinstance(join.on, str | Mapping) else {}
        if not columns or not all(isinstance(name, str) and name for pair in columns.items() for name in pair):
            raise HistoryError(
                f"The key of the join with {join.name} is a column, or columns of the table with those of the other "
                f"file, got {join.on!r}. Write on = 'order_id' or on = {{ invoice = 'order_id' }}."
            )


def _check_together(table: Table, other: Table, join: Join) -> None:
    try:
        ibis.union(table.select(row=1), other.select(row=1)).get_backend()
    except IbisError:
        raise HistoryError(
            f"The table and {join.name}, which is joined to it, are opened by different engines or connections. "
            "Open both with the same one, or give files and data frames."
        ) from None


def _joined(source: Source, table: Table, other: Table, join: Join) -> tuple[Table, tuple[str, ...], tuple[int, int]]:
    """Join one file; rows stay in order, as the place of a row tells which of an order came last."""
    _check_columns(table, other, join)
    keys = [_alike(table, table[ours], other, other[theirs]) for ours, theirs in join.columns.items()]
    ours = {f"{OURS}{i}": key for i, (key, _) in enumerate(keys)}
    theirs = {f"{THEIRS}{i}": key for i, (_, key) in enumerate(keys)}
    own = {column.lower() for column in table.columns}  # an engine takes capitals and small letters for the same
    free = [column for column in other.columns if column.lower() not in own]
    rows, others = table.mutate(**ours, **{PLACE: ibis.row_number()}), other.select(*free, **theirs)
    _check_unique(source, others, list(theirs), join)
    both = rows.left_join(others, [rows[a] == others[b] for a, b in zip(ours, theirs, strict=True)])
    ordered = both.mutate(**{MET: both[f"{THEIRS}0"].notnull()}).order_by(PLACE)
    result = ordered.select(*table.columns, *free, MET).cache()
    counts = result.aggregate(n=result.count(), met=result[MET].sum()).to_pyarrow().to_pylist()[0]
    if counts["n"] and not counts["met"]:
        raise HistoryError(_meets_none(counts["n"], rows, others, join))
    again = [c for c in other.columns if c.lower() in own and c not in join.columns.values()]
    met = counts["n"], counts["met"] or 0
    return result.drop(MET), (_share(*met, join), *_left_out(again, join)), met


def _check_columns(table: Table, other: Table, join: Join) -> None:
    for ours, theirs in join.columns.items():
        for column, rows, where in ((ours, table, "the table"), (theirs, other, join.name)):
            if column not in rows.columns:
                mend = f"{ours} = '...'" if rows is other else f"the_column = '{theirs}'"
                index = " The index of a frame is no column: frame.reset_index()." if _is_index(column, join) else ""
                raise HistoryError(
                    f"The join with {join.name} is on the column {column!r}, which {where} lacks."
                    f"{nearest(column, rows.columns)} It has: {listed_columns(rows.columns)}.{index} "
                    f"Name the right one: on = {{ {mend} }}."
                )


def _is_index(column: str, join: Join) -> bool:
    return isinstance(join.source, pd.DataFrame) and column in join.source.index.names


def _alike(table: Table, ours: Column, other: Table, theirs: Column) -> tuple[Column, Column]:
    """Return the key of both sides written alike, as keys of customers are tidied."""
    if ours.type().is_integer() and theirs.type().is_integer():
        return ours, theirs
    sides = customer_key(ours), customer_key(theirs)
    tables = (rows.select(customer=key) for rows, key in zip((table, other), sides, strict=True))
    if any(has_points(rows) for rows in tables):
        return without_point(sides[0]), without_point(sides[1])
    return sides


def _check_unique(source: Source, others: Table, key: Sequence[str], join: Join) -> None:
    """Refuse a key that several rows of the other file have: which of them counts could not be told."""
    known = others.filter([others[column].notnull() for column in key])
    keys = known.group_by(key).aggregate(n=known.count())
    several = keys.aggregate(keys=(keys.n > 1).sum(), rows=keys.n.sum(where=keys.n > 1)).to_pyarrow().to_pylist()[0]
    if not several["keys"]:
        return
    names = listed(map(repr, join.columns.values()))
    own, back = (_named(s) for s in (source, join.source))
    way = ", ".join(f'{theirs} = "{ours}"' for ours, theirs in join.columns.items())
    turned = f'"{join.on}"' if isinstance(join.on, str) else f"{{ {way} }}"
    raise HistoryError(
        f"The join with {join.name} is on {names}, but {several['keys']:,} of its keys stand on several rows each "
        f"({several['rows']:,} rows), so which one a row belongs to cannot be told. Keep one row for each key; or, if "
        f"its rows are the events, make it the table and join the other to it: path = {_quoted(back)}, "
        f"joins = [{{ path = {_quoted(own)}, on = {turned} }}]."
    )


def _meets_none(n: int, rows: Table, others: Table, join: Join) -> str:
    sides = [
        table.select(customer=table[f"{name}0"].cast("string")) for table, name in ((rows, OURS), (others, THEIRS))
    ]
    sides = [side.filter(side.customer.notnull()) for side in sides]
    looks = [shape(side) for side in sides]
    like = f"like {looks[1]}, the table's like {looks[0]}" if looks[0] != looks[1] else f"like {looks[0]} in both"
    way = way_to_meet(*sides)
    mend = f"Without {way} they meet: write them alike in both; or name" if way else "Name"
    return (
        f"The join with {join.name} on {join.key} brings nothing: none of the {n:,} rows meets one of it. The "
        f"keys look {like}. {mend} the columns with the same keys: {join.line_for('...')}."
    )


def _share(n: int, met: int, join: Join) -> str:
    some = f"all {n:,} rows meet" if met == n else f"{met:,} of {n:,} rows ({met / n:.1%}) meet"
    return f"{some} a row of {join.name} by {join.key}"


def _left_out(columns: Sequence[str], join: Join) -> tuple[str, ...]:
    if not columns:
        return ()
    few = f"the columns {listed(map(repr, columns))}" if len(columns) > 1 else f"a column {columns[0]!r}"
    return (f"{join.name} has {few}, too; the table's own counts",)


def _named(source: Source) -> str:
    if isinstance(source, str | Path):
        return repr(Path(source).name)
    return "the joined frame" if isinstance(source, pd.DataFrame) else "the joined table"


def _quoted(name: str) -> str:
    return f'"{name[1:-1]}"' if name.startswith("'") else '"..."'
