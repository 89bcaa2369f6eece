"""Frames of any kind: whatever names, types and gaps a data frame can have, so that none ends in a traceback."""

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import strategies as st

NAMES = [
    *("c", "at", "amount", "Customer", "AMOUNT", "paid", "Paid", "", " ", "opt-in", "opt_in", "spend €", "spend $"),
    *('say "so"', "it's", "a.b", "two\nlines", "🙂", "select", "from", "x" * 300, "%s", "{0}", "\\", ";--", "returned"),
    *("set_aside", "Days_Ago", "order", "item", "known_at", "value", "n", "first", "money", "customer", "row", "wrong"),
    *(0, 1, 1.5, None, True, dt.date(2024, 1, 1), "\0", "null", "rowid", "day", "side", "z" * 70),
]
KEY = "key-7f3a"
ODD = [
    *(
        None,
        np.nan,
        pd.NaT,
        pd.NA,
        "",
        " ",
        "a",
        "NaN",
        "inf",
        "1.5",
        "1,5",
        "2024-01-05",
        "05.01.2024",
        "é🙂",
        "\ud800",
        "a\0b",
    ),
    *(0, 1, -1, 2**31, 2**63, 2**70, -(2**70), 1.5, -0.0, 1e300, np.inf, -np.inf, True, False, 1 + 2j, Decimal("1.10")),
    *(
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1e30"),
        Decimal("1e-30"),
        b"ab",
        b"\xff",
        [1],
        [],
        {},
        {"a": 1},
        {1},
        (1,),
    ),
    *(
        dt.date(2024, 1, 5),
        dt.date(1, 1, 1),
        dt.time(1, 2),
        dt.timedelta(1),
        dt.datetime(2024, 1, 5, 7),
        dt.datetime(9999, 12, 31),
    ),
    *(pd.Timestamp("2024-01-05", tz="UTC"), pd.Timestamp("2024-07-05", tz="Europe/Paris"), pd.Period("2024-01", "M")),
    *(
        pd.Interval(0, 1),
        uuid.UUID(int=7),
        object,
        np.float32(1.5),
        np.int8(3),
        np.datetime64("2024-01-05"),
        np.array([1, 2]),
    ),
]
TYPES = [
    *(
        "int8",
        "uint64",
        "float16",
        "float32",
        "float64",
        "longdouble",
        "complex64",
        "bool",
        "object",
        "str",
        "category",
    ),
    *(
        "Int64",
        "UInt8",
        "Float32",
        "boolean",
        "string",
        "datetime64[s]",
        "datetime64[ns]",
        "datetime64[us, Europe/Paris]",
    ),
    *("timedelta64[ns]", "Sparse[float]", "period[M]", "period[D]", "interval[int64]", "bytes", "S3"),
    *(
        "int64[pyarrow]",
        "double[pyarrow]",
        "string[pyarrow]",
        "large_string[pyarrow]",
        "bool[pyarrow]",
        "date32[pyarrow]",
    ),
    *("timestamp[ns][pyarrow]", "timestamp[s, tz=UTC][pyarrow]", "duration[us][pyarrow]", "decimal128(20, 3)[pyarrow]"),
    *("binary[pyarrow]", "time64[us][pyarrow]", "halffloat[pyarrow]", "uint64[pyarrow]", "null[pyarrow]"),
]
PLAIN = {
    "keys": st.sampled_from([f"{KEY}{i}" for i in range(3)] + [None]),
    "numbers": st.sampled_from([1, 2, 3]),
    "floats": st.sampled_from([1.0, 2.5, np.nan, np.inf, -3.0, 1e20]),
    "times": st.sampled_from([pd.Timestamp("2024-01-05"), pd.Timestamp("2024-02-05 07:00"), pd.NaT]),
    "texts of times": st.sampled_from(["2024-01-05", "2024-01-06 07:00:00", None, "soon"]),
    "decimals": st.sampled_from([Decimal("1.10"), Decimal("2"), None, Decimal("NaN"), Decimal("-0.333")]),
    "truths": st.sampled_from([True, False, None]),
    "zones": st.sampled_from([pd.Timestamp("2024-01-05", tz="UTC"), pd.Timestamp("2024-07-05", tz="Asia/Tokyo")]),
    "nothing": st.none(),
}


@st.composite
def columns(draw, rows: int) -> pd.Series:
    """One column: of a plain kind, of one odd value or several, turned into some type where it can be."""
    kind = draw(st.sampled_from([*(kind for kind in PLAIN if kind != "keys"), "odd", "odd", "typed", "typed"]))
    if kind in PLAIN:
        return _plain(draw(st.lists(PLAIN[kind], min_size=rows, max_size=rows)))
    few = draw(st.lists(st.sampled_from(range(len(ODD))), min_size=1, max_size=2))
    column = pd.Series([None] * rows, dtype=object)
    for row in range(rows):
        column.iat[row] = ODD[few[draw(st.integers(0, len(few) - 1))]]
    return _cast(column, draw(st.sampled_from(TYPES))) if kind == "typed" else column


def _plain(values: list) -> pd.Series:
    return pd.Series(values, dtype=None if values else object)


def _cast(column: pd.Series, kind: str) -> pd.Series:
    try:
        return column.astype(kind)
    except Exception:
        try:
            return pd.Series(range(len(column))).astype("float64" if "float" in kind else "int64").astype(kind)
        except Exception:
            return column


@st.composite
def frames(draw, first: tuple = (), rows: int = 3) -> pd.DataFrame:
    """A frame of up to four columns, the *first* of them named and plain."""
    n = draw(st.integers(0, rows))
    beside = draw(st.lists(st.sampled_from(NAMES), max_size=2))
    parts = [
        pd.Series(draw(st.lists(PLAIN[kind], min_size=n, max_size=n)), dtype=None if n else object) for _, kind in first
    ]
    parts += [draw(columns(n)) for _ in beside]
    frame = pd.concat(parts, axis=1, ignore_index=True) if parts else pd.DataFrame(index=range(n))
    names = [*(name for name, _ in first), *beside]
    return frame.set_axis(pd.Index(names, dtype=object, tupleize_cols=False), axis=1)
