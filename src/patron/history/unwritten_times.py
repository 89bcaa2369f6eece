"""Unwritten times: what databases, spreadsheets and programs write where there is none, such as 0000-00-00."""

import re

from ibis.expr.types import BooleanValue, Column

__all__ = ["is_unwritten", "none_of"]

ZEROS = (
    r"0{4}[-/.]00[-/.]00|00[-/.]00[-/.]0{4}|0001[-/.]01[-/.]01|01[-/.]01[-/.]0001|1900[-/.]01[-/.]00|0{8}|"
    "0?1/0?0/1900|0?0/0?1/1900"
)
WORDS = r"(?:n/?a|nat|nan|null|none|nil|-+|\\n|<na>|\(null\)|unknown|never)$"


def is_unwritten(column: Column) -> BooleanValue:
    """Return where a text or number of a column of times stands for no time.

    >>> import ibis
    >>> texts = ibis.memtable({"at": ["0000-00-00 00:00:00", "1900-01-00", "n/a", "2024-05-01", None]})
    >>> texts.select(blank=is_unwritten(texts["at"])).to_pyarrow()["blank"].to_pylist()
    [True, True, True, False, False]
    """
    if column.type().is_string():
        return column.re_search(f"^(?i:{ZEROS}|{WORDS})").fill_null(False)
    return (column == 0).fill_null(False)


def none_of(value: object) -> str:
    """Return the part of a value that stands for no time, without what may follow it.

    >>> none_of("0000-00-00 00:00:00"), none_of(0)
    ('0000-00-00', '0')
    """
    text = f"{value}".strip()
    match = re.match(f"(?i:{ZEROS}|{WORDS})", text)
    return match[0] if match else text
