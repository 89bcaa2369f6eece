"""Panel values: columns of ready-made rows as features; what cannot be is unknown, what is odd is noted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from patron.errors import cell
from patron.questions.panels import ALIKE, FEW

__all__ = ["Findings", "features_of", "plain"]

NUMERIC = 0.95  # of the texts must be numbers, or dates, for the column to be read so
ISO_DATE = r"\d{4}-\d{2}-\d{2}([T ].*)?"
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
COUNTS = frozenset(
    (
        *("tenure", "months", "days", "weeks", "years", "hours", "minutes", "seconds", "secs"),
        *("visits", "count", "number", "orders", "quantity", "calls", "sessions", "logins", "hits"),
        *("frequency", "duration", "plays", "purchases", "transactions", "km", "distance"),
    )
)
OLDEST, YEARS = 120.0, (1900.0, 2100.0)
SELDOM = 0.01
OTHER_UNIT, FEWEST = 20.0, 50
TYPICAL, NEAR = 0.95, 4.0


class Reading(Protocol):
    """What must be known of a panel to read its features."""

    @property
    def table(self) -> str:
        """Its name."""

    @property
    def customer(self) -> str:
        """Its column of the customer."""

    @property
    def cutoff(self) -> str:
        """Its column of the cutoff, or nothing."""

    @property
    def limits(self) -> Mapping[str, tuple[float, float]]:
        """The lowest and the highest value of some columns."""

    @property
    def decimal(self) -> str:
        """The sign before decimals in texts."""


@dataclass
class Findings:
    """What a reader of the rows should know, gathered while they are read."""

    table: str
    aside: dict[str, int] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    assumed: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def set_aside(self, why: str, rows: pd.Index) -> None:
        """Count rows that are not used, and keep their places."""
        if len(rows):
            self.aside[why] = self.aside.get(why, 0) + len(rows)
            self.places |= dict.fromkeys(rows, why)

    def assume(self, what: str, change: str) -> None:
        """Keep how something was read that could be read otherwise, with the line that would change it."""
        self.assumed.append((what, change))

    def doubt(self, what: str, change: str) -> None:
        """Keep how a fault was read, as `assume`, for whoever reads a card too."""
        self.doubts.append(what)
        self.assume(what, change)

    def note(self, sentence: str) -> None:
        """Keep what should be looked at."""
        self.notes.append(sentence)


def plain(column: pd.Series) -> pd.Series:
    """Return a column without the blanks around its texts; an empty text is unknown."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    return column.map(lambda value: (value.strip() or None) if isinstance(value, str) else value)


def features_of(frame: pd.DataFrame, keys: pd.DataFrame, reading: Reading, findings: Findings) -> pd.DataFrame:
    """Return the columns that can be features: numbers, truth values as such, and texts of a few kinds.

    Args:
        frame: the columns that are neither key nor label.
        keys: the same rows with their keys.
        reading: what is said of the panel.
        findings: where it is kept what was read how.
    """
    features: dict[str, pd.Series] = {}
    for name in map(str, frame.columns):
        column = _typed(frame[name], reading, findings)
        if pd.api.types.is_datetime64_any_dtype(column):
            column = _days(column, keys, reading, findings)
        elif not pd.api.types.is_numeric_dtype(column) and _is_naming(column):
            findings.assume(f"{name} is no feature: it has another text for most rows", f'leave_out = ["{name}"]')
            continue
        if column is None:
            continue
        features[name] = _possible(column, keys, reading, findings) if _is_number(column) else column
    return pd.DataFrame(features, index=frame.index)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _is_naming(column: pd.Series) -> bool:
    return column.map(str, na_action="ignore").nunique() > max(FEW, ALIKE * len(column))


