"""Time texts: how a column of texts writes its times, proven by all of them together, or asked of the user."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError, cell
from patron.history.clocks import Assumed, Times, of_zone, wall_clock
from patron.history.formats import FormSetting
from patron.history.time_forms import CLEANINGS, Cleaning, Family, family_of, is_instant, zone_word
from patron.history.time_parsing import clean, parse, parse_any, parse_instant

__all__ = ["TimeTexts"]

LOOKED_AT, ROUNDS = 1000, 4
LATEST_MONTH, MIN_TAKEN, MIN_LEFT = 12, 5, 2
FEW_UNREAD, FEW_SHARE = 3, 0.25
MANY, FEW = 20, 12  # so many different numbers are days, and so few are years
ISO = "Write times like 2024-05-31 or 2024-05-31 17:45:00"


@dataclass(frozen=True)
class TimeTexts:
    """A column of texts that should be times, and where it stands."""

    table: Table
    column: Column
    setting: FormSetting
    timezone: str
    numbered: bool

    def read(self, form: str) -> Times:
        """Return the times of the column, read by a form, or by those that it proves.

        Raises:
            HistoryError: too many texts are no times, or they can be read in two ways.
        """
        text = self.column.strip()
        if not form:
            return self._proven(text)
        counts = self._counted(text, form)
        return self._read_by(text, [form], counts, (), _may_be_unread(counts))

    def _proven(self, text: Column) -> Times:
        """Look for forms in the first texts, then in the first that these do not read, and let all rows decide."""
        families: list[Family] = []
        unread, cleaned = text.notnull(), text
        cleanings: list[Cleaning] = []
        counts: Mapping[str, int] = {}
        for _ in range(ROUNDS):
            sample = self._sample(text, unread)
            cleanings += [c for c in CLEANINGS if c not in cleanings and any(c.pattern.search(t) for t in sample)]
            cleaned = clean(text, cleanings)
            new = {family for t in sample if (family := family_of(t))} - set(families)
            if not new:
                break
            families += sorted(new)
            counts = self._counts(cleaned, families)
            unread = text.notnull() & parse_any(cleaned, families).isnull()
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
        counts = {"n": text.count(), "read": parse_any(text, families).count()}
        for i, family in enumerate(families):
            if len(family) > 1 or len(families) > 1:
                counts[f"{i}"] = parse_any(text, [family]).count()
                counts |= {f"{i}_{k}": parse(text, form).count() for k, form in enumerate(family)}
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
        dates = [parse(text, form) for form in forms if form.startswith("%Y")]
        written = [form for form in forms if re.match("%[dm].%[dm].%[Yy]", form)]
        if not dates or not written:
            return
        taken, left = ibis.coalesce(*dates), ibis.coalesce(*(parse(text, form) for form in written))
        aggregates = {"taken": taken.count(), "left": left.count(), "late": (taken.day() > LATEST_MONTH).sum()}
        early = (left.day() <= LATEST_MONTH).sum()
        counts = self.table.aggregate(**aggregates, early=early).to_pyarrow().to_pylist()[0]
        if counts["late"] or counts["early"] or counts["taken"] < MIN_TAKEN or counts["left"] < MIN_LEFT:
            return
        (date, row), (other, there) = self._first(taken.notnull()), self._first(left.notnull())
        line = self.setting.line_for(written[0])
        raise HistoryError(
            f"Column {self._name}, {self.setting.place}, has {counts['taken']:,} dates like {cell(date)}{row}, none of "
            f"them after the 12th of a month, and {counts['left']:,} like {cell(other)}{there}, all after it: so a "
            "spreadsheet leaves dates when it takes the day for the month where it can. Export the table again and "
            f"read the file as it is; or, if they are right, write all of them like {cell(other)}: {line}."
        )

    def _by_spread(
        self, text: Column, families: Sequence[Family], alike: Sequence[int], orders: Sequence[int]
    ) -> list[int]:
        """Keep the orders that take few different numbers for years of two digits, where others take many."""
        forms = {k: families[alike[0]][k] for k in orders}
        if not all("%y" in form for form in forms.values()):
            return list(orders)
        held = parse_any(text, [families[i] for i in alike]).notnull().ifelse(text, ibis.null("string"))
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
        value, place = self._first(parse_any(text, [family]).notnull())
        lines = " or ".join(self.setting.line_for(form) for form in fitting or family)
        if fitting:
            why = "and none that tells whether the day or the month comes first"
            if any("%y" in form for form in fitting):
                why = "and none that tells which number is the day, the month or the year"
        else:
            other, there = self._first(parse_any(text, [family]).notnull() & parse(text, family[0]).isnull())
            why = f"some with the day first and some with the month first, such as {cell(other)}{there}"
        return HistoryError(
            f"Column {self._name}, {self.setting.place}, has dates like {cell(value)}{place}, {why}. "
            f"Say which: {lines}; or write times like 2024-05-31 17:45:00."
        )

    def _counted(self, text: Column, form: str) -> Mapping[str, int]:
        counts = self.table.aggregate(n=text.count(), read=parse(text, form).count()).to_pyarrow().to_pylist()[0]
        return {"n": counts["n"], "read": counts["read"], "bare": 0}

    def _read_by(
        self, text: Column, forms: Sequence[str], counts: Mapping[str, int], assumed: Assumed, unread: float = 0
    ) -> Times:
        """Read each text by the one of some forms that it is written in; refuse where too many are in none."""
        if counts["n"] - counts["read"] > max(unread, self.setting.share * counts["n"]):
            raise self._unreadable(text, forms, counts)
        local = [parse(text, form) for form in forms if not is_instant(form)]
        instants = [parse_instant(text, form) for form in forms if is_instant(form)]
        if instants and counts["bare"]:
            words = f"{counts['bare']:,} times of {self._name} name no zone, and are the clock of {self.timezone}"
            assumed += ((words, f'timezone = "{self.timezone}"'),)
        clock = ibis.coalesce(*local, *(wall_clock(self.timezone, at) for at in instants), ibis.null("timestamp(6)"))
        moments = [of_zone(self.timezone, at) for at in local] + instants
        return Times(clock, ibis.coalesce(*moments) if instants else None, assumed)

    def _unreadable(self, text: Column, forms: Sequence[str], counts: Mapping[str, int]) -> HistoryError:
        parsed = parse_any(text, [tuple(forms)]) if forms else ibis.null("timestamp(6)")
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
            f"times that cannot be read as a time; the first is {cell(value)}{place}. {mend}."
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
