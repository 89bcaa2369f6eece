"""Columns of a trial: read from a frame by name, as the plain arrays that effects are learned from."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from patron.errors import HistoryError, QuestionError, cell, listed_columns, nearest

__all__ = ["column", "feature_columns", "number_column", "propensity_columns", "text_column"]


def column(frame: pd.DataFrame, name: str, use: str) -> pd.Series:
    """Return a column of a frame, its rows numbered from 0.

    Raises:
        QuestionError: it is missing.
    """
    if name not in frame.columns:
        raise QuestionError(
            f"The trial lacks the column {name!r} ({use}). It has: {listed_columns(frame.columns)}."
            f"{nearest(name, map(str, frame.columns))} Name it: pt.trial(frame, {use}='...')."
        )
    return frame[name].reset_index(drop=True)


def number_column(frame: pd.DataFrame, name: str, use: str) -> np.ndarray:
    """Return a column as float64, NaN where it is empty.

    Raises:
        QuestionError: it is missing.
        HistoryError: it holds something else than numbers.
    """
    values = column(frame, name, use)
    numbers = pd.to_numeric(values, errors="coerce")
    odd = (numbers.isna() & values.notna()).to_numpy()
    if odd.any() or pd.api.types.is_datetime64_any_dtype(values):
        shown = cell(values[odd.argmax()])
        raise HistoryError(
            f"The {use} of a trial is a number, but the column {name!r} has {shown} in row {odd.argmax()} and "
            f"{odd.sum():,} such rows. Turn it into one: frame[{name!r}] = (frame[{name!r}] == 'yes').astype(float)."
        )
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def text_column(frame: pd.DataFrame, name: str, use: str) -> np.ndarray:
    """Return a column as texts.

    Raises:
        QuestionError: it is missing.
        HistoryError: it has empty values.
    """
    values = column(frame, name, use)
    empty = values.isna().to_numpy()
    if empty.any():
        raise HistoryError(
            f"The {use} column {name!r} is empty in {empty.sum():,} of {len(values):,} rows, the first is row "
            f"{empty.argmax()}. Leave them out: frame = frame.dropna(subset=[{name!r}])."
        )
    return values.astype(str).to_numpy(dtype=object)


def feature_columns(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the features: numbers as float64, anything else but times as texts.

    Raises:
        QuestionError: one is missing.
        HistoryError: one holds times, which are no numbers that can be compared.
    """
    return pd.DataFrame({name: _feature(column(frame, name, "features"), name) for name in names})


def propensity_columns(frame: pd.DataFrame, by_arm: Mapping[str, str | float]) -> pd.DataFrame:
    """Return the probability of each arm for each row, from columns or from shares that hold for all.

    Raises:
        QuestionError: a column is missing.
        HistoryError: a column holds something else than numbers.
    """
    columns = {
        str(arm): number_column(frame, given, "propensity") if isinstance(given, str) else np.full(len(frame), given)
        for arm, given in by_arm.items()
    }
    return pd.DataFrame(columns, dtype=np.float64)


def _feature(values: pd.Series, name: str) -> pd.Series:
    kinds = pd.api.types
    if kinds.is_datetime64_any_dtype(values) or kinds.is_timedelta64_dtype(values):
        raise HistoryError(
            f"The feature {name!r} holds times ({values.dtype}), and effects are learned from numbers and texts. "
            f"Give days before the contact: frame[{name!r}] = (frame['contacted'] - frame[{name!r}]).dt.days."
        )
    if kinds.is_numeric_dtype(values) or kinds.is_bool_dtype(values):
        return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan))
    return values.astype(object).where(values.notna(), None).map(str, na_action="ignore").astype("str")
