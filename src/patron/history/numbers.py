"""Numbers: texts of money read as the whole column proves them to be written, or asked of the user.

A comma stands before decimals or between thousands; what a column cannot show is asked, never guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError, cell

__all__ = ["Recognised", "read_numbers", "recognised_numbers"]

Assumed: TypeAlias = tuple[tuple[str, str], ...]

SIGNS = "€$£¥₹₽₺₩₪₫₴₦฿"
CODES = (
    "EUR|USD|GBP|CHF|JPY|CNY|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|INR|AUD|NZD|CAD|BRL|MXN|ZAR|SGD|HKD|KRW|THB|"
    "IDR|MYR|PHP|VND|ILS|AED|SAR|EGP|ISK|CLP|COP|ARS|PEN|TWD|NGN|KES|MAD"
)
WORDS = "kr|zł|Kč|Ft|lei|Fr|Rs|SFr"
CURRENCY = rf"(?i:(?:[A-Z]{{0,3}}[{SIGNS}]|\b(?:{CODES}|{WORDS})\b\.?))"
BLANK = "[\\s\u00a0\u202f]"
DIGITS = rf"(?:\d[\d.,'’]*(?:{BLANK}\d{{3}}[\d.,]*)*|[.,]\d+)"
MINUS = "[-−]"
VALID = (
    rf"^(?:\({BLANK}*)?{MINUS}?{BLANK}*(?:{CURRENCY}{BLANK}*)?[-+−]?{BLANK}*{DIGITS}{BLANK}*{MINUS}?"
    rf"(?:{BLANK}*{CURRENCY})?{BLANK}*{MINUS}?(?:{BLANK}*\))?$"
)
NEGATIVE = rf"^\(|{MINUS}"
WHOLE = r"(\d)([.,])[-−–—]{1,2}"  # prices without cents, as 12,- or CHF 12.-
OTHER = {",": ".", ".": ","}
LOOKED_AT = 1000


def _proof(decimal: str) -> str:
    """Return what digits look like that can only be read with that sign before their decimals."""
    d, t = re.escape(decimal), re.escape(OTHER[decimal])
    return (
        rf"^\d{{1,3}}(?:{t}\d{{3}})+{d}\d*$|^\d*{d}(?:\d{{0,2}}|\d{{4,}})$|^\d{{4,}}{d}\d+$|^0?{d}\d+$"
        rf"|^\d{{1,3}}(?:{t}\d{{3}}){{2,}}$"
    )


PROOFS = {decimal: _proof(decimal) for decimal in OTHER}
OPEN = {decimal: rf"^[1-9]\d{{0,2}}{re.escape(decimal)}\d{{3}}$" for decimal in OTHER}
PLAIN = r"^\d+$"
BARE = r"^-?[0-9.,]+$"
# What a text is that should be a number; the first fitting line counts.
STRANGE = (
    (re.compile(r"[^\w\s.,+'-]|^[A-Z]{3}\s?[\d+-]|\d\s?[A-Z]{3}$"), "has a sign beside it that is no currency's"),
    (re.compile(r"^[-+]?[\d.\s]*\d,\d+"), "has commas and points in no order that numbers have"),
)


def read_numbers(
    table: Table, columns: Mapping[str, Column], decimal: str = "", delimiter: str = "", numbered: bool = False
) -> tuple[dict[str, Column], Assumed]:
    """Turn the columns of texts among some that should be numbers into numbers, with what was assumed.

    Args:
        table: the rows; two queries look at all such columns.
        columns: the column of each role.
        decimal: the sign before decimals, where somebody said so.
        delimiter: the sign between the columns of the file.
        numbered: whether rows have a place that a person can find.

    Raises:
        HistoryError: a text is no number, can be read in two ways, or currencies differ.

    >>> rows = ibis.memtable({"paid": ["1.234,50", "-7,25 €"]})
    >>> read, _ = read_numbers(rows, {"amount": rows.paid})
    >>> rows.select(n=read["amount"]).to_pyarrow()["n"].to_pylist()
    [1234.5, -7.25]
    """
    texts = {role: column for role, column in columns.items() if column.type().is_string()}
    if not texts:
        return {}, ()
    parts = _parts(table, texts)
    counts = table.aggregate(**{k: v for role, part in parts.items() for k, v in _counts(role, part).items()})
    result = counts.to_pyarrow().to_pylist()[0]
    numbers: dict[str, Column] = {}
    assumed: Assumed = ()
    for role, column in texts.items():
        seen = {k.removeprefix(f"{role}_"): n for k, n in result.items() if k.startswith(f"{role}_")}
        look = _Look(table, column, parts[role], role, numbered)
        look.check(seen)
        chosen = decimal or look.decimal(seen, delimiter)
        look.check_decimal(seen, chosen)
        numbers[role] = _number(parts[role], chosen).name(column.get_name())
        if chosen == ",":
            assumed += ((f"{column.get_name()!r} is read with a comma before its decimals", 'decimal = "."'),)
    return numbers, assumed


@dataclass(frozen=True)
class Recognised:
    """A column of texts that are numbers.

    Args:
        values: the numbers.
        unread: how many known texts are none.
        words: how they were read.
        change: the line that would have them read otherwise.
    """

    values: Column
    unread: int
    words: str
    change: str = ""


def recognised_numbers(
    table: Table,
    columns: Mapping[str, Column],
    share: float,
    decimal: str = "",
    delimiter: str = "",
    numbered: bool = False,
) -> dict[str, Recognised]:
    """Turn the columns into numbers of whose texts nearly all are such, some with a comma or a currency.

    Columns of several currencies, and such as are written in two ways, stay texts.

    Args:
        table: the rows; two queries look at all columns whose first texts are nearly all numbers.
        columns: columns of texts, of which nobody said that they are numbers.
        share: of the known texts of a column that must be numbers.
        decimal: the sign before decimals, where somebody said so.
        delimiter: the sign between the columns of the file.
        numbered: whether rows have a place that a person can find.

    Raises:
        HistoryError: the numbers of a column can be read in two ways.

    >>> rows = ibis.memtable({"score": ["1,5", "2", "12,25"], "plan": ["a", "b", "1,5"]})
    >>> recognised = recognised_numbers(rows, {c: rows[c] for c in rows.columns}, 0.9)
    >>> {c: rows.select(n=number.values).to_pyarrow()["n"].to_pylist() for c, number in recognised.items()}
    {'score': [1.5, 2.0, 12.25]}
    """
    columns = {name: column for name, column in columns.items() if _look_numeric(table, column, share)}
    if not columns:
        return {}
    parts = _parts(table, columns)
    counts = {f"c{i}": _counts(f"c{i}", p) | _signs(f"c{i}", p, delimiter) for i, p in enumerate(parts.values())}
    result = table.aggregate(**{k: v for each in counts.values() for k, v in each.items()}).to_pyarrow().to_pylist()[0]
    recognised: dict[str, Recognised] = {}
    for prefix, (name, column) in zip(counts, columns.items(), strict=True):
        seen = {k.removeprefix(f"{prefix}_"): result[k] for k in counts[prefix]}
        if not seen["marked"] or seen["unread"] > (1 - share) * seen["n"] or seen["first"] != seen["last"]:
            continue
        look = _Look(table, column, parts[name], "", numbered)
        chosen = decimal or look.decimal(seen, delimiter)
        if not seen[f"proof{OTHER[chosen]}"]:
            words = f"{name!r} is read as numbers" + (", with a comma before their decimals" if chosen == "," else "")
            change = 'decimal = "."' if chosen == "," else ""
            recognised[name] = Recognised(_number(parts[name], chosen), seen["unread"], words, change)
    return recognised


@dataclass(frozen=True)
class _Parts:
    """The parts of texts of numbers: the digits with their signs between, the currency, and what tells of them."""

    text: Column
    core: Column
    word: Column
    written: BooleanValue
    negative: BooleanValue


def _parts(table: Table, texts: Mapping[str, Column]) -> dict[str, _Parts]:
    """Take texts apart, by quick means where all of a column are digits, points and commas; runs one query."""
    counts = {f"n_{role}": column.count() for role, column in texts.items()}
    counts |= {f"bare_{role}": column.re_search(BARE).sum() for role, column in texts.items()}
    n = table.aggregate(**counts).to_pyarrow().to_pylist()[0]
    return {r: _bare(c) if n[f"n_{r}"] == n[f"bare_{r}"] else _any(c) for r, c in texts.items()}


def _bare(column: Column) -> _Parts:
    nothing = column.isnull().ifelse(column, ibis.null("string"))
    return _Parts(column, column.replace("-", ""), nothing, column.notnull(), column.startswith("-"))


def _any(column: Column) -> _Parts:
    text = column.strip().nullif("").re_replace(WHOLE, r"\1\2" + "00")
    core = text.re_replace(CURRENCY, "").re_replace("[^0-9.,]", "")
    word = text.upper().re_extract(CURRENCY, 0).nullif("")
    return _Parts(text, core, word, text.re_search(VALID), text.re_search(NEGATIVE))


def _counts(role: str, parts: _Parts) -> dict[str, Column]:
    shapes = {f"proof{d}": parts.written & parts.core.re_search(PROOFS[d]) for d in OTHER}
    shapes |= {f"open{d}": parts.written & parts.core.re_search(OPEN[d]) for d in OTHER}
    counts = {name: shape.sum() for name, shape in shapes.items()}
    counts |= {"unread": _is_unread(parts).sum(), "first": parts.word.min(), "last": parts.word.max()}
    return {f"{role}_{name}": count for name, count in counts.items()}


def _look_numeric(table: Table, column: Column, share: float) -> bool:
    """Check whether the first texts of a column are nearly all numbers; the full look at all of them is costly."""
    rows = table.select(text=column.strip().nullif(""))
    texts = rows.filter(rows.text.notnull()).limit(LOOKED_AT).to_pyarrow()["text"].to_pylist()
    return bool(texts) and sum(bool(re.match(VALID, text)) for text in texts) >= share * len(texts)


def _signs(prefix: str, parts: _Parts, delimiter: str) -> dict[str, Column]:
    """Count the known texts, and the numbers among them that are written otherwise than with a decimal point alone."""
    signs = parts.core.contains(",") | parts.word.notnull()
    signs = signs | parts.core.contains(".") if delimiter == ";" else signs
    return {f"{prefix}_n": parts.text.count(), f"{prefix}_marked": (signs & ~_is_unread(parts)).sum()}


def _is_unread(parts: _Parts) -> BooleanValue:
    shape = parts.core.re_search("|".join((PLAIN, *PROOFS.values(), *OPEN.values())))
    exact = parts.text.try_cast("float64").notnull()
    return parts.text.notnull() & ~exact & ~(parts.written & shape)


def _number(parts: _Parts, decimal: str) -> Column:
    value = parts.core.replace(OTHER[decimal], "").replace(decimal, ".").try_cast("float64")
    signed = parts.negative.ifelse(-value, value)
    if decimal == ",":
        return signed
    return ibis.coalesce(parts.text.try_cast("float64"), signed)  # 1e3 and nan, too


class _Look:
    """A column of texts that should be numbers, as its rows were counted."""

    def __init__(self, table: Table, column: Column, parts: _Parts, role: str, numbered: bool) -> None:
        self.table, self.column, self.parts, self.role, self.numbered = table, column, parts, role, numbered

    @property
    def place(self) -> str:
        return f"Column {self.column.get_name()!r}, {f'declared as {self.role!r}' if self.role else 'an attribute'},"

    def check(self, counts: Mapping[str, int]) -> None:
        """Refuse a text that is no number, and sums over several currencies."""
        if counts["unread"]:
            value, row = self.first(_is_unread(self.parts))
            why = next((why for strange, why in STRANGE if strange.search(value.strip())), "is no number")
            raise HistoryError(
                f"{self.place} must be a number, but {cell(value)}{row} {why}. "
                "Write numbers like 1234.50: a decimal point, nothing between the thousands, no other signs."
            )
        if counts["first"] != counts["last"]:
            raise HistoryError(
                f"{self.place} adds up several currencies, such as {counts['first']} and {counts['last']}. Give each "
                'row its currency in a column, currency = "...", and the rates: rates = { EUR = 1.0, USD = 0.92 }; or '
                'keep one by where = { currency = "EUR" }.'
            )

    def decimal(self, counts: Mapping[str, int], delimiter: str) -> str:
        """Return the sign before decimals that some rows prove, or ask."""
        comma, point = counts["proof,"], counts["proof."]
        if comma or point:
            return "," if comma else "."
        if counts["open,"] or (counts["open."] and delimiter == ";"):
            value, row = self.first(self.parts.core.re_search(f"{OPEN[',']}|{OPEN['.']}"))
            raise HistoryError(
                f"{self.place} has numbers like {cell(value)}{row}, and none that tells whether that sign stands "
                'before decimals or between thousands. Say which sign stands before decimals: decimal = "," or '
                'decimal = ".".'
            )
        return "."

    def check_decimal(self, counts: Mapping[str, int], decimal: str) -> None:
        """Refuse numbers that can only be read with the other sign before their decimals."""
        if counts[f"proof{OTHER[decimal]}"]:
            value, row = self.first(self.parts.core.re_search(PROOFS[OTHER[decimal]]))
            raise HistoryError(
                f"{self.place} has {decimal!r} before decimals, but {cell(value)}{row} has {OTHER[decimal]!r}. Write "
                f"all numbers in one way, or say which: decimal = {OTHER[decimal]!r}."
            )

    def first(self, wanted: BooleanValue) -> tuple[str, str]:
        """The first text of a kind, and its place in words."""
        rows = self.table.select(text=self.column, wanted=wanted, row=ibis.row_number())
        row = rows.filter(rows.wanted).order_by("row").limit(1).to_pyarrow().to_pylist()[0]
        return row["text"], f" in row {row['row'] + 1:,}" if self.numbered else ""
