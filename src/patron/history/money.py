"""Money: discounts without a sign, and one currency for all that is added up."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import ibis
from ibis.expr.types import BooleanValue, Column, Table

from patron.errors import HistoryError, cell, listed, values_shown
from patron.history.conditions import line

__all__ = ["currency_notes", "in_one_currency", "without_sign"]

Assumed: TypeAlias = tuple[tuple[str, str], ...]

MONEY_ROLES = ("amount", "gross", "price", "discount", "tax", "cost", "margin", "shipping", "total", "unit_cost")
SHOWN = 50
NAMES = re.compile(r"currency|^curr$|^curr[_ ]|^ccy|währung|waehrung|devise|moneda|valuta", re.IGNORECASE)
CODE = re.compile(r"[^\W\d_]{3}|[^\w\s]{1,3}|[^\W\d_]{1,3}[^\w\s]")  # EUR, €, US$


def without_sign(
    table: Table, columns: Mapping[str, Column], wanted: BooleanValue | None
) -> tuple[dict[str, Column], Assumed]:
    """Take the sign from discounts that are all written below zero; runs one query where there are discounts.

    Only rows that bring money are looked at: what takes a purchase back has all of its signs turned.

    Args:
        table: the rows.
        columns: the column of each role, numbers as such.
        wanted: the rows that are read.

    Raises:
        HistoryError: some discounts are below zero and some above.
    """
    discount = columns.get("discount")
    if discount is None or not discount.type().is_numeric():
        return {}, ()
    paid = _bringing_money(columns)
    finite = ~(discount.isinf() | discount.isnan()) if discount.type().is_floating() else None
    looked = ibis.and_(*(mask for mask in (wanted, paid, finite) if mask is not None))
    counts = table.aggregate(below=(looked & (discount < 0)).sum(), above=(looked & (discount > 0)).sum())
    below, above = (counts.to_pyarrow()[name][0].as_py() or 0 for name in ("below", "above"))
    name = discount.get_name()
    if below and above:
        raise HistoryError(
            f"Column {name!r}, declared as 'discount', is below zero in {below:,} rows and above in {above:,}, so what "
            'it takes off cannot be told. Write all of it without a sign, or say that it is none: discount = "".'
        )
    if not below:
        return {}, ()
    return {"discount": -discount}, ((f"{name!r} is written below zero, and was taken off without its sign", ""),)


def in_one_currency(
    table: Table, columns: Mapping[str, Column], rates: Mapping[str, float], wanted: BooleanValue | None
) -> tuple[dict[str, Column], Assumed]:
    """Turn money into one currency by rates; runs one query where a column names currencies.

    Args:
        table: the rows.
        columns: the column of each role, numbers as such.
        rates: what one unit of each currency is worth in that of the business.
        wanted: the rows that are read.

    Raises:
        HistoryError: there are several currencies and no rate for one of them.
    """
    if "currency" not in columns:
        if rates:
            raise HistoryError(
                'There are rates, but no column that names the currency of a row. Name it: currency = "the column".'
            )
        return {}, ()
    code = columns["currency"].cast("string").strip().upper().nullif("")
    codes = _codes(table, code, wanted)
    _check_rates(columns["currency"].get_name(), codes, rates)
    if not rates:
        return {}, ()
    rate = ibis.cases(
        *((code == name.upper(), float(value)) for name, value in rates.items()), else_=ibis.null("float64")
    )
    turned = {role: columns[role].cast("float64") * rate for role in MONEY_ROLES if role in columns}
    words = f"money in {listed(_shown(c) for c in codes if c)} was turned into one currency by the rates"
    return turned, ((words, _line(rates)),)


def currency_notes(table: Table, columns: Mapping[str, object], wanted: BooleanValue | None) -> tuple[str, ...]:
    """Describe columns that name several currencies and are not declared as such; runs a query where one is called so.

    Args:
        table: the rows.
        columns: the column of each role.
        wanted: the rows that are read.
    """
    if "currency" in columns or not set(MONEY_ROLES) & set(columns):
        return ()
    notes = []
    for name in (c for c in table.columns if NAMES.search(c) and table[c].type().is_string()):
        codes = [code for code in _codes(table, table[name].strip().upper().nullif(""), wanted) if code]
        if 1 < len(codes) < SHOWN and all(map(CODE.fullmatch, codes)):
            named, rates = json.dumps(name, ensure_ascii=False), _line(dict.fromkeys(sorted(codes), 1.0))
            notes.append(
                f"column {name!r} names {listed(codes)}, and money of all of them is added up as if it were of one "
                f"currency; to turn it into one: currency = {named} and {rates} with what one unit of each is worth; "
                f"to keep one: {line('where', {name: sorted(codes)[0]})}"
            )
    return tuple(notes)


def _bringing_money(columns: Mapping[str, Column]) -> BooleanValue | None:
    known = next((columns[role] for role in ("gross", "amount") if role in columns), None)
    if known is None and {"price", "quantity"} <= set(columns):
        known = columns["price"] * columns["quantity"]
    return known > 0 if known is not None and known.type().is_numeric() else None


def _codes(table: Table, code: Column, wanted: BooleanValue | None) -> Sequence[str | None]:
    rows = table.select(code=code, wanted=ibis.literal(True) if wanted is None else wanted)
    result: list[str | None] = (
        rows.filter(rows.wanted).code.as_table().distinct().limit(SHOWN).to_pyarrow()["code"].to_pylist()
    )
    return result


def _check_rates(name: str, codes: Sequence[str | None], rates: Mapping[str, float]) -> None:
    known = {code.upper() for code in rates}
    wrong = next((code for code, rate in rates.items() if not (math.isfinite(rate) and rate > 0)), "")
    if wrong:
        raise HistoryError(f"The rate of {wrong} must be a number above zero, got {rates[wrong]}. Write {wrong} = 1.1.")
    named = sorted(_shown(code) for code in codes if code)
    if len(named) > 1 and not rates:
        raise HistoryError(
            f"Column {name!r}, declared as 'currency', names {listed(named)}: money of several currencies would be "
            f"added up. Say what one unit of each is worth in yours: {_line(dict.fromkeys(named, 1.0))}; or keep one: "
            f'where = {{ {name} = "{named[0]}" }}.'
        )
    missing = sorted(_shown(code) for code in codes if code and code not in known)
    if rates and (missing or None in codes):
        why = f"{listed(missing)}, for which there is no rate" if missing else "nothing in some rows"
        raise HistoryError(
            f"Column {name!r}, declared as 'currency', names {why}. Give each currency a rate: "
            f'{_line({**rates, **dict.fromkeys(missing, 1.0)})}; or keep some: where = {{ {name} = ["..."] }}.'
        )


def _shown(code: str) -> str:
    """Return a code as it is; a text that is none of a currency by its shape."""
    return code if CODE.fullmatch(code) or values_shown() else cell(code)


def _line(rates: Mapping[str, float]) -> str:
    named = (
        f"{code if code.isascii() and code.isalpha() else json.dumps(code, ensure_ascii=False)} = {r}"
        for code, r in rates.items()
    )
    return f"rates = {{ {', '.join(named)} }}"
