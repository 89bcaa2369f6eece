"""Panel times: the cutoffs of ready-made rows, however they are written; what cannot be read is told, never guessed."""

import re

import pandas as pd

from patron.errors import HistoryError, cell

__all__ = ["times_of"]

READABLE = 0.95
NUMBERS = {6: "%Y%m", 8: "%Y%m%d"}


def times_of(column: pd.Series, table: str, form: str = "") -> pd.Series:
    """Return times without a zone; a month is its first day.

    Args:
        column: times, texts such as 2024-05-01 or 2024-05, or numbers such as 20240501 or 202405.
        table: the name of the panel, for messages.
        form: how texts are written, where it is not that.

    Raises:
        HistoryError: more than a few values are no times.

    >>> times_of(pd.Series([202405, 202406]), "members").dt.strftime("%Y-%m-%d").tolist()
    ['2024-05-01', '2024-06-01']
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_localize(None).astype("datetime64[us]")
    if pd.api.types.is_datetime64_dtype(column):
        return column.astype("datetime64[us]")
    texts = _texts(column)
    times = pd.to_datetime(texts, format=form or _form(texts), errors="coerce")
    unread = int((times.isna() & texts.notna()).sum())
    if unread > (1.0 - READABLE) * max(int(texts.notna().sum()), 1):
        raise HistoryError(
            f"{unread:,} of {int(texts.notna().sum()):,} cutoffs in {column.name!r} of the panel {table!r} are not "
            f"read as dates{f' by {form!r}' if form else ''}, such as {cell(texts[times.isna()].iloc[0])}. Say below "
            f'[panels.{table}] how they are written, for example cutoff_format = "%d/%m/%Y".'
        )
    return times.astype("datetime64[us]")


def _texts(column: pd.Series) -> pd.Series:
    whole = pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all()
    known = column.astype("Int64") if whole else column
    return known.astype("str").str.strip().where(column.notna())


def _form(texts: pd.Series) -> str:
    """Return the form that the first known value has; ISO where it has none of the others."""
    first = next(iter(texts.dropna()), "")
    if first.isdigit():
        return NUMBERS.get(len(first), "%Y%m%d")
    return "%Y-%m" if re.fullmatch(r"\d{4}-\d{2}", first) else "ISO8601"
