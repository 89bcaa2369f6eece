"""Profiles: what the tables of a history look like up to a cutoff, as plain values.

A model keeps that of its training, so that tables which look otherwise are seen before they are scored. It holds no
key, and of texts only kinds: few different ones, each of many customers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis.expr.datatypes import DataType
from ibis.expr.types import BooleanValue, Column, Table

from patron.history.contracts import STARTS
from patron.history.history import History
from patron.history.point_in_time import CUSTOMER_NUMBER, in_window, is_past
from patron.history.roles import KEPT_OF_EVENTS

__all__ = ["ALL", "FEWEST_ROWS", "WINDOWS", "YEAR", "days_old", "profile"]

ALL = 0  # the window of rows that have no days: all of them
WINDOWS = (1, 7, 28)  # days
YEAR = 365
FEWEST_ROWS = 20  # in a window, for a share of them to say something
FEWEST_ALIKE, MOST_KINDS = 20, 50  # a text of fewer customers, or one of more texts, may be somebody's name
KINDS = ("category", "channel", "kind", "direction", "currency", "plan", "cause")  # roles whose texts are no names
APART = ("customer", "at", "order", "contract", CUSTOMER_NUMBER, *KEPT_OF_EVENTS)
LOW, HIGH = 0.05, 0.95
DIGITS = 6

Plain = dict[str, Any]


def profile(
    history: History,
    features: Sequence[Mapping[str, Any]] = (),
    cutoff: datetime | None = None,
    training: Mapping[str, Any] | None = None,
) -> Plain:
    """Return what each table looks like up to a cutoff; runs a few counting queries for each.

    Args:
        history: the checked event tables and attributes.
        features: what a model is trained on, each with its `source` and `formula`: other columns do not matter.
        cutoff: up to when events count; the end of the history where nothing is said.
        training: the profile of a training, of whose columns that of today is, by its quantiles and kinds.

    Returns:
        `ends`, the cutoff, and by table: `about` events or customers, `rows`, `customers`, `first`, `last`; of events
        `days`, the rows of each of the last days, a year of them at most, and `past`, the rows before the end of the
        training; `met`, of how many recent customers how many are known where they should be, by name; `read` and
        `set_aside` where it was read so, and `read_for_each`, how many rows were used for each of its own; and by
        column its `type`, `quantiles` of numbers (least, 5, 50 and 95 %, most) and `kinds` of texts with their shares,
        and `signs`: of unknown, low, high and new values, by window of days, the rows of the last one, those of them
        with the sign, and the highest share in the year.

    >>> from patron.datasets import online_retail
    >>> features = [{"source": "orders", "formula": 'SUM("orders"."amount")'}]
    >>> profile(online_retail(), features)["tables"]["orders"]["columns"]["amount"]["quantiles"]
    [0.0, 37.4, 302.62, 1242.63, 168470.0]
    """
    at = cutoff or history.ends
    known = (training or {}).get("tables", {})
    edge = datetime.fromisoformat(training["ends"]) if training else at
    tables: dict[str, Plain] = {}
    for name, table in sorted(history.tables.items()):
        columns = known.get(name, {}).get("columns", {})
        names = [c for c in columns if c in table.columns] if training else _used(name, table, features)
        if name in history.attributes:
            tables[name] = _customers(table, names, columns)
        else:
            tables[name] = _events(table.filter(is_past(table["at"], at)), names, columns, at, edge)
        tables[name]["met"] = _met(history, name, at)
    for receipt in history.receipts:
        about = tables.setdefault(receipt.table, {})
        about |= {"read": receipt.read, "set_aside": dict(receipt.set_aside)}
        if in_window(at, history.ends) and about.get("rows"):
            about["read_for_each"] = _rounded(receipt.used / about["rows"])
        about["met"] = about.get("met", {}) | {where: list(counts) for where, counts in receipt.met.items()}
    return {"ends": at.isoformat(), "tables": tables}


def days_old(ends: datetime, now: datetime) -> float:
    """Return how many days a history ended before now; below zero on its last day.

    >>> days_old(datetime(2024, 5, 1), datetime(2024, 5, 2, 12))
    1.5
    """
    return round((now.replace(tzinfo=None) - ends) / timedelta(days=1), 3)


def _used(name: str, table: Table, features: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns of a table that some feature looks at."""
    formulas = [feature["formula"] for feature in features if name in feature["source"].split()]
    free = [column for column in table.columns if column not in APART]
    return [column for column in free if any(f'"{column}"' in formula for formula in formulas)]


def _events(rows: Table, names: Sequence[str], known: Mapping[str, Any], at: datetime, edge: datetime) -> Plain:
    """Return the profile of a table of events."""
    about, columns = _summary(rows, names, [c for c in names if c in KINDS], known)
    signs = {name: _signs(rows[name], columns[name]) for name in names}
    by_day = _counted(rows.group_by(day=rows["at"].truncate("D")), rows, signs)
    past = int(by_day.n[is_past(by_day.day, pd.Timestamp(edge))].sum())
    days = pd.date_range(end=at - timedelta(microseconds=1), periods=YEAR).normalize()
    first = by_day.day.min() if len(by_day) else days[-1]
    by_day = by_day.set_index("day").reindex(days[in_window(days, first)], fill_value=0)
    for name in names:
        columns[name]["signs"] = {sign: _windows(by_day, f"{name}|{sign}", WINDOWS) for sign in signs[name]}
    return {"about": "events", **about, "past": past, "days": by_day.n.tolist(), "columns": columns}


