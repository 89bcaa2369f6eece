"""Cutoffs, windows and horizons: the words for time that every other module uses."""

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count, pairwise, takewhile
from numbers import Integral

import numpy as np

from patron.errors import QuestionError

__all__ = [
    "EVER",
    "LONGEST",
    "Moment",
    "Span",
    "Split",
    "cutoffs",
    "days",
    "instant",
    "instants",
    "monthly",
    "months",
    "span",
]

Moment = str | date | datetime | np.datetime64
LONGEST = 36_525
MONTHS = {"month": 1, "quarter": 3, "year": 12}
TYPED = re.compile(r"(\d+) (day|week|month|quarter|year)s?")


@dataclass(frozen=True, order=True)
class Span:
    """A whole number of days, or of months by the calendar, with the name that it gets in column names.

    The span of no days given is `EVER`, all the time there was. Of months the days are the most that they can have;
    where they begin and end at a cutoff is told by `before` and `after`.

    Raises:
        QuestionError: the number of days is no whole number from one to a hundred years.
    """

    days: int | None
    months: int = 0

    @classmethod
    def of_months(cls, months: int) -> "Span":
        """Return the span of some months: from a day of one month to the same day of another, or its last day.

        >>> Span.of_months(3).days, str(Span.of_months(3)), Span.of_months(3).after(datetime(2024, 11, 30))
        (92, '3mo', datetime.datetime(2025, 2, 28, 0, 0))
        """
        lengths = [(_moved(first, months) - first).days for first in MONTH_STARTS]
        return cls(max(lengths), months)

    def __post_init__(self) -> None:
        if self.days is not None and not (isinstance(self.days, Integral) and 1 <= self.days <= LONGEST):
            raise QuestionError(
                f"A span is a whole number of days from 1 to {LONGEST}, got {self.days!r}. "
                "Write for example days(30), or EVER for all the time there was."
            )

    def __str__(self) -> str:
        if self.months:
            return f"{self.months}mo"
        return "ever" if self.days is None else f"{self.days}d"

    @property
    def plain(self) -> int | str | None:
        """The span as a plain value: days as a number, months as text, None for all the time there was."""
        return str(self) if self.months else self.days

    @property
    def length(self) -> str:
        """The span in words: 90 days, 3 months."""
        number, unit = (self.months, "month") if self.months else (self.days, "day")
        return "ever" if number is None else f"{number} {unit}" + "s" * (number != 1)

    @property
    def words(self) -> str:
        """The span as the end of a sentence for the business."""
        return "ever" if self.days is None else f"in the last {self.length.removeprefix('1 ')}"

    def after(self, cutoff: datetime) -> datetime:
        """Return the end of the span that begins at a cutoff, which no longer belongs to it."""
        return _moved(cutoff, self.months) if self.months else cutoff + self.delta

    def before(self, cutoff: datetime) -> datetime:
        """Return the beginning of the span that ends at a cutoff."""
        return _moved(cutoff, -self.months) if self.months else cutoff - self.delta

    def days_after(self, cutoff: datetime) -> int:
        """Return how many days the span has that begins at a cutoff."""
        return (self.after(cutoff) - cutoff).days

    @property
    def delta(self) -> timedelta:
        """The span as a time difference; of months the longest that they can have.

        Raises:
            QuestionError: the span is `EVER`, which has no length.
        """
        if self.days is None:
            raise QuestionError("A horizon needs a number of days, got 'ever'. Write for example days(90).")
        return timedelta(days=self.days)


