"""Time parsing: texts of a column read by one form, or by any of several, as expressions of the engine."""

from collections.abc import Sequence
from datetime import datetime

import ibis
from ibis.expr.types import Column

from patron.engines.text_columns import parse_naive
from patron.history.clocks import INSTANT, of_zone, wall_clock
from patron.history.time_forms import Cleaning, Family, is_utc

__all__ = ["clean", "parse", "parse_any", "parse_instant"]

OLDEST = datetime(100, 1, 1)  # an engine reads the year 24 where a text has two digits


def clean(text: Column, cleanings: Sequence[Cleaning]) -> Column:
    """Return texts without what stands in the way of every form, such as a zone in brackets."""
    for cleaning in cleanings:
        text = text.re_replace(cleaning.pattern.pattern, cleaning.replacement)
    return text


def parse_any(text: Column, families: Sequence[Family]) -> Column:
    """Read each text by the first form that fits it."""
    return ibis.coalesce(*(parse(text, form) for family in families for form in family))


def parse(text: Column, form: str) -> Column:
    """Read a text by one form, as the clock that it shows; an engine takes a year of two digits for one of four."""
    if form.endswith("%z"):
        return wall_clock("UTC", _parse_zoned(text, form))
    read = parse_naive(text, form)
    if "%Y" not in form:
        return read
    return ((read >= OLDEST) | text.startswith("000")).ifelse(read, ibis.null("timestamp(6)"))


def parse_instant(text: Column, form: str) -> Column:
    """Read texts that name a zone as the instants that they are."""
    return of_zone("UTC", parse(text, form)) if is_utc(form) else _parse_zoned(text, form)


@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), INSTANT))
def _parse_zoned(text: Column, form: str) -> Column:
    """Read a time that names its offset."""
