"""Formatting: numbers as people read them, in reports and in reasons."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "amount",
    "count",
    "date",
    "html_table",
    "hundred",
    "json_values",
    "money",
    "percent",
    "quantity",
    "rough",
    "rounded",
]

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
HUGE = 100
NEAR_HALF = 1e-9  # nearer to the middle of two numbers, products of doubles do not tell which is meant
TINY = 1e-20  # below it powers of ten are not exact


def html_table(frame: pd.DataFrame) -> str:
    """Return a table as a notebook shows it: every row and every word, texts to the left.

    >>> html_table(pd.DataFrame({"why": ["a < b"]})).count("a &lt; b")
    1
    """
    with pd.option_context("display.max_colwidth", None, "display.max_rows", None):
        page = frame.to_html(index=False, border=0, justify="left", float_format="{:,.4g}".format)
    return page.replace("<td>", '<td style="text-align: left">')  # notebooks put cells to the right


def money(value: float, currency: str, digits: int = 0) -> str:
    """Write money as people do: a sign stands before the number, a code of letters after it.

    Args:
        value: in the currency.
        currency: a code or a sign.
        digits: after the point.

    >>> money(1344, "GBP"), money(-1344, "$"), money(1344, "CHF").replace(SPACE, " ")
    ('£1,344', '−$1,344', '1,344 CHF')
    """
    minus = MINUS if round(value, digits) < 0 else ""
    number = f"{abs(value):,.{digits}f}"
    sign = SYMBOLS.get(currency.upper(), currency)
    return f"{minus}{number}{SPACE}{sign}" if sign[-1:].isalpha() else f"{minus}{sign}{number}"


def rough(value: float, currency: str) -> str:
    """Write an estimate of money with no more figures than it deserves, three.

    >>> rough(6800.46, "£")
    '£6,800'
    """
    return money(float(f"{value:.3g}"), currency)


def percent(share: float, digits: int = 0) -> str:
    """Write a share from 0 to 1 in hundredths.

    >>> percent(0.125, 1).replace(SPACE, " ")
    '12.5 %'
    """
    return f"{share * 100:.{digits}f}{SPACE}%"


def hundred(share: float) -> str:
    """Write a share from 0 to 1 as so many of a hundred; few of them with a tenth.

    >>> hundred(0.84), hundred(0.057)
    ('84', '5.7')
    """
    return f"{share * 100:.0f}" if share == 0 or share >= 0.0995 else f"{share * 100:.1f}"


def date(day: datetime) -> str:
    """Write a day so that no country misreads it.

    >>> date(datetime(2024, 5, 1)).replace(SPACE, " ")
    '1 May 2024'
    """
    return f"{day.day}{SPACE}{day:%b}{SPACE}{day.year}"


def count(number: float, noun: str = "") -> str:
    """Write how many there are, of what.

    >>> count(5289), count(1, "customer").replace(SPACE, " ")
    ('5,289', '1 customer')
    """
    whole = f"{number:,.0f}"
    return whole if not noun else f"{whole}{SPACE}{noun}{'' if whole == '1' else 's'}"


def quantity(value: Any, unit: str) -> str:
    """Write the value of a feature without its unit, for where the words before it name the unit already.

    >>> quantity(212.4, "days"), quantity(0.606, "days"), quantity(2.6, "orders"), quantity(7301.2, "times")
    ('212', 'less than a day', '3', 'over 100')
    """
    if pd.isna(value):
        return "unknown"
    if isinstance(value, str):
        return value
    return FORMATS.get(unit, _whole)(float(value))


def amount(value: Any, unit: str) -> str:
    """Write the value of a feature with its unit.

    Args:
        value: a number, a text, or nothing where it is not known.
        unit: what it counts, as `patron.features.measures.measure` takes it.

    >>> amount(212.4, "days"), amount(1, "categories"), amount(0.35, "share"), amount(2.25, "times")
    ('212 days', '1 category', '35 %', '2.2 times')
    """
    text = quantity(value, unit)
    if isinstance(value, str) or text in ("unknown", UNDER_A_DAY) or unit in BARE:
        return text
    return f"{text} {_singular(unit) if text == '1' else unit}"


UNDER_A_DAY = "less than a day"
BARE = ("money", "share", "month", "number")


def _singular(unit: str) -> str:
    return f"{unit[:-3]}y" if unit.endswith("ies") else unit.removesuffix("s")


def _number(value: float) -> str:
    return f"{value + 0.0:,.0f}" if abs(value) >= HUGE or value % 1 == 0 else f"{value:.3g}"


def _whole(value: float) -> str:
    """Whole things; what fades or is counted for each day may be less than one of them."""
    return f"{value:.1g}" if 0 < abs(value) < 0.95 else f"{value + 0.0:,.0f}"


def _days(value: float) -> str:
    return UNDER_A_DAY if 0 <= value < 1 else f"{value:,.0f}"


def _times(value: float) -> str:
    return f"over {HUGE}" if value > HUGE else f"{value:,.1f}".removesuffix(".0")


FORMATS: Mapping[str, Callable[[float], str]] = {
    "money": lambda value: f"{value:,.2f}",
    "share": lambda value: f"{_number(100 * value)} %",
    "month": lambda value: f"month {value:.0f}",
    "number": _number,
    "bits": _number,
    "hour": _number,
    "days": _days,
    "times": _times,
}


def rounded(values: np.ndarray, unit: str) -> np.ndarray:
    """Return the few numbers that `quantity` writes as it writes many, so that each has to be written once.

    >>> rounded(np.array([212.4, 0.606, 1.5]), "days").tolist(), rounded(np.array([2.25, 7301.2]), "times").tolist()
    ([212.0, 0.0, 2.0], [2.2, 101.0])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return ROUNDED.get(unit, _rounded_whole)(values)