def _customers(rows: Table, names: Sequence[str], known: Mapping[str, Any]) -> Plain:
    """Return the profile of a table of attributes; it is about customers, and no day of it is like another."""
    about, columns = _summary(rows, names, names, known)
    signs = {name: _signs(rows[name], columns[name]) for name in names}
    counts = _counted(rows, rows, signs)
    for name in names:
        columns[name]["signs"] = {sign: _windows(counts, f"{name}|{sign}", (ALL,)) for sign in signs[name]}
    return {"about": "customers", **about, "columns": columns}


def _summary(
    rows: Table, names: Sequence[str], telling: Sequence[str], known: Mapping[str, Any]
) -> tuple[Plain, dict[str, Plain]]:
    """Return the counts of a table, and of each column its type, and quantiles or kinds where training has none."""
    types = {name: _type(rows[name].type()) for name in names}
    numbers = [name for name in names if types[name] == "number" and "quantiles" not in known.get(name, {})]
    texts = [name for name in telling if types[name] == "text" and name not in known]
    figures: Plain = {"rows": rows.count(), "customers": rows.customer.nunique()}
    figures |= {"first": rows["at"].min().cast("string"), "last": rows["at"].max().cast("string")}
    for name in numbers:
        value = _number(rows[name])
        spread = [value.min(), *(value.quantile(q) for q in (LOW, 0.5, HIGH)), value.max()]
        figures |= {f"{name}|{i}": figure for i, figure in enumerate(spread)}
    figures |= {f"{name}|kinds": rows[name].nunique() for name in texts}
    row = rows.aggregate(**figures).to_pyarrow().to_pylist()[0]
    columns: dict[str, Plain] = {name: {"type": types[name]} for name in names}
    for name in names:
        columns[name] |= {key: known[name][key] for key in ("quantiles", "kinds") if key in known.get(name, {})}
    for name in numbers:
        if row[f"{name}|0"] is not None:
            columns[name]["quantiles"] = [_rounded(row[f"{name}|{i}"]) for i in range(5)]
    for name in (name for name in texts if 0 < row[f"{name}|kinds"] <= MOST_KINDS):
        columns[name]["kinds"] = _kinds(rows, name, row["rows"])
    return {key: row[key] for key in ("rows", "customers", "first", "last")}, columns


def _type(kind: DataType) -> str:
    """Return the type of a column as far as it matters to who writes the table."""
    if kind.is_boolean():
        return "truth"
    if kind.is_numeric():
        return "number"
    if kind.is_timestamp() or kind.is_date() or kind.is_time():
        return "time"
    return "text" if kind.is_string() else str(kind)


def _kinds(rows: Table, name: str, n: int) -> dict[str, float]:
    """Return the share of each text of a column that many customers have, and of no other."""
    kinds = rows.group_by(kind=rows[name]).aggregate(n=rows.count(), customers=rows.customer.nunique())
    shared = kinds.filter(kinds.kind.notnull() & (kinds.customers >= FEWEST_ALIKE)).order_by("kind").to_pyarrow()
    return {row["kind"]: _rounded(row["n"] / n) for row in shared.to_pylist()}


def _signs(column: Column, about: Plain) -> dict[str, BooleanValue]:
    """Return by sign which values have it."""
    if about["type"] == "number":
        value = _number(column)
        signs = {"unknown": value.isnull()}
        if "quantiles" in about:
            low, high = about["quantiles"][1], about["quantiles"][3]
            signs |= {"low": value < low, "high": value > high}
        return signs
    unknown = column.isnull() | (column.strip() == "") if about["type"] == "text" else column.isnull()
    new = {"new": column.notnull() & ~column.isin(list(about["kinds"]))} if about.get("kinds") else {}
    return {"unknown": unknown, **new}


def _number(column: Column) -> Column:
    value = column.cast("float64")
    return value.nullif(float("nan")) if column.type().is_floating() else value


def _counted(grouped: Any, rows: Table, signs: Mapping[str, Mapping[str, BooleanValue]]) -> pd.DataFrame:
    """Count rows and signs of each group."""
    counts = {f"{name}|{sign}": has.sum() for name, tests in signs.items() for sign, has in tests.items()}
    return grouped.aggregate(n=rows.count(), **counts).to_pandas().fillna(0)


def _windows(counts: pd.DataFrame, column: str, windows: Sequence[int]) -> dict[str, list[float]]:
    """Return by window the rows of the last one, those with a sign, and the highest share of all."""
    rows, signs = counts.n.to_numpy(np.int64), counts[column].to_numpy(np.int64)
    result = {}
    for window in windows:
        width = window or len(rows)
        n, k = (np.convolve(values, np.ones(width, np.int64), "valid") for values in (rows, signs))
        shares = k[n >= FEWEST_ROWS] / n[n >= FEWEST_ROWS]
        if len(shares):
            result[f"{window}"] = [int(n[-1]), int(k[-1]), _rounded(shares.max())]
    return result


def _met(history: History, name: str, at: datetime) -> dict[str, list[int]]:
    """Count the recent customers of a table, and those who bought; of attributes the recent buyers, and those in it."""
    whole = next((table for table in ("orders", STARTS) if table in history.tables), "")
    if name == whole or not whole:
        return {}
    facts, buyers = name in history.attributes, history.tables[whole]
    table = history.tables[name]
    events, there = (buyers, table) if facts else (table, buyers)
    past = events.filter(is_past(events["at"], at))
    recent = past.filter(in_window(past["at"], past["at"].max().as_scalar() - ibis.interval(days=WINDOWS[-1])))
    keys, members = recent.select("customer").distinct(), there.select("customer").distinct()
    met = keys.semi_join(members, "customer")
    counts = (int(table.count().to_pyarrow().as_py()) for table in (keys, met))
    return {f"{whole}": list(counts)}


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
