"""Data frames taken in: each column as a type that an engine has, and as text where it has none.

A text can be kept and counted; what it cannot be used for (money, times) is refused by the role that it is given.
"""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Protocol, runtime_checkable

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from patron.errors import HistoryError

__all__ = ["ArrowStream", "framed", "framed_stream", "nameless", "shapeless"]

READABLE = ("string", "floating", "integer", "mixed-integer-float", "decimal", "boolean", "datetime", "date", "time")
PLAIN = ("b", "i", "u", "f", "M")  # kinds of numpy's types
SHAPELESS: Mapping[str, tuple[type, ...]] = {
    "lists": (list, tuple, set, frozenset, np.ndarray),
    "structures": (dict,),
    "bytes": (bytes, bytearray, memoryview),
}
FIRST, LAST = pd.Timestamp("0001-01-01"), pd.Timestamp("9999-12-31")
WIDEST = 28  # figures of a number with places; an engine has to compare and multiply it in 38
NO_TYPE = (OverflowError, ValueError, TypeError, pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError)


def framed(frame: pd.DataFrame) -> Table:
    """Return a data frame as a table that an engine can run; columns without a name are left out.

    Raises:
        HistoryError: names have several levels, come twice, or differ by capitals only; or no column is left.

    >>> framed(pd.DataFrame({"c": ["a"], 2024: [1.5]})).columns
    ('c', '2024')
    """
    named = _named(frame)
    return ibis.memtable(pa.table({name: _column(named[name]) for name in named}))


@runtime_checkable
class ArrowStream(Protocol):
    """A table that Arrow can take over without knowing whose it is, such as one of polars or of pyarrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows by the interface that all such tables share."""


def framed_stream(stream: ArrowStream) -> Table:
    """Return a table of Arrow, polars or another library as one that an engine can run, like a data frame.

    Raises:
        HistoryError: names come twice, or differ by capitals only; or no column is left.

    >>> framed_stream(pa.table({"c": ["a"], "x": [1.5]})).columns
    ('c', 'x')
    """
    table = pa.table(stream)
    kept = [place for place, name in enumerate(table.column_names) if not _has_no_name(name)]
    _check_names([table.column_names[place] for place in kept])
    return ibis.memtable(
        pa.table({table.column_names[place]: _typed(_texts_in_place(table.column(place))) for place in kept})
    )


def nameless(frame: object) -> int:
    """Return how many columns of a data frame or of a table of Arrow have no name, such as a saved index.

    >>> nameless(pd.DataFrame({"": [0], "c": ["a"]}))
    1
    """
    names = frame.columns if isinstance(frame, pd.DataFrame) else getattr(frame, "column_names", ())
    return sum(map(_has_no_name, names))


def shapeless(frame: pd.DataFrame | pa.Table) -> dict[str, str]:
    """Return the columns that hold lists, structures or bytes, which an engine gets as texts, by what they hold.

    >>> shapeless(pd.DataFrame({"a": [["x"], None], "b": [None, b"y"], "c": ["z", "z"]}))
    {'a': 'lists', 'b': 'bytes'}
    """
    if isinstance(frame, pa.Table):
        kinds = {field.name: _kind_of_type(field.type) for field in frame.schema}
    else:
        kinds = {str(name): _kind_of_values(frame.iloc[:, place]) for place, name in enumerate(frame.columns)}
    return {name: kind for name, kind in kinds.items() if kind}


def _kind_of_type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return _kind_of_type(kind.value_type)
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        return "structures"
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    if any(is_kind(kind) for is_kind in tests):
        return "bytes"
    return "lists" if pa.types.is_nested(kind) else ""


def _kind_of_values(column: pd.Series) -> str:
    """Return what some values of a column are that are no texts, numbers or times, or nothing."""
    if isinstance(column.dtype, pd.ArrowDtype):
        return _kind_of_type(column.dtype.pyarrow_dtype)
    if column.dtype != object or pd.api.types.infer_dtype(column, skipna=True) in READABLE:
        return ""
    types = set(column.map(type))
    return next((kind for kind, classes in SHAPELESS.items() if any(issubclass(t, classes) for t in types)), "")


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    if frame.columns.nlevels > 1:
        raise HistoryError(
            f"The data frame has names of {frame.columns.nlevels} levels, such as {frame.columns[0]!r}. "
            "Give each column one name: frame.columns = ['_'.join(map(str, name)) for name in frame.columns]."
        )
    kept = frame.loc[:, [not _has_no_name(name) for name in frame.columns]]
    named = kept.set_axis(pd.Index([str(name) for name in kept.columns], dtype=object), axis=1)
    _check_names(list(named.columns))
    return named


def _has_no_name(name: Hashable) -> bool:
    return name is None or name != name or name is pd.NA or not str(name).strip()


