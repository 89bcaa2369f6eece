"""Differences: tables that are not as in training are seen before they are scored, and seasons and few rows are not."""

from copy import deepcopy
from datetime import datetime, timedelta

import pandas as pd
import pytest

from patron.errors import ScoreError
from patron.history.history import History
from patron.history.profiles import profile
from patron.history.sources import attributes, events
from patron.history.tolerance import Tolerance
from patron.scoring.breaks import break_table, check_breaks
from patron.scoring.differences import data_breaks

START, YEAR, LATER = datetime(2023, 1, 1), 400, 440
FEATURES = [
    {"source": "orders", "formula": '"orders"."amount" "orders"."category"'},
    {"source": "tickets", "formula": "COUNT(*)"},
    {"source": "people", "formula": '"people"."plan" "people"."age"'},
]


def shop(days: int) -> dict[str, pd.DataFrame]:
    """Ten orders and two tickets a day of 50 customers, one order in ten without a category."""
    orders = pd.DataFrame({"n": range(10 * days)}).assign(
        customer=lambda t: "c" + (t.n % 50).astype(str),
        at=lambda t: START + pd.to_timedelta(t.n // 10, "D"),
        amount=lambda t: 10.0 + t.n % 20,
        category=lambda t: (t.n % 3).map({0: "tea", 1: "cup", 2: "pot"}).where(t.n % 10 > 0),
    )
    people = pd.DataFrame({"customer": [f"c{i}" for i in range(50)], "plan": ["a", "b"] * 25, "age": [30.0, 40.0] * 25})
    tickets = orders[orders.n % 5 == 0][["customer", "at"]]
    return {"orders": orders.drop(columns="n"), "tickets": tickets, "people": people}


def history(tables: dict[str, pd.DataFrame]) -> History:
    opened = {name: (attributes if name == "people" else events)(frame) for name, frame in tables.items()}
    return History.of(**opened)


@pytest.fixture(scope="module")
def training() -> dict:
    return profile(history(shop(YEAR)), FEATURES) | {"age": 0.5}


def breaks(training, tables, tolerance=Tolerance(), age=0.5):
    return data_breaks(training, profile(history(tables), training=training), tolerance, age)


def test_a_profile_holds_no_key_and_of_texts_only_kinds_of_many_customers():
    tables = shop(YEAR)
    tables["orders"].loc[:9, "category"] = "Ann Smith"
    kept = str(profile(history(tables), FEATURES))
    assert "'tea': 0.299" in kept
    assert "Ann Smith" not in kept
    assert "'c1'" not in kept


def test_tables_as_they_were_and_forty_days_later_differ_in_nothing(training):
    assert breaks(training, shop(YEAR)) == []
    assert breaks(training, shop(LATER)) == []


def cents(tables, days):
    orders = tables["orders"]
    recent = orders["at"] >= START + timedelta(days=LATER - days)
    return tables | {"orders": orders.assign(amount=orders.amount * recent.map({True: 100.0, False: 1.0}))}


def without(tables, column, days):
    orders = tables["orders"]
    return tables | {"orders": orders.assign(**{column: orders[column].where(orders["at"] < START + days)})}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: cents(t, 7), ("orders", "amount", "range", "100% of the 70 rows of the last 7 days")),
        (lambda t: without(t, "category", timedelta(LATER - 7)), ("orders", "category", "unknown", "100% of the 70")),
        (lambda t: t | {"orders": t["orders"].drop(columns="category")}, ("orders", "category", "columns", "is gone")),
        (lambda t: t | {"orders": t["orders"].iloc[3000:]}, ("orders", "", "rows", "1,000 rows of the time up to")),
        (lambda t: t | {"orders": pd.concat([t["orders"]] * 2)}, ("orders", "", "rows", "8,000 rows of the time up")),
        (lambda t: t | {"tickets": t["tickets"].iloc[:-60]}, ("tickets", "", "stale", "no row for 30 days")),
        (lambda t: {k: v for k, v in t.items() if k != "tickets"}, ("tickets", "", "columns", "the table is gone")),
        (lambda t: t | {"people": t["people"].assign(plan="PRO")}, ("people", "plan", "kinds", "100% of 50 rows")),
        (lambda t: t | {"people": t["people"].assign(age="young")}, ("people", "age", "types", "a text")),
        (lambda t: t | {"people": t["people"].assign(age=None)}, ("people", "age", "unknown", "100% of 50 rows")),
        (lambda t: t | {"people": t["people"].iloc[:5]}, ("people", "", "keys", "5 of 50 do")),
    ],
)  # fmt: skip
def test_what_would_make_answers_wrong_is_refused_with_where_and_how_much(training, change, expected):
    hard = [b for b in breaks(training, change(shop(LATER))) if b.level == "hard"]
    table, column, check, seen = expected
    assert [b for b in hard if (b.table, b.column, b.check) == (table, column, check) and seen in b.now], hard
    with pytest.raises(
        ScoreError,
        match=f'differ from those of the training .*{seen}.*\\[contract\\] .* = "soft"'.replace(".*", "(?s:.*)"),
    ):
        check_breaks(hard)