def _moved(day: datetime, months: int) -> datetime:
    """Return the same time some months later or earlier, or on the last day of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


MONTH_STARTS = tuple(datetime(2000 + m // 12, m % 12 + 1, 1) for m in range(48))
EVER = Span(None)


def days(*numbers: int) -> tuple[Span, ...]:
    """Return the windows of the given numbers of days.

    >>> [str(span) for span in days(30, 90)]
    ['30d', '90d']
    """
    return tuple(Span(n) for n in numbers)


def months(*numbers: int) -> tuple[Span, ...]:
    """Return the windows of the given numbers of months, by the calendar.

    >>> [str(span) for span in months(1, 12)]
    ['1mo', '12mo']
    """
    return tuple(span(f"{n} months") for n in numbers)


def span(length: "int | str | Span | None") -> Span:
    """Return the span that a number of days or a text names; None is all the time there was.

    Raises:
        QuestionError: the text names no span of days, weeks, months, quarters or years.

    >>> str(span(90)), str(span("2 weeks")), str(span("1 quarter")), str(span(None))
    ('90d', '14d', '3mo', 'ever')
    """
    if isinstance(length, Span):
        return length
    if not isinstance(length, str):
        return Span(length)
    written = TYPED.fullmatch(length.strip().lower())
    number, unit = (int(written[1]), written[2]) if written else (0, "")
    if not 1 <= number * MONTHS.get(unit, 7 if unit == "week" else 1) <= (LONGEST if unit in ("day", "week") else 1200):
        raise QuestionError(
            f"A span is a whole number of days, weeks, months, quarters or years, got {length!r}. "
            'Write for example 90, or "3 months" for three months by the calendar.'
        )
    if unit in MONTHS:
        return Span.of_months(number * MONTHS[unit])
    return Span(number * (7 if unit == "week" else 1))


def instant(moment: Moment) -> datetime:
    """Return the instant that a date, a time or an ISO text names; a date is its midnight.

    Raises:
        QuestionError: the text is no date, or the time has a zone.

    >>> instant("2011-09-09")
    datetime.datetime(2011, 9, 9, 0, 0)
    """
    time = _read(moment)
    if time.tzinfo is not None:
        raise QuestionError(
            f"A cutoff is a wall-clock time of the business, without a zone, got {time.isoformat()!r}. "
            f"Write {time.replace(tzinfo=None).isoformat()!r}, and say at the door where the business lives (timezone)."
        )
    return time


def instants(moments: Sequence[Moment]) -> tuple[datetime, ...]:
    """Return the instants of a list of moments, in its order.

    Raises:
        QuestionError: it is a single moment, or one of them is no date or has a zone.

    >>> instants(["2011-09-09"])
    (datetime.datetime(2011, 9, 9, 0, 0),)
    """
    if isinstance(moments, Moment) or not isinstance(moments, Iterable):
        example = moments if isinstance(moments, Moment) else "2024-06-01"
        raise QuestionError(f"Cutoffs are given as a list, got {moments!r}; write [{example!r}].")
    return tuple(instant(moment) for moment in moments)


def _read(moment: Moment) -> datetime:
    try:
        if isinstance(moment, np.datetime64):
            return datetime.fromisoformat(str(moment.astype("datetime64[us]")))
        if isinstance(moment, date):
            # A time that is missing (NaT) is a datetime too, but stands in no calendar.
            date(moment.year, moment.month, moment.day)
            return moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
        return datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        raise QuestionError(f"A cutoff must be a date, got {moment!r}. Write it as YYYY-MM-DD.") from None


def cutoffs(first: Moment, last: Moment, every: int | str) -> tuple[datetime, ...]:
    """Return the cutoffs from *first* to *last*, *every* so many days or months, both ends included.

    Raises:
        QuestionError: *every* is no span, or *last* lies before *first*.

    >>> [str(c.date()) for c in cutoffs("2024-01-01", "2024-03-01", every=30)]
    ['2024-01-01', '2024-01-31', '2024-03-01']
    >>> [str(c.date()) for c in cutoffs("2024-01-31", "2024-03-31", every="1 month")]
    ['2024-01-31', '2024-02-29', '2024-03-31']
    """
    start, end, step = instant(first), instant(last), span(every)
    if end < start:
        raise QuestionError(
            f"The last cutoff ({end:%Y-%m-%d}) lies before the first ({start:%Y-%m-%d}). "
            f'Swap them: cutoffs("{end:%Y-%m-%d}", "{start:%Y-%m-%d}", every={every!r}).'
        )
    if step.months:
        steps = (_moved(start, i * step.months) for i in count())
    else:
        steps = (start + i * step.delta for i in count())
    return tuple(takewhile(lambda cutoff: cutoff <= end, steps))


def monthly(first: str, last: str) -> tuple[datetime, ...]:
    """Return the first of every month from *first* to *last* (texts like 2010-06), both included.

    Raises:
        QuestionError: a text is no month, or *last* lies before *first*.

    >>> [str(c.date()) for c in monthly("2010-11", "2011-01")]
    ['2010-11-01', '2010-12-01', '2011-01-01']
    """
    start, end = _month(first), _month(last)
    if end < start:
        raise QuestionError(
            f'The last month ({last}) lies before the first ({first}). Swap them: monthly("{last}", "{first}").'
        )
    return cutoffs(start, end, "1 month")


def _month(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m")
    except (TypeError, ValueError):
        raise QuestionError(
            f"A month is written like 2010-06, got {text!r}. "
            'Write year and month alone, for example monthly("2010-06", "2011-06").'
        ) from None


@dataclass(frozen=True)
class Split:
    """Cutoffs by what they may be used for, so that nothing is chosen where it is judged.

    Args:
        train: cutoffs that models are fitted on.
        valid: later cutoffs for early stopping, calibration and the choice between models.
        test: still later cutoffs that no choice ever sees.

    Raises:
        QuestionError: a group is empty, or has doubled or unsorted cutoffs.
    """

    train: tuple[datetime, ...]
    valid: tuple[datetime, ...]
    test: tuple[datetime, ...]

    @classmethod
    def of(cls, train: Sequence[Moment], valid: Sequence[Moment], test: Sequence[Moment]) -> "Split":
        """Build a split from dates or ISO texts.

        >>> Split.of(["2010-06-16"], ["2010-09-14"], ["2010-12-13"]).test
        (datetime.datetime(2010, 12, 13, 0, 0),)
        """
        return cls(instants(train), instants(valid), instants(test))

    def __post_init__(self) -> None:
        for name, group in self.groups.items():
            _check_group(name, group)

    @property
    def groups(self) -> dict[str, tuple[datetime, ...]]:
        """The three groups by name, in the order of time."""
        return {"train": self.train, "valid": self.valid, "test": self.test}

    @property
    def known(self) -> tuple[datetime, ...]:
        """The cutoffs that a final fit may use: train and valid."""
        return self.train + self.valid

    def check_gap(self, horizon: Span) -> None:
        """Refuse a split in which labels of one group reach into the next.

        Raises:
            QuestionError: a label of an earlier group ends after a later group's first cutoff.
        """
        for (early, before), (late, after) in (
            (("train", self.train), ("valid", self.valid)),
            (("valid", self.valid), ("test", self.test)),
        ):
            ends = horizon.after(before[-1])
            if ends > after[0]:
                raise QuestionError(
                    f"Labels of the {early} cutoff {before[-1]:%Y-%m-%d} end {ends:%Y-%m-%d}, after the "
                    f"{late} cutoff {after[0]:%Y-%m-%d} begins: the {late} figures would be seen in advance. "
                    f"Move the {late} cutoffs to {ends:%Y-%m-%d} or later, or shorten the horizon ({horizon.length})."
                )


def _check_group(name: str, group: tuple[datetime, ...]) -> None:
    if not isinstance(group, tuple | list) or not all(isinstance(cutoff, datetime) for cutoff in group):
        raise QuestionError(
            f"The {name} cutoffs of a split are times, got {group!r}. Write them as dates: "
            "Split.of(train=['2023-09-01'], valid=['2024-03-01'], test=['2024-06-01'])."
        )
    instants(group)
    if not group:
        raise QuestionError(f"The split has no {name} cutoff. Give at least one date.")
    for cutoff, later in pairwise(group):
        if later <= cutoff:
            what = "twice" if later == cutoff else "out of order"
            raise QuestionError(
                f"The {name} cutoff {later:%Y-%m-%d} stands {what}. Give each cutoff once, oldest first."
            )
