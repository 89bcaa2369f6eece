"""Everything Patron raises on purpose, with the exit code a scheduler sees:

PatronError            1  something failed that Patron can name but not place
├── DriverError        1  drivers do not add up to the answer that they explain
├── SettingsError      2  settings, an offer or a budget cannot be meant
├── MeasureError       2  a measure or feature is not well formed
├── QuestionError      2  a question cannot be asked of this history
├── HistoryError       3  an event table breaks a promise
├── ScoreError         3  a model and the rows do not fit
├── RegistryError      4  a model is missing, or refused by a gate
├── DriftError         5  customers, or what came true, are no more as the models learned
└── LockError          6  another run holds the lock
"""

import math
import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Real
from typing import Any

__all__ = [
    "HIDDEN",
    "HINT",
    "SHOW_VALUES",
    "DriftError",
    "DriverError",
    "HistoryError",
    "LockError",
    "MeasureError",
    "PatronError",
    "QuestionError",
    "RegistryError",
    "ScoreError",
    "SettingsError",
    "cell",
    "is_number",
    "listed",
    "listed_columns",
    "nearest",
    "shape",
    "values_shown",
]

SHOW_VALUES = "PATRON_SHOW_VALUES"  # in the environment; 0 hides the values of cells, as commands do
HIDDEN = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
END = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
HINT = f"{HIDDEN}...{END} is the shape of a value, shown whole by --show-values ({SHOW_VALUES}=1)."
LONGEST = 60
ROW = re.compile(r"@|\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{2,4}|^-?\d+[.,]\d+$")  # what no name of a column looks like


class PatronError(Exception):
    """Base class of Patron's errors; catching it catches every mistake a user can mend."""

    exit_code = 1

    def __str__(self) -> str:
        """Return the sentence; where it hides a value, with how to see it."""
        text = super().__str__()
        return f"{text} {HINT}" if HIDDEN in text and HINT not in text else text


class DriverError(PatronError):
    """The drivers of a batch do not add up to the model's answers.

    Args:
        message: what is off, and by how much.
        batch: the rows, as a table, where there is one: for whoever looks into it.
    """

    def __init__(self, message: str, batch: Any = None) -> None:
        super().__init__(message)
        self.batch = batch


class SettingsError(PatronError):
    """What is to be done is not well said, in a settings file or in Python: a key, an offer, a budget, a pipeline."""

    exit_code = 2


class MeasureError(PatronError):
    """A measure or feature is not well formed."""

    exit_code = 2


class QuestionError(PatronError):
    """A question asks for something that the history cannot answer."""

    exit_code = 2


class HistoryError(PatronError):
    """An event table breaks a promise that the rest of the code relies on."""

    exit_code = 3


class ScoreError(PatronError):
    """A model was given rows that it was not trained for."""

    exit_code = 3


class RegistryError(PatronError):
    """A model is not in the registry, or may not be used."""

    exit_code = 4


class DriftError(PatronError):
    """Customers, or what came true of past scores, are no more as the models learned, beyond the limits."""

    exit_code = 5


class LockError(PatronError):
    """Another run is at work in the same place."""

    exit_code = 6


def cell(value: object, form: str = "") -> str:
    """Write the value of a cell for a sentence: as it is, or by its shape where the sentence may end in a log.

    Commands hide values, which may be personal, unless `--show-values` or `PATRON_SHOW_VALUES=1` in the environment
    allows them. Python shows them to who works with the table, unless `PATRON_SHOW_VALUES=0` is set. The values of
    customers' keys are never written.

    Args:
        value: of a cell of a table.
        form: how a number is written.
    """
    text = f"{value:{form}}"
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    if values_shown():
        return repr(short) if isinstance(value, str) else short
    return f"{HIDDEN}{shape(short)}{END}"


def values_shown() -> bool:
    """Check whether values of cells may be shown as they are."""
    return os.environ.get(SHOW_VALUES, "1") == "1"


def shape(text: str) -> str:
    """Return a text with its digits as 9 and its letters as a or A, by which people see how it is written.

    >>> shape("12/31/2024 Müller")
    '99/99/9999 Aaaaaa'
    """
    plain = re.sub(r"\d", "9", text)
    return re.sub(r"[^\W\d_]", lambda letter: "A" if letter[0].isupper() else "a", plain)


def is_number(value: object) -> bool:
    """Check whether a value is a finite number, before it is compared; truth values are none.

    >>> is_number(0.5), is_number("0.5"), is_number(float("nan"))
    (True, False, False)
    """
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all others
        return False


def listed(names: Iterable[object]) -> str:
    """Write names for an error text: sorted, with commas, never an empty string.

    >>> listed(["b", "a"]), listed([])
    ('a, b', 'none')
    """
    return ", ".join(sorted(str(n) for n in names)) or "none"


def listed_columns(names: Iterable[object]) -> str:
    """Write the names of columns for an error text; by their shapes where a row stands in the place of a header.

    >>> listed_columns(["2024", "paid"])
    '2024, paid'
    """
    texts = [str(name) for name in names]
    return listed(map(cell, texts) if any(map(ROW.search, texts)) else texts)


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the nearest known name, as the end of a sentence, or nothing.

    >>> nearest("horizn", ["horizon", "budget"])
    " Did you mean 'horizon'?"
    >>> nearest("zzz", ["horizon"])
    ''
    """
    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