def test_all_breaks_are_refused_at_once_and_each_says_what_to_do(training):
    tables = without(cents(shop(LATER), 7), "category", timedelta(LATER - 7))
    with pytest.raises(ScoreError) as refused:
        check_breaks(breaks(training, tables))
    lines = str(refused.value).splitlines()
    assert lines[0].startswith("The tables differ from those of the training in 2 ways")
    assert [line.split(":")[0].strip() for line in lines[1:3]] == ["orders.amount", "orders.category"]
    assert "write it in the same unit" in lines[1]
    assert not any(f"c{i}'" in str(refused.value) for i in range(50))


def test_settings_say_of_each_check_whether_it_refuses_tells_or_does_not_look(training):
    tables = cents(shop(LATER), 7)
    levels = {
        level: [b.level for b in breaks(training, tables, Tolerance(range=level))] for level in ("", "soft", "off")
    }
    assert levels == {"": ["hard"], "soft": ["soft"], "off": []}
    assert break_table(breaks(training, tables)).columns.tolist()[-1] == "mend"


@pytest.fixture
def plain(training) -> dict:
    """Today's profile, to be changed by hand."""
    return deepcopy(training)


@pytest.mark.parametrize(
    ("unknown", "level"),
    [([20, 3, 0.0], []), ([20, 20, 0.0], ["hard"]), ([1000, 200, 0.0], ["soft"]), ([19, 19, 0.0], [])],
)
def test_a_share_of_few_rows_breaks_only_where_its_interval_does(training, plain, unknown, level):
    plain["tables"]["orders"]["columns"]["amount"]["signs"]["unknown"]["7"] = unknown
    assert [b.level for b in data_breaks(training, plain, Tolerance())] == level


def test_a_share_that_was_as_high_in_a_week_of_the_training_is_a_season(training, plain):
    season = deepcopy(training)
    season["tables"]["orders"]["columns"]["amount"]["signs"]["unknown"]["7"] = [70, 0, 0.9]
    plain["tables"]["orders"]["columns"]["amount"]["signs"]["unknown"]["7"] = [1000, 920, 0.9]
    assert data_breaks(season, plain, Tolerance()) == []
    assert len(data_breaks(training, plain, Tolerance())) == 1


@pytest.mark.parametrize(("rows", "level"), [(10, []), (3, ["soft"]), (1, ["hard"])])
def test_fewer_rows_in_four_weeks_are_held_against_the_fewest_of_a_year(training, plain, rows, level):
    plain["tables"]["orders"]["days"][-28:] = [rows] * 28
    assert [b.level for b in data_breaks(training, plain, Tolerance()) if b.check == "rows"] == level


def test_fewer_rows_than_in_less_than_a_year_are_told_as_nobody_knows_the_season(training, plain):
    young = deepcopy(training)
    young["tables"]["orders"]["days"] = [10] * 100
    plain["tables"]["orders"]["days"][-28:] = [1] * 28
    assert [b.level for b in data_breaks(young, plain, Tolerance())] == ["soft"]


def test_rows_that_came_since_and_cannot_be_used_are_held_against_those_of_the_training(training, plain):
    plain["tables"]["orders"] |= {"read": 4100, "set_aside": {"no time": 60}}
    (only,) = data_breaks(training, plain, Tolerance())
    assert (only.check, only.level, only.now) == ("set_aside", "hard", "60% of 100 new rows have no time")


@pytest.mark.parametrize(("lines", "level"), [(1.4, []), (1.6, ["soft"]), (2.0, ["hard"])])
def test_orders_of_twice_as_many_lines_were_loaded_twice(training, plain, lines, level):
    assert plain["tables"]["orders"]["read_for_each"] == 1.0
    plain["tables"]["orders"]["read_for_each"] = lines
    assert [b.level for b in data_breaks(training, plain, Tolerance())] == level


@pytest.mark.parametrize(
    ("freshness", "age", "level"), [(None, 0.5, []), (None, 10.0, ["soft"]), (2, 2.5, ["hard"]), (20, 10.0, [])]
)
def test_how_old_the_newest_event_may_be_is_as_in_training_or_as_the_settings_say(training, freshness, age, level):
    aged = data_breaks(training, training, Tolerance(freshness=freshness), age)
    assert [b.level for b in aged if b.check == "stale"] == level