def _rounded_number(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) >= HUGE, np.rint(values), _to_figures(values, 3))


def _rounded_whole(values: np.ndarray) -> np.ndarray:
    size = np.abs(values)
    return np.where((size > 0) & (size < 0.95), _to_figures(values, 1), np.rint(values))


def _rounded_days(values: np.ndarray) -> np.ndarray:
    return np.where(values < 0, values, np.where(values < 1, 0.0, np.rint(values)))


def _rounded_times(values: np.ndarray) -> np.ndarray:
    return np.where(values > HUGE, HUGE + 1.0, _to_places(values, 1))


def _to_places(values: np.ndarray, places: int) -> np.ndarray:
    """Round to places after the point, as writing does: by the exact value of the double."""
    scale = 10.0**places
    near = np.asarray(np.rint(values * scale) / scale)
    for i in np.flatnonzero(_is_half(values * scale)):
        near[i] = round(float(values[i]), places)
    return near


def _to_figures(values: np.ndarray, figures: int) -> np.ndarray:
    """Round numbers below `HUGE` to significant figures, as writing does."""
    size = np.abs(values)
    scale = 10.0 ** (figures - 1 - np.floor(np.log10(np.where(size < TINY, 1.0, size))))
    near = np.where(size < TINY, values, np.rint(values * scale) / scale)
    for i in np.flatnonzero(_is_half(values * scale)):
        near[i] = float(f"{values[i]:.{figures}g}")
    return near


def _is_half(values: np.ndarray) -> np.ndarray:
    return np.abs(values - np.floor(values) - 0.5) <= NEAR_HALF + np.abs(values) * NEAR_HALF**1.5


ROUNDED: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "money": lambda values: _to_places(values, 2),
    "share": lambda values: _rounded_number(100 * values) / 100,
    "month": np.rint,
    "number": _rounded_number,
    "bits": _rounded_number,
    "hour": _rounded_number,
    "days": _rounded_days,
    "times": _rounded_times,
}


def json_values(value: Any) -> Any:
    """Return values as any reader of JSON takes them: numbers that are not finite, which JSON lacks, are null.

    >>> json_values({"low": float("nan"), "cutoffs": (1, 2.5)})
    {'low': None, 'cutoffs': [1, 2.5]}
    """
    if isinstance(value, Mapping):
        return {key: json_values(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_values(part) for part in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