def _typed(column: pd.Series, reading: Reading, findings: Findings) -> pd.Series:
    """Return numbers, times or texts, whatever the column is written as."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    texts = column.map(str, na_action="ignore").astype("object")
    known = int(texts.notna().sum())
    if not known:
        return pd.Series(np.nan, column.index, name=column.name)
    written = texts.str.replace(".", "", regex=False).str.replace(",", ".") if reading.decimal == "," else texts
    numbers = pd.to_numeric(written, errors="coerce").astype("float64")
    unread = known - int(numbers.notna().sum())
    if unread <= (1.0 - NUMERIC) * known:
        if unread:
            findings.note(f"{column.name} holds numbers, but {unread:,} of {known:,} are texts: these are unknown")
        return numbers.rename(column.name)
    if texts.str.fullmatch(ISO_DATE).sum() >= NUMERIC * known:
        return pd.to_datetime(texts, format="ISO8601", errors="coerce").rename(column.name)
    return column.astype("str").where(column.notna())


def _days(column: pd.Series, keys: pd.DataFrame, reading: Reading, findings: Findings) -> pd.Series | None:
    """Return the days from a date to the cutoff; nothing where there is no cutoff to count to."""
    name = column.name
    if not reading.cutoff:
        findings.assume(f"{name} is no feature: it holds dates, and rows without a cutoff have none to count to", "")
        return None
    times = column.dt.tz_localize(None) if isinstance(column.dtype, pd.DatetimeTZDtype) else column
    days = ((keys[reading.cutoff] - times) / pd.Timedelta(days=1)).rename(name)
    findings.assume(f"{name} holds dates: read as the days from it to the cutoff", f'leave_out = ["{name}"]')
    if later := int((days < 0).sum()):
        findings.note(
            f"{name} lies after the cutoff in {later:,} of {len(days):,} rows; what was not planned then tells the "
            f'future: leave_out = ["{name}"]'
        )
    return days


def _possible(column: pd.Series, keys: pd.DataFrame, reading: Reading, findings: Findings) -> pd.Series:
    """Return the column with what cannot be unknown, and note what is odd."""
    name, values = str(column.name), column.astype("float64").replace([np.inf, -np.inf], np.nan)
    low, high = reading.limits.get(name) or _bounds(name, values)
    outside = (values < low) | (values > high)
    if count := int(outside.sum()):
        shown = _shown(values[outside], keys[reading.customer])
        bounds = " or ".join(
            f"{word} {edge:g}" for word, edge in (("below", low), ("above", high)) if np.isfinite(edge)
        )
        findings.doubt(
            f"{count:,} of {int(values.notna().sum()):,} values of {name} cannot be ({bounds}{shown}) and are unknown",
            f"limits = {{ {name} = [{_wide(values.min())}, {_wide(values.max())}] }}",
        )
    kept = values.mask(outside)
    for sentence in _odd(name, kept, keys, reading):
        findings.note(sentence)
    return kept


def _wide(edge: float) -> str:
    """Return a power of ten beyond a value, which shows no value itself: it could be a customer's key."""
    return f"{np.sign(edge) * 10.0 ** np.ceil(np.log10(max(abs(edge), 1.0))):g}"


def _bounds(name: str, values: pd.Series) -> tuple[float, float]:
    """Return the values that a column of this name can have."""
    words = {word.lower() for word in WORDS.findall(name)}
    if "age" in words:
        return 0.0, OLDEST
    if words & {"year", "birth", "born"} and YEARS[0] <= values.median() <= YEARS[1]:
        return YEARS
    return (0.0, np.inf) if words & COUNTS else (-np.inf, np.inf)


def _shown(values: pd.Series, customers: pd.Series) -> str:
    """Return the farthest value as an example, unless it could be a customer's key."""
    far = values.loc[values.abs().idxmax()]
    return "" if customers.isin([f"{far:g}", str(far)]).any() else f", such as {cell(far, 'g')}"


def _odd(name: str, values: pd.Series, keys: pd.DataFrame, reading: Reading) -> list[str]:
    """Return sentences on seldom negatives, values in another unit, and cutoffs in another unit."""
    known, below = int(values.notna().sum()), int((values < 0).sum())
    positive = values[values > 0]
    sentences = []
    if 0 < below <= SELDOM * known:
        sentences.append(
            f"{name} is below zero in {below:,} of {known:,} rows; if that cannot be: limits = {{ {name} = [0, "
            f"{_wide(values.max())}] }}"
        )
    typical = positive.quantile(TYPICAL) if len(positive) >= FEWEST else np.inf
    far, near = int((values > OTHER_UNIT * typical).sum()), int((values > NEAR * typical).sum())
    if far > near - far:
        sentences.append(
            f"{name} is more than {OTHER_UNIT:g} times what 95 % of the rows have in {far:,} of {known:,} rows, and "
            f"hardly anything lies between: another unit? limits = {{ {name} = [0, {NEAR * typical:g}] }} makes them "
            "unknown"
        )
    return sentences + (_odd_cutoffs(name, positive, keys[reading.cutoff]) if reading.cutoff else [])


def _odd_cutoffs(name: str, positive: pd.Series, cutoffs: pd.Series) -> list[str]:
    grouped = positive.groupby(cutoffs.loc[positive.index])
    medians = grouped.median()[grouped.size() >= FEWEST]
    if len(medians) < 3:
        return []
    times = medians / medians.median()
    odd = times[(times >= OTHER_UNIT) | (times <= 1.0 / OTHER_UNIT)]
    return [
        f"{name} at {cutoff:%Y-%m-%d} is usually {factor:.3g} times that of the other cutoffs: another unit?"
        for cutoff, factor in odd.items()
    ]