def _check_names(names: list[str]) -> None:
    """Refuse names that an engine cannot tell apart; it takes capitals and small letters for the same."""
    if not names:
        raise HistoryError("The data frame has no column with a name. Give it columns, and each of them a name.")
    for name in names:
        if "\0" in name or not _is_written(name):
            raise HistoryError(
                f"The data frame has a column {name!a} with a sign that no engine reads. Give it another name."
            )
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if names.count(name) > 1:
            raise HistoryError(f"The data frame has the column {name!r} twice. Give each column one name.")
        if other != name:
            raise HistoryError(
                f"The data frame has columns {other!r} and {name!r}, which differ by capitals only, and an engine "
                f"takes them for one. Rename one: frame.rename(columns={{{name!r}: {name + '_2'!r}}})."
            )


def _is_written(text: str) -> bool:
    """Check whether a text can be written as UTF-8; halves of a sign cannot."""
    return text.encode("utf-8", "replace").decode() == text


def _is_plain(column: pd.Series) -> bool:
    """Check whether an engine reads a column as it is: numpy's numbers, and times that it can hold."""
    kind = column.dtype
    if isinstance(kind, pd.StringDtype):
        return True
    return getattr(kind, "kind", "O") in PLAIN and str(kind) in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"),
        "datetime64[us]",
    )


def _column(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    """Return a column as Arrow holds it, of a type that an engine has; a later change of the frame changes nothing."""
    if _is_plain(column):
        return pa.array(column.copy(), from_pandas=True)
    try:
        return _arrow(column)
    except NO_TYPE:
        return _texts(column)


def _arrow(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = pd.Series(column.to_numpy(dtype=object), index=column.index, dtype=object).infer_objects()
    if isinstance(column.dtype, pd.SparseDtype):
        column = column.sparse.to_dense()
    if isinstance(column.dtype, pd.PeriodDtype | pd.IntervalDtype) or column.dtype.kind in "mc":
        return _texts(column)
    if column.dtype == object:
        return _objects(column)
    if pd.api.types.is_datetime64_any_dtype(column) and not isinstance(column.dtype, pd.ArrowDtype):
        return pa.array(_micros(column), from_pandas=True)
    if pd.api.types.is_float_dtype(column) and column.dtype.itemsize not in (4, 8):
        column = column.astype("float64")
    return _typed(pa.array(column, from_pandas=True))


def _objects(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    """Read Python's objects as what all of them are, and as texts where they are of several kinds."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind == "empty":
        return pa.nulls(len(column), pa.float64())
    if kind not in READABLE or (kind == "datetime" and column.dropna().map(lambda at: at.tzinfo is None).nunique() > 1):
        return _texts(column)
    try:
        return _typed(pa.array(column, from_pandas=True))
    except NO_TYPE:
        if kind == "integer":
            return _typed(pa.array(column.map(Decimal, na_action="ignore"), from_pandas=True))
        if kind == "decimal":
            return pa.array(column.astype("float64"), from_pandas=True)
        raise


def _micros(column: pd.Series) -> pd.Series:
    """Return times to the microsecond, as an engine keeps them; what is beyond any calendar stays beyond."""
    if column.dt.unit in ("s", "ms"):
        zone = column.dt.tz
        column = column.clip(FIRST.tz_localize(zone).as_unit("s"), LAST.tz_localize(zone).as_unit("s"))
    return column.dt.as_unit("us")


def _typed(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return Arrow's values in a type that an engine has."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _typed(values.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        return values.cast(pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_decimal(kind):
        return _decimals(values)
    if pa.types.is_float16(kind):
        return values.cast(pa.float64())
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.float64())
    kept = (pa.types.is_primitive, pa.types.is_string, pa.types.is_large_string)
    return (
        values if any(is_kept(kind) for is_kept in kept) and not pa.types.is_duration(kind) else _texts(_series(values))
    )


def _decimals(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return exact numbers, whole ones without places; as floats where no engine holds so many figures."""
    kind = values.type
    if kind.scale <= 0 or pc.all(pc.equal(values, pc.round(values)), min_count=0).as_py():
        return values.cast(pa.decimal128(38, 0))
    return values if kind.precision <= WIDEST else values.cast(pa.float64())


def _texts_in_place(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts that lie where others of a column do, as polars keeps them, in the form that all functions take."""
    if pa.types.is_string_view(column.type):
        return column.cast(pa.string())
    if not pa.types.is_dictionary(column.type) or not pa.types.is_string_view(column.type.value_type):
        return column
    parts = [(part.indices, part.dictionary.cast(pa.string())) for part in column.chunks]
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(*part) for part in parts], pa.dictionary(column.type.index_type, pa.string())
    )


def _series(values: pa.Array | pa.ChunkedArray) -> pd.Series:
    return pd.Series(values.to_pylist(), dtype=object)


def _texts(column: pd.Series) -> pa.Array:
    texts = pd.Series(column.to_numpy(dtype=object), dtype=object).map(_text, na_action="ignore")
    return pa.array(texts.where(texts.notna(), None).to_numpy(dtype=object), pa.string(), from_pandas=True)


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    try:
        return str(value).encode("utf-8", "backslashreplace").decode()
    except Exception:  # whatever an object of somebody else's does when it is asked for its text
        return f"a {type(value).__name__} without a text"
