"""Times: how a column of them is written, proven by the column itself, or asked of the user; never guessed.

Each row is read by one of the forms that the whole column proves, and none of its text is passed over. A time that
names a zone is an instant; one that names none is the wall clock of the business.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.engines.text_columns import parse_naive
from patron.errors import HistoryError
from patron.history.time_forms import CLEANINGS, Cleaning, Family, family_of, is_form, is_instant, is_utc, zone_word
from patron.history.time_numbers import NUMBER_FORMS, number_form, number_time
from patron.history.unwritten_times import is_unwritten

__all__ = ["INSTANT", "FormSetting", "Formats", "Times", "read_times"]

Assumed: TypeAlias = tuple[tuple[str, str], ...]

INSTANT = "timestamp('UTC')"
LOOKED_AT, ROUNDS = 1000, 4
LATEST_MONTH, MIN_TAKEN, MIN_LEFT = 12, 5, 2
FEW_UNREAD, FEW_SHARE = 3, 0.25
MANY, FEW = 20, 12  # so many different numbers are days, and so few are years
OLDEST = datetime(100, 1, 1)  # an engine reads the year 24 where a text has two digits
ISO = "Write times like 2024-05-31 or 2024-05-31 17:45:00"


@dataclass(frozen=True)
class Formats:
    """How the texts of a table are written, as far as somebody said so; whatever is empty, the columns must prove.

    Args:
        at: the form of the times, for example "%d/%m/%Y", or of numbers: "seconds", "spreadsheet days".
        known_at: that of the times at which facts became known.
        decimal: the sign before decimals, "," or ".".
        delimiter: the sign between the columns of the file.
        columns: that of the dates of each further column, by its name.
        rates: what one unit of each currency is worth in that of the business.
        numbered: whether rows have a place that a person can find.
        compared: whether rows will be compared, so that instants must be told apart that clocks show alike.
    """

    at: str = ""
    known_at: str = ""
    decimal: str = ""
    delimiter: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    numbered: bool = False
    compared: bool = False


@dataclass(frozen=True)
class FormSetting:
    """Where a column of times stands in a declaration.

    Args:
        place: in words, for messages.
        line: the line of a settings file that says its form, with {} for that.
        share: of its texts that may be no times.
    """

    place: str
    line: str
    share: float = 0.01

    def line_for(self, form: str) -> str:
        """Return the line of a settings file that says a form."""
        return self.line.replace("{}", form)

    @classmethod
    def of(cls, role: str) -> "FormSetting":
        """Return where the column of a role stands."""
        return cls(f"declared as {role!r}", f'{role}_format = "{{}}"')


@dataclass(frozen=True)
class Times:
    """A column of times: as wall clock of the business, as instants where it names zones, and what was assumed.

    Where something stands for no time, such as 0000-00-00, `missing` says so.
    """

    clock: Column
    instants: Column | None = None
    assumed: Assumed = ()
    missing: BooleanValue | None = None


def read_times(
    table: Table, column: Column, setting: FormSetting, timezone: str, form: str = "", numbered: bool = False
) -> Times:
    """Return the times of a column as the wall clock of the business; texts and numbers run a few queries.

    Args:
        table: the rows.
        column: texts, numbers, dates or times of it.
        setting: where it stands in a declaration.
        timezone: where the business lives.
        form: how they are written, where somebody said so.
        numbered: whether rows have a place that a person can find.

    Raises:
        HistoryError: the column holds no times, can be read in two ways, or more than one text in a hundred is none.

    >>> rows = ibis.memtable({"ts": ["13/01/2024", "02/03/2024"]})
    >>> times = read_times(rows, rows.ts, FormSetting.of("at"), "UTC")
    >>> clock = rows.select(at=times.clock).to_pyarrow()["at"].to_pylist()
    >>> [f"{at:%d %b}" for at in clock]
    ['13 Jan', '02 Mar']
    """
    kind = column.type()
    if form:
        _check_form(column, setting, form)
    if kind.is_numeric() and form:
        return _numbers(table, column, setting, timezone, form)
    if kind.is_string() or kind.is_numeric():
        return _written(table, column, setting, timezone, form, numbered)
    if form and not kind.is_date():
        raise HistoryError(
            f"Column {column.get_name()!r}, {setting.place}, holds times already ({kind}), so that none of it can "
            f"be read as {form!r}. Take the line {setting.line_for(form)} away."
        )
    if (kind.is_timestamp() and kind.timezone is not None) or "TIMESTAMPTZ" in str(kind):
        instants = column.cast(INSTANT)
        return Times(_wall_clock(timezone, instants), instants)
    if kind.is_timestamp() or kind.is_date():
        return Times(column.cast("timestamp(6)"))
    raise HistoryError(
        f"Column {column.get_name()!r}, {setting.place}, must be a time, got {kind}. "
        "Name a column of times, or write times like 2024-05-31 17:45:00 into the table."
    )


def _written(table: Table, column: Column, setting: FormSetting, timezone: str, form: str, numbered: bool) -> Times:
    """Read texts or numbers, those that stand for no time as missing."""
    blank = is_unwritten(column.strip() if column.type().is_string() else column)
    count = table.aggregate(n=blank.sum()).to_pyarrow()["n"][0].as_py() or 0
    known = blank.ifelse(ibis.null(column.type()), column).name(column.get_name()) if count else column
    if column.type().is_string():
        times = _Texts(table, known, setting, timezone, numbered).read(form)
    else:
        times = _numbers(table, known, setting, timezone, form)
    if not count:
        return times
    value = table.select(value=column, blank=blank).filter(lambda t: t.blank).limit(1).to_pyarrow()["value"][0].as_py()
    words = f"{count:,} times of {column.get_name()!r} such as {str(value)!r} stand for none, and count as missing"
    return replace(times, assumed=(*times.assumed, (words, "")), missing=blank)


def _check_form(column: Column, setting: FormSetting, form: str) -> None:
    if form not in NUMBER_FORMS and not is_form(form):
        raise HistoryError(
            f"Column {column.get_name()!r}, {setting.place}, cannot be read as {form!r}. Write the year as %Y or "
            f"%y, the month as %m or %b, the day as %d, for example {setting.line_for('%d/%m/%Y %H:%M')}, or one of: "
            f"{', '.join(NUMBER_FORMS)}."
        )


def _numbers(table: Table, column: Column, setting: FormSetting, timezone: str, form: str) -> Times:
    """Read whole numbers, or spreadsheet days, as the times that all of them can be."""
    if form and form not in NUMBER_FORMS:
        text = column.cast("int64").cast("string")
        return _Texts(table, text.name(column.get_name()), setting, timezone, False).read(form)
    chosen = form or number_form(table, column, setting.place, setting.line)
    naive = number_time(column, chosen)
    name = column.get_name()
    assumed = () if form else ((f"the numbers of {name!r} are read as {_words(chosen)}", setting.line_for(chosen)),)
    if not NUMBER_FORMS[chosen].is_instant:
        return Times(naive, None, assumed)
    instants = _of_zone("UTC", naive)
    return Times(_wall_clock(timezone, instants), instants, assumed)


def _words(form: str) -> str:
    return f"{form} since 1970" if NUMBER_FORMS[form].is_instant else form


@dataclass(frozen=True)
class _Texts:
    """A column of texts that should be times, and where it stands."""

    table: Table
    column: Column
    setting: FormSetting
    timezone: str
    numbered: bool

    def read(self, form: str) -> Times:
        """Read the column by a form, or by those that it proves."""
        text = self.column.strip()
        if form in NUMBER_FORMS or (not form and self._are_numbers(text)):
            number = text.try_cast("float64").name(self.column.get_name())
            return _numbers(self.table, number, self.setting, self.timezone, form)
        if form:
            counts = self._counted(text, form)
            return self._read_by(text, [form], counts, (), _may_be_unread(counts))
        return self._proven(text)

    def _are_numbers(self, text: Column) -> bool:
        begun = self.table.select(text=text).filter(lambda t: t.text.notnull() & (t.text != "")).limit(LOOKED_AT)
        counts = begun.aggregate(n=begun.count(), plain=begun.text.re_search(r"^\d+(\.\d+)?$").sum()).to_pyarrow()
        return bool(counts["n"][0].as_py() == counts["plain"][0].as_py() != 0)

    def _proven(self, text: Column) -> Times:
        """Look for forms in the first texts, then in the first that these do not read, and let all rows decide."""
        families: list[Family] = []
        unread, cleaned = text.notnull(), text
        cleanings: list[Cleaning] = []
        counts: Mapping[str, int] = {}
        for _ in range(ROUNDS):
            sample = self._sample(text, unread)
            cleanings += [c for c in CLEANINGS if c not in cleanings and any(c.pattern.search(t) for t in sample)]
            cleaned = _cleaned(text, cleanings)
            new = {family for t in sample if (family := family_of(t))} - set(families)
            if not new:
                break
            families += sorted(new)
            counts = self._counts(cleaned, families)
            unread = text.notnull() & _parsed_any(cleaned, families).isnull()
            if counts["read"] == counts["n"]:
                break
        decided, assumed = self._decided(cleaned, families, counts)
        self._check_exchanged(cleaned, list(decided.values()))
        if len(families) > 1:
            reads = {i: counts[f"{i}"] for i in decided}
            bare = sum(n for i, n in reads.items() if not is_instant(decided[i]))
            counts = {"n": counts["n"], "read": sum(reads.values()), "bare": bare}
        elif not decided:
            counts = {"n": counts.get("n", 1 if sample else 0), "read": 0}
        return self._read_by(cleaned, list(decided.values()), {"bare": 0, **counts}, assumed)

    def _sample(self, text: Column, wanted: BooleanValue) -> list[str]:
        rows = self.table.select(text=text, wanted=wanted)
        return [
            str(t) for t in rows.filter(rows.wanted).text.as_table().limit(LOOKED_AT).to_pyarrow()["text"].to_pylist()
        ]

    def _counts(self, text: Column, families: Sequence[Family]) -> Mapping[str, int]:
        """Count, in one pass, the texts that some form reads, and those that each of several orders reads."""
        counts = {"n": text.count(), "read": _parsed_any(text, families).count()}
        for i, family in enumerate(families):
            if len(family) > 1 or len(families) > 1:
                counts[f"{i}"] = _parsed_any(text, [family]).count()
                counts |= {f"{i}_{k}": _parsed(text, form).count() for k, form in enumerate(family)}
        result: Mapping[str, int] = self.table.aggregate(**counts).to_pyarrow().to_pylist()[0]
        return result

    def _decided(
        self, text: Column, families: Sequence[Family], counts: Mapping[str, int]
    ) -> tuple[dict[int, str], Assumed]:
        """Return for each family the one order of day, month and year that reads all of its texts, or ask."""
        forms: dict[int, str] = {}
        assumed: Assumed = ()
        for alike in _dated_alike(families):
            family = families[alike[0]]
            held = sum(counts[f"{i}"] for i in alike) if len(family) > 1 else 0
            orders = [k for k in range(len(family)) if not held or sum(counts[f"{i}_{k}"] for i in alike) == held]
            likely = self._by_spread(text, families, alike, orders) if len(orders) > 1 else orders
            if len(orders) > len(likely) == 1:
                change = family[next(k for k in orders if k not in likely)]
                assumed += ((f"{self._name} is read as {family[likely[0]]}", self.setting.line_for(change)),)
            if len(likely) == 1:
                forms |= {i: families[i][likely[0]] for i in alike}
            elif held > self.setting.share * counts["n"]:
                raise self._ambiguous(text, family, [family[k] for k in likely])
        return forms, assumed

    def _check_exchanged(self, text: Column, forms: Sequence[str]) -> None:
        """Refuse dates of which a spreadsheet took those that it could for its own, with day and month exchanged.

        All that became dates have a day up to 12 then, and all that stayed texts one after it.
        """
        dates = [_parsed(text, form) for form in forms if form.startswith("%Y")]
        written = [form for form in forms if re.match("%[dm].%[dm].%[Yy]", form)]
        if not dates or not written:
            return
        taken, left = ibis.coalesce(*dates), ibis.coalesce(*(_parsed(text, form) for form in written))
        aggregates = {"taken": taken.count(), "left": left.count(), "late": (taken.day() > LATEST_MONTH).sum()}
        early = (left.day() <= LATEST_MONTH).sum()
        counts = self.table.aggregate(**aggregates, early=early).to_pyarrow().to_pylist()[0]
        if counts["late"] or counts["early"] or counts["taken"] < MIN_TAKEN or counts["left"] < MIN_LEFT:
            return
        (date, row), (other, there) = self._first(taken.notnull()), self._first(left.notnull())
        line = self.setting.line_for(written[0])
        raise HistoryError(
            f"Column {self._name}, {self.setting.place}, has {counts['taken']:,} dates like {date!r}{row}, none of "
            f"them after the 12th of a month, and {counts['left']:,} like {other!r}{there}, all after it: so a "
            "spreadsheet leaves dates when it takes the day for the month where it can. Export the table again and "
            f"read the file as it is; or, if they are right, write all of them like {other!r}: {line}."
        )

    def _by_spread(
        self, text: Column, families: Sequence[Family], alike: Sequence[int], orders: Sequence[int]
    ) -> list[int]:
        """Keep the orders that take few different numbers for years of two digits, where others take many."""
        forms = {k: families[alike[0]][k] for k in orders}
        if not all("%y" in form for form in forms.values()):
            return list(orders)
        held = _parsed_any(text, [families[i] for i in alike]).notnull().ifelse(text, ibis.null("string"))
        numbers = {f"p{k}": held.re_extract(r"^(\d+)\D(\d+)\D(\d+)", k + 1).nunique() for k in range(3)}
        different = list(self.table.aggregate(**numbers).to_pyarrow().to_pylist()[0].values())
        places = {k: re.findall("%[dmy]", form) for k, form in forms.items()}
        counts = {k: [different[parts.index(part)] for part in ("%y", "%d")] for k, parts in places.items()}
        return [k for k, (years, days) in counts.items() if not (years >= MANY and days <= FEW)]

    @property
    def _name(self) -> str:
        return repr(self.column.get_name())

    def _first(self, wanted: BooleanValue) -> tuple[str, str]:
        """The first text of a kind as it stands in the table, and its place in words."""
        rows = self.table.select(text=self.column, wanted=wanted, row=ibis.row_number())
        row = rows.filter(rows.wanted).order_by("row").limit(1).to_pyarrow().to_pylist()[0]
        return row["text"], f" in row {row['row'] + 1:,}" if self.numbered else ""

    def _ambiguous(self, text: Column, family: Family, fitting: Sequence[str]) -> HistoryError:
        value, place = self._first(_parsed_any(text, [family]).notnull())
        lines = " or ".join(self.setting.line_for(form) for form in fitting or family)
        if fitting:
            why = "and none that tells whether the day or the month comes first"
            if any("%y" in form for form in fitting):
                why = "and none that tells which number is the day, the month or the year"
        else:
            other, there = self._first(_parsed_any(text, [family]).notnull() & _parsed(text, family[0]).isnull())
            why = f"some with the day first and some with the month first, such as {other!r}{there}"
        return HistoryError(
            f"Column {self._name}, {self.setting.place}, has dates like {value!r}{place}, {why}. "
            f"Say which: {lines}; or write times like 2024-05-31 17:45:00."
        )

    def _counted(self, text: Column, form: str) -> Mapping[str, int]:
        counts = self.table.aggregate(n=text.count(), read=_parsed(text, form).count()).to_pyarrow().to_pylist()[0]
        return {"n": counts["n"], "read": counts["read"], "bare": 0}

    def _read_by(
        self, text: Column, forms: Sequence[str], counts: Mapping[str, int], assumed: Assumed, unread: float = 0
    ) -> Times:
        """Read each text by the one of some forms that it is written in; refuse where too many are in none."""
        if counts["n"] - counts["read"] > max(unread, self.setting.share * counts["n"]):
            raise self._unreadable(text, forms, counts)
        local = [_parsed(text, form) for form in forms if not is_instant(form)]
        instants = [_instant(text, form) for form in forms if is_instant(form)]
        if instants and counts["bare"]:
            words = f"{counts['bare']:,} times of {self._name} name no zone, and are the clock of {self.timezone}"
            assumed += ((words, f'timezone = "{self.timezone}"'),)
        clock = ibis.coalesce(*local, *(_wall_clock(self.timezone, at) for at in instants), ibis.null("timestamp(6)"))
        moments = [_of_zone(self.timezone, at) for at in local] + instants
        return Times(clock, ibis.coalesce(*moments) if instants else None, assumed)

    def _unreadable(self, text: Column, forms: Sequence[str], counts: Mapping[str, int]) -> HistoryError:
        parsed = _parsed_any(text, [tuple(forms)]) if forms else ibis.null("timestamp(6)")
        value, place = self._first(text.notnull() & parsed.isnull())
        word = zone_word(value)
        mend = f"{ISO}, or name the column that holds times"
        missed = counts["n"] - counts["read"]
        if len(forms) == 1 and missed <= _may_be_unread(counts) and text.equals(self.column.strip()):
            rows = "that row" if missed == 1 else "those rows"
            mend += f"; or set {rows} aside by saying how the others are written: {self.setting.line_for(forms[0])}"
        elif re.fullmatch(r"\d{4}([-/.])\d\d", value):
            mend = f"They name no day; to read each as the first day of its month: {self._month_line(value)}"
        if word:
            mend = (
                f"Which offset {word!r} is cannot be told; if it is the clock of your time zone, write "
                + self.setting.line_for(f"%Y-%m-%d %H:%M:%S {word}")
            )
        return HistoryError(
            f"Column {self._name}, {self.setting.place}, has {missed} of {counts['n']} "
            f"times that cannot be read as a time; the first is {value!r}{place}. {mend}."
        )

    def _month_line(self, value: str) -> str:
        return self.setting.line_for(f"%Y{value[4]}%m")


def _may_be_unread(counts: Mapping[str, int]) -> float:
    """Return how many texts may be no times where somebody says how the others are written: a few, of a small table."""
    return max(min(FEW_UNREAD, FEW_SHARE * counts["n"]), min(1, counts["read"]))


def _dated_alike(families: Sequence[Family]) -> list[list[int]]:
    """Group families whose dates are written alike, whatever clock stands behind: these share one order."""
    groups: dict[str, list[int]] = {}
    for i, family in enumerate(families):
        groups.setdefault(re.split(r"(?:T|,? )?%[HI]", family[0])[0], []).append(i)
    return list(groups.values())


def _cleaned(text: Column, cleanings: Sequence[Cleaning]) -> Column:
    for cleaning in cleanings:
        text = text.re_replace(cleaning.pattern.pattern, cleaning.replacement)
    return text


def _parsed_any(text: Column, families: Sequence[Family]) -> Column:
    return ibis.coalesce(*(_parsed(text, form) for family in families for form in family))


def _parsed(text: Column, form: str) -> Column:
    """Read a text by one form, as the clock that it shows; an engine takes a year of two digits for one of four."""
    if form.endswith("%z"):
        return _wall_clock("UTC", _parse_zoned(text, form))
    read = parse_naive(text, form)
    if "%Y" not in form:
        return read
    return ((read >= OLDEST) | text.startswith("000")).ifelse(read, ibis.null("timestamp(6)"))


def _instant(text: Column, form: str) -> Column:
    return _of_zone("UTC", _parsed(text, form)) if is_utc(form) else _parse_zoned(text, form)


@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "string"), INSTANT))
def _parse_zoned(text: Column, form: str) -> Column:
    """Read a time that names its offset."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", INSTANT), "timestamp(6)"))
def _wall_clock(zone: str, at: Column) -> Column:
    """Give the local time of an instant; the engine's own function, as a cast to a zone leaves the clock in UTC."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp(6)"), INSTANT))
def _of_zone(zone: str, clock: Column) -> Column:
    """Give the instant at which clocks of a zone show a time."""
