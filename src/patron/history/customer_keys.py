"""Customer keys: a column of keys as tidy texts, null where a key stands for nobody.

Keys that are tidy already, as one count of them proves, stay the column that they are: an engine reads that many times
faster than it tidies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

import ibis
from ibis.expr.datatypes import DataType
from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError

__all__ = ["CustomerKeys", "check_key_type", "check_keys_written", "customer_key", "customer_keys"]

NOBODY = ("", "nan", "none", "null", "<na>", "inf", "-inf")
LONGEST = max(map(len, NOBODY))
DOUBTFUL = sorted({ord(letter) for name in NOBODY for letter in name[:1] + name[:1].upper()})
WRITING = {
    "bytes": "Write them as texts before: frame[{0!r}] = frame[{0!r}].str.decode('utf-8')",
    "lists": "Write each as a text before: frame[{0!r}] = frame[{0!r}].str.join('-')",
    "structures": "Name the column of a field of them: frame['key'] = frame[{0!r}].str['...'], then customer = 'key'",
}
FIRST_SIGN = "!"  # whatever begins with a blank, or is empty, comes before it


@dataclass(frozen=True)
class CustomerKeys:
    """A column of keys: the tidy text of each, where there is no customer, and the rows `n` of each `customer`."""

    text: Column
    missing: BooleanValue
    counts: Table


def customer_keys(table: Table, column: Column) -> CustomerKeys:
    """Return the keys of a column without blanks around them, and null where they are words for nothing.

    Args:
        table: the rows; one query counts those of each key.
        column: the keys, of any type.

    >>> rows = ibis.memtable({"key": ["a", " b ", "NaN"]})
    >>> rows.select(key=customer_keys(rows, rows.key).text).to_pyarrow()["key"].to_pylist()
    ['a', 'b', None]
    """
    rows = table.select(key=column)
    keys = rows.group_by("key").aggregate(n=rows.count()).cache()
    if column.type().is_string() and _are_tidy(keys):
        return CustomerKeys(column, column.isnull(), keys.filter(keys.key.notnull()).rename(customer="key"))
    tidied = keys.select("n", customer=customer_key(keys.key)).filter(lambda t: t.customer.notnull())
    counts = tidied.group_by("customer").aggregate(n=tidied.n.sum())
    return CustomerKeys(customer_key(column), _is_missing(column), counts)


def customer_key(column: Column) -> Column:
    """Return a key as a text: whole numbers without a point, no blanks around it, null where it stands for nobody."""
    text = column.cast("string")
    if column.type().is_integer():
        return text
    if column.type().is_floating():
        whole = column.try_cast("int64")
        return _is_missing(column).ifelse(ibis.null("string"), (whole == column).ifelse(whole.cast("string"), text))
    tidied = _is_nobody(text).ifelse(ibis.null("string"), text.strip())
    return (_ends_blank(text) | _is_doubtful(text)).ifelse(tidied, text)


def check_keys_written(held: Mapping[str, str], *named: object) -> None:
    """Refuse keys of a data frame that are lists, structures or bytes, of which an engine gets made-up texts.

    Args:
        held: the columns that hold such, as `patron.engines.frames.shapeless` finds them.
        *named: the columns of keys; functions of the table are left to `check_key_type`.

    Raises:
        HistoryError: with the column and what it holds.
    """
    for column in named:
        if isinstance(column, str) and column in held:
            raise _unwritten(column, held[column])


def check_key_type(name: str, kind: DataType) -> None:
    """Refuse a column of keys whose type is a list, a structure or bytes.

    Raises:
        HistoryError: with the column and what it holds.
    """
    if kind.is_nested() or kind.is_binary():
        raise _unwritten(name, "bytes" if kind.is_binary() else "lists" if kind.is_array() else "structures")


def _unwritten(column: str, holds: str) -> HistoryError:
    return HistoryError(
        f"Column {column!r}, declared as a customer's key, holds {holds}, and a key is a text or a whole number: of "
        f"others nobody can tell which are the same. {WRITING[holds].format(column)}."
    )


def _are_tidy(keys: Table) -> bool:
    """Check whether no key has a blank at an end and none stands for nobody."""
    text = keys.key
    short = (text.length() <= LONGEST).ifelse(_is_any(text.lower(), NOBODY), False)
    odd = keys.aggregate(odd=((text < FIRST_SIGN) | _ends_blank(text) | short).any())
    return not odd.to_pyarrow()["odd"][0].as_py()


def _ends_blank(text: Column) -> BooleanValue:
    return text.right(1) < FIRST_SIGN


def _is_doubtful(text: Column) -> BooleanValue:
    """Check by its first character where a key may stand for no customer or start with a blank; no other key does."""
    return (text < FIRST_SIGN) | _is_any(text.ascii_str(), DOUBTFUL)


def _is_nobody(text: Column) -> BooleanValue:
    """Check where a key stands for no customer.

    Written in another order than tidying is, lest an engine share the work of the two and do it for every row.
    """
    return _is_any(text.lower().strip(), NOBODY)


def _is_missing(column: Column) -> BooleanValue:
    """Check where there is no customer; the costly test is left to the few keys that may be none."""
    if column.type().is_integer():
        return column.isnull()
    if column.type().is_floating():
        return column.isnull() | column.isnan() | column.isinf()
    text = column.cast("string")
    return _is_doubtful(text).ifelse(_is_nobody(text), text.isnull())


def _is_any(column: Column, values: tuple[str, ...] | list[int]) -> BooleanValue:
    """Check each value by itself: an engine joins a table with a longer list, for every row and also where unasked."""
    return reduce(or_, (column == value for value in values))
