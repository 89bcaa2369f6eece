"""How numbers are written: read where the column proves it, asked about where it does not, in one currency."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.conditions import line
from patron.history.event_tables import Events
from patron.history.sources import events


def frame(numbers: list, **columns: list) -> pd.DataFrame:
    customers = [f"c{i:05}" for i in range(len(numbers))]
    return pd.DataFrame({"customer": customers, "at": "2024-05-01", "amount": numbers, **columns})


def values(declared: Events, column: str = "amount") -> list[float]:
    return [float(value) for value in declared.used.order_by("customer")[column].to_pyarrow().to_pylist()]


def refused(rows: pd.DataFrame, **said: object) -> str:
    with pytest.raises(HistoryError) as told:
        events(rows, **said)
    return str(told.value)


WRITTEN = [
    ("1234.50", 1234.5),
    ("1,234.50", 1234.5),
    ("1.234,50", 1234.5),
    ("12,50", 12.5),
    ("0,125", 0.125),
    ("1234,5", 1234.5),
    ("1,234,567", 1234567.0),
    ("1.234.567", 1234567.0),
    ("$1,234.50", 1234.5),
    ("-$12.50", -12.5),
    ("$-12.50", -12.5),
    ("US$ 12.50", 12.5),
    ("1 234,50 \u20ac", 1234.5),
    ("1\u202f234,50\u00a0\u20ac", 1234.5),
    ("EUR 12.50", 12.5),
    ("12.50 EUR", 12.5),
    ("CHF 1'234.50", 1234.5),
    ("(12.50)", -12.5),
    ("($1,012.50)", -1012.5),
    ("12.50-", -12.5),
    ("12,-", 12.0),
    ("CHF 12.-", 12.0),
    ("1.234,--", 1234.0),
    ("12,00-", -12.0),
    ("\u221212,50", -12.5),
    ("+12.50", 12.5),
    ("12.50 kr", 12.5),
    ("1e3", 1000.0),
    (" 7 ", 7.0),
]


@pytest.mark.parametrize(("written", "value"), WRITTEN)
def test_a_number_that_can_be_read_in_one_way_is_read(written, value):
    assert values(events(frame([written]), amount="amount")) == [value]


@pytest.mark.parametrize(("written", "value"), WRITTEN[:9])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_number_of_a_file_is_read_as_one_of_a_frame(written, value, separator, tmp_path):
    frame([written, written]).to_csv(tmp_path / "orders.csv", index=False, sep=separator)
    assert values(events(tmp_path / "orders.csv")) == [value] * 2


def test_one_number_proves_how_all_others_of_the_column_are_written():
    declared = events(frame(["1.234", "12,5"]))
    assert values(declared) == [1234.0, 12.5]
    words = [(a.what, a.change) for a in declared.assumed if "comma" in a.what]
    assert words == [("'amount' is read with a comma before its decimals", 'decimal = "."')]


@pytest.mark.parametrize(("decimal", "value"), [(",", 1.234), (".", 1234.0)])
def test_a_comma_before_three_digits_is_asked_about_and_the_answer_decides(decimal, value):
    told = refused(frame(["1,234", "7"]))
    assert "has numbers like '1,234' in row 1, and none that tells whether that sign stands before decimals" in told
    assert told.endswith('Say which sign stands before decimals: decimal = "," or decimal = ".".')
    assert values(events(frame(["1,234", "7"]), decimal=decimal)) == [value, 7.0]


@pytest.mark.parametrize(("written", "comma", "point"), [("1,234", 1.234, 1234.0), ("1.234", 1234.0, 1.234)])
def test_beside_semicolons_a_sign_before_three_digits_is_asked_about(written, comma, point, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(f"customer;at;amount\na;2024-05-01;{written}\n", encoding="utf-8")
    with pytest.raises(HistoryError, match=f"has numbers like '{written}' in row 1, and none that tells") as caught:
        events(path)
    assert str(caught.value).endswith('decimal = "," or decimal = ".".')
    assert (values(events(path, decimal=",")), values(events(path, decimal="."))) == ([comma], [point])


@pytest.mark.parametrize("proof", ["12,5", "1.234,56", "1.234.567"])
def test_beside_semicolons_one_value_proves_what_stands_before_decimals(proof, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(f"customer;at;amount\na;2024-05-01;1,234\na;2024-05-02;{proof}\n", encoding="utf-8")
    assert values(events(path))[0] == 1.234


def test_points_here_and_commas_there_are_refused_with_the_first_of_each():
    told = refused(frame(["12,50", "13.75"]))
    assert "has ',' before decimals, but '13.75' in row 2 has '.'" in told


@pytest.mark.parametrize("written", ["free", "12.5.2024", "1,23,4", "12%", "5 pcs", "1.2.3,4"])
def test_a_text_that_is_no_number_is_shown_with_its_row(written):
    told = refused(frame(["7", written]), amount="amount")
    assert told.startswith(f"Column 'amount', declared as 'amount', must be a number, but {written!r} in row 2 ")
    assert "Write numbers like 1234.50" in told


def test_signs_of_several_currencies_are_refused():
    assert "adds up several currencies, such as $ and \u20ac" in refused(frame(["$5.00", "\u20ac5.00"]))


def test_a_column_of_several_currencies_is_refused_until_there_are_rates():
    rows = frame([10.0, 20.0, 5.0], currency=["EUR", "usd", "EUR"])
    told = refused(rows)
    assert "names EUR, USD: money of several currencies would be added up" in told
    assert "rates = { EUR = 1.0, USD = 1.0 }" in told
    declared = events(rows, rates={"EUR": 1.0, "USD": 0.5})
    assert values(declared) == [10.0, 10.0, 5.0]
    assert declared.assumed[-1].change == "rates = { EUR = 1.0, USD = 0.5 }"
    assert values(events(rows, where={"currency": "EUR"})) == [10.0, 5.0]


def test_a_currency_without_a_rate_is_refused_with_the_line():
    told = refused(frame([1.0, 2.0], currency=["EUR", "GBP"]), rates={"EUR": 1.0})
    assert "names GBP, for which there is no rate. Give each currency a rate: rates = { EUR = 1.0, GBP = 1.0 }" in told
    assert "names nothing in some rows" in refused(frame([1.0, 2.0], currency=["EUR", None]), rates={"EUR": 1.0})
    assert "no column that names the currency" in refused(frame([1.0]), rates={"EUR": 1.0})
    assert "The rate of EUR must be a number above zero" in refused(frame([1.0], currency=["EUR"]), rates={"EUR": 0.0})


def test_a_discount_below_zero_is_taken_off_and_told():
    rows = frame([0.0, 0.0]).drop(columns="amount").assign(gross=[100.0, 120.0], discount=[-10.0, 0.0])
    declared = events(rows)
    assert (values(declared), values(declared, "discount")) == ([90.0, 120.0], [10.0, 0.0])
    assert "'discount' is written below zero, and was taken off without its sign" in [a.what for a in declared.assumed]


def test_discounts_of_both_signs_are_refused_and_those_of_returns_may_have_the_other():
    rows = frame([0.0, 0.0]).drop(columns="amount").assign(gross=[100.0, 120.0], discount=[-10.0, 5.0])
    assert "is below zero in 1 rows and above in 1" in refused(rows)
    back = rows.assign(gross=[-100.0, 120.0])
    assert values(events(back)) == [-90.0, 115.0]


@pytest.mark.parametrize("name", ["curr", "currency_code", "Presentment Currency", "Währung"])
def test_an_undeclared_column_of_several_currencies_is_noted_with_the_lines_that_mend_it(name):
    declared = events(frame([1.0, 2.0, 3.0], **{name: ["EUR", "usd", "EUR "]}))
    assert declared.notes == (
        f"column {name!r} names EUR, USD, and money of all of them is added up as if it were of one currency; to turn "
        f'it into one: currency = "{name}" and rates = {{ EUR = 1.0, USD = 1.0 }} with what one unit of each is '
        f"worth; to keep one: {line('where', {name: 'EUR'})}",
    )


@pytest.mark.parametrize(
    "rows",
    [
        frame([1.0, 2.0], currency_code=["EUR", "eur"]),
        frame([1.0, 2.0], currency_code=["EUR", None]),
        frame([1.0, 2.0], currency_note=["settled in euro", "in dollars"]),
        frame([1.0, 2.0], shop=["EUR", "USD"]),
        frame([1.0, 2.0], currency_code=["EUR", "USD"]).drop(columns="amount"),
    ],
)
def test_one_currency_other_words_and_tables_without_money_are_not_noted(rows):
    assert events(rows).notes == ()


def test_currencies_are_not_noted_where_the_declaration_says_what_they_are():
    rows = frame([1.0, 2.0], currency_code=["EUR", "USD"])
    assert events(rows, currency="currency_code", rates={"EUR": 1.0, "USD": 0.5}).notes == ()
    assert events(rows, currency="").notes == ()
    assert len(events(rows, where={"currency_code": "USD"}).notes) == 1  # that of the condition


def test_signs_of_currencies_come_in_quotes():
    note = events(frame([1.0, 2.0], curr=["€", "US$"])).notes[0]
    assert 'rates = { "US$" = 1.0, "€" = 1.0 }' in note
