"""Checks of the tables that decisions rest on, before anything is decided."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.errors import ScoreError, cell, listed_columns, nearest

__all__ = ["NEEDED", "check_columns", "check_once", "check_scores"]

NEEDED = ("customer", "cutoff", "churn_probability", "value")
LARGEST = float(np.finfo(float).max)
RANGES = (
    ("churn_probability", 0.0, 1.0, "a number from 0 to 1"),
    ("value", -LARGEST, LARGEST, "a finite number"),
)


def check_scores(scores: pd.DataFrame) -> None:
    """Refuse scores that cannot be decided on.

    Raises:
        ScoreError: a column is missing, or a value is unknown or out of bounds.
    """
    check_columns(scores, NEEDED, "scores", "Add it: value is the profit at stake, in currency.")
    for name, least, most, meaning in RANGES:
        _check_numeric(scores[name])
        column = scores[name].to_numpy(dtype=np.float64, na_value=np.nan)
        bad = np.flatnonzero(~((column >= least) & (column <= most)))
        if len(bad):
            raise ScoreError(
                f"{name!r} of the scores is {meaning}, but not in {len(bad)} of {len(scores)} rows; the first is row "
                f"{bad[0]} with {cell(scores[name].iloc[bad[0]])}. Set those rows aside, or score them anew."
            )
    _check_times(scores.cutoff)
    lost = int(scores.customer.isna().sum())
    if lost:
        raise ScoreError(f"{lost} of {len(scores)} rows of the scores have no customer. Set those rows aside.")


def _check_numeric(column: pd.Series) -> None:
    """Refuse texts and whatever else is no number, also where it could be read as one."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_complex_dtype(column):
        texts = column[column.map(lambda value: isinstance(value, str)).astype(bool)]
        written = texts[pd.to_numeric(texts, errors="coerce").notna()]  # another text may be somebody's key
        first = f" such as {cell(written.iloc[0])}" if len(written) else ""
        raise ScoreError(
            f"{column.name!r} of the scores must hold numbers, got {column.dtype}{first}. Turn it into such: "
            f"scores[{column.name!r}] = pd.to_numeric(scores[{column.name!r}])."
        )


def _check_times(column: pd.Series) -> None:
    try:
        pd.to_datetime(column)
    except (TypeError, ValueError, OverflowError):
        raise ScoreError(
            f"{column.name!r} of the scores must hold times, got {column.dtype}. Give the instant at which each row "
            f"was scored: scores[{column.name!r}] = pd.Timestamp('2024-05-01')."
        ) from None


def check_columns(frame: pd.DataFrame, needed: Sequence[str], name: str, mend: str) -> None:
    """Refuse a table that lacks a column, or has it twice.

    Raises:
        ScoreError: it does.
    """
    for column in needed:
        if column not in frame.columns:
            raise ScoreError(
                f"The {name} lack the column {column!r}.{nearest(column, map(str, frame.columns))} "
                f"They have: {listed_columns(frame.columns)}. {mend}"
            )
        if (frame.columns == column).sum() > 1:
            raise ScoreError(f"The {name} have the column {column!r} twice. Give each column one name.")


def check_once(frame: pd.DataFrame, key: list[str], name: str) -> None:
    """Refuse a table in which a key comes twice.

    Raises:
        ScoreError: it does.
    """
    rows = frame[key[0]] if len(key) == 1 else frame[key]
    twice = len(frame) - rows.nunique(dropna=False) if isinstance(rows, pd.Series) else int(rows.duplicated().sum())
    if twice:
        raise ScoreError(
            f"The {name} have {twice} of {len(frame)} rows whose {', '.join(key)} came before. "
            "Give each once, at one cutoff."
        )
