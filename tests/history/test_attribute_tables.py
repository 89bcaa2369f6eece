"""Attributes: facts about customers are known when they are dated to be, counted when they are missing, and words."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.features import attributes as facts
from patron.features import available
from patron.features.definitions import definitions
from patron.features.measures import Combination
from patron.history.event_tables import Assumption, Events
from patron.history.history import History
from patron.history.sources import attributes, events
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from patron.questions.reference import rows

MARCH = datetime(2024, 3, 1)
ORDERS = pd.DataFrame(
    {"customer": ["a", "a", "b", "c"], "at": ["2024-01-01", "2024-02-01", "2024-01-05", "2024-02-20"]}
)
PEOPLE = pd.DataFrame({"id": ["a", "b", "x"], "country": [" FR", "UK", "UK"]})
PLANS = pd.DataFrame(
    {"id": ["a", "a", "b"], "since": ["2023-01-01", "2024-02-01", "2024-03-01"], "plan": ["small", "large", "small"]}
)


def of(**known) -> History:
    return History.of(orders=events(ORDERS), **known)


def people(frame=PEOPLE, **said) -> History:
    return of(people=attributes(frame, customer="id", **said))


def seen(history: History, cutoff=MARCH) -> pd.DataFrame:
    made = matrix(churn(10, features=facts.of(history)), history, [cutoff])
    return made.X.set_index(made.key.customer)


def test_a_timeless_attribute_holds_at_every_cutoff_and_is_unknown_of_those_who_have_no_row():
    history = people()
    for cutoff in (datetime(2024, 1, 2), MARCH):
        assert seen(history, cutoff).people_country["a"] == "FR"
    assert seen(history).people_country.isna().to_dict() == {"a": False, "b": False, "c": True}


def test_a_dated_attribute_is_the_last_known_before_the_cutoff_and_not_the_one_at_it():
    history = of(plans=attributes(PLANS, customer="id", at="since"))
    assert seen(history, datetime(2024, 2, 1)).plans_plan["a"] == "small"
    assert seen(history, datetime(2024, 2, 2)).plans_plan["a"] == "large"
    assert pd.isna(seen(history, MARCH).plans_plan["b"])


def test_deleting_or_altering_what_came_from_the_cutoff_on_changes_no_attribute():
    """Forty customers three times: as drawn, without the future, and with another future in its place."""
    rng = np.random.default_rng(0)
    days = pd.DataFrame(
        [(c, d) for c in range(40) for d in range(-10, 10) if rng.uniform() < 0.2], columns=["c", "day"]
    )
    drawn = days.assign(plan=rng.choice(["s", "m", "l"], len(days)), fee=rng.integers(0, 50, len(days)))
    other = drawn.assign(plan=np.where(drawn.day >= 0, "other", drawn.plan), fee=drawn.fee + 99 * (drawn.day >= 0))
    ways = {"drawn": drawn, "deleted": drawn[drawn.day < 0], "altered": other}
    told = pd.concat([frame.assign(customer=way + frame.c.astype(str).str.zfill(2)) for way, frame in ways.items()])
    dated = told.assign(at=MARCH + pd.to_timedelta(told.day, "D")).drop(columns=["c", "day"])
    bought = pd.DataFrame({"customer": told.customer.unique(), "at": MARCH - pd.Timedelta(days=20)})
    found = seen(History.of(orders=events(bought), plans=attributes(dated)))
    parts = [found[found.index.str.startswith(way)] for way in ways]
    parts = [part.set_axis(part.index.str[-2:]) for part in parts]
    known = parts[1].index
    assert parts[1].plans_plan.notna().sum() > 30
    pd.testing.assert_frame_equal(parts[0].loc[known], parts[1])
    pd.testing.assert_frame_equal(parts[2].loc[known], parts[1])


def test_a_change_that_leaves_a_column_empty_keeps_what_was_known():
    frame = PLANS.assign(plan=["small", None, "small"])
    assert seen(of(plans=attributes(frame, customer="id", at="since"))).plans_plan["a"] == "small"


def test_a_dated_attribute_that_became_known_late_is_not_known_before():
    late = PLANS.assign(told=["2023-01-01", "2024-06-01", "2024-06-01"])
    assert seen(of(plans=attributes(late, customer="id", at="since", known_at="told"))).plans_plan["a"] == "small"


def test_numbers_stay_numbers_and_truths_are_none_or_one():
    found = seen(people(PEOPLE.assign(income=[30, 10, 20], vip=[True, False, True])))
    assert found[["people_income", "people_vip"]].loc["b"].tolist() == [10.0, 0.0]


def test_a_date_becomes_the_days_since_then_and_is_unknown_while_it_is_to_come():
    found = seen(
        people(PEOPLE.assign(born=["1990-01-01", "2024-02-28", None], left=["2024-03-01", "2024-02-28", None]))
    )
    assert found.people_born.tolist()[:2] == [(MARCH - datetime(1990, 1, 1)).days, 2.0]
    assert pd.isna(found.people_left["a"])
    assert found.people_left["b"] == 2.0


def test_the_end_of_a_row_that_was_written_when_the_next_one_came_is_not_known_before():
    ends = PLANS.assign(valid_to=pd.to_datetime(["2024-02-01", "2024-03-02", None]))
    found = [seen(of(plans=attributes(ends, customer="id", at="since")), MARCH + timedelta(days=d)) for d in (0, 2)]
    assert [one.plans_valid_to.get("a") for one in found] == [pytest.approx(np.nan, nan_ok=True), 1.0]


def test_both_paths_give_the_same_attributes():
    history = people(PEOPLE.assign(born=["1990-01-01", "1980-01-01", None], income=[1.5, None, 2.0]))
    asked = churn(10, features=facts.of(history))
    slow = rows(asked, history, MARCH).to_pandas().set_index("customer").sort_index()
    for column in ("people_country", "people_born", "people_income"):
        assert slow[column].fillna(-1).tolist() == seen(history)[column].fillna(-1).tolist()


def test_attributes_are_asked_by_default_and_told_in_their_own_words():
    history = people(PEOPLE.rename(columns={"country": "home_country"}))
    asked = churn(10).on(history).features
    told = {d.name: d.words for d in definitions(history.tables, asked)}
    assert told["people_home_country"] == "Home country"
    assert "people_home_country" not in {f.name for f in churn(10, features=available(history)[0]).on(history).features}


def test_a_table_of_attributes_is_no_table_of_events():
    history = of(tickets=attributes(PEOPLE, customer="id"))
    assert "last_ticket" in available(history)[1]
    assert (history.starts, history.ends) == (datetime(2024, 1, 1), datetime(2024, 2, 21))
    assert history.receipts[1].period == "known at any time"


def test_the_receipt_counts_customers_who_are_on_one_side_only():
    assert people().receipts[1].notes == (
        "1 of 3 customers with an order are not in it",
        "1 customers in it have no order",
    )


def test_columns_that_tell_nothing_are_left_out_and_named():
    many = pd.DataFrame({"id": [f"c{i}" for i in range(20)]}).assign(
        same="x", none=None, mail=[f"{i}@b.fr" for i in range(20)], parted=["y", None] * 10, spread=range(20)
    )
    history = History.of(orders=events(ORDERS.assign(customer="c1")), people=attributes(many, customer="id"))
    assert history.attributes == {"people": ("same", "parted", "spread")}
    assert history.receipts[1].notes[:2] == (
        "'none' is empty, and is left out",
        "'mail' has 20 different texts in 20 rows, and is left out",
    )


def test_what_must_not_count_is_left_out_by_name_and_what_is_not_there_is_told():
    told = people(PEOPLE.assign(status="gone"), leave_out=["status"])
    assert told.attributes == {"people": ("country",)}
    with pytest.raises(HistoryError, match=r"no column 'contry' to leave out\. Did you mean 'country'\?"):
        attributes(PEOPLE, customer="id", leave_out=["contry"])
    with pytest.raises(
        HistoryError, match=r"needs a column besides the customer's key and times\. It has: country, id"
    ):
        attributes(PEOPLE, customer="id", leave_out=["country"])


def test_several_rows_of_a_customer_at_one_time_are_refused():
    twice = pd.concat([PEOPLE, PEOPLE.head(1).assign(country="DE")])
    with pytest.raises(HistoryError, match=r"'people' has several rows for 1 customers, .* Keep one row for each"):
        people(twice)
    assert people(pd.concat([PEOPLE, PEOPLE]), duplicates="drop").receipts[1].set_aside == {"repeated row": 3}
    again = PLANS.assign(since="2023-01-01")
    with pytest.raises(HistoryError, match=r"several rows of one time, the first 2023-01-01 00:00, for 1 customers"):
        of(plans=attributes(again, customer="id", at="since"))


def test_attributes_of_nobody_are_refused_with_the_look_of_both_keys_and_no_key():
    with pytest.raises(
        HistoryError, match=r"3 customers, but of none of the 3 with an order: its keys look like 'a-9'"
    ) as told:
        people(PEOPLE.assign(id=["x-1", "x-2", "x-3"]))
    assert "x-1" not in str(told.value)


def test_a_history_of_attributes_alone_is_refused():
    with pytest.raises(HistoryError, match=r"at least one event table, got only attributes: people"):
        History.of(people=attributes(PEOPLE, customer="id"))


def test_an_attribute_has_no_roles_of_events():
    odd = PEOPLE.assign(amount="a lot", cost=["high", "low", "low"])
    assert people(odd).attributes["people"] == ("country", "amount", "cost")
    with pytest.raises(HistoryError, match=r"The table has no role 'amount'.* The roles are: customer, at, known_at"):
        attributes(odd, customer="id", amount="amount")


def test_a_further_column_changes_no_definition_of_the_others():
    plain, wider = people(), people(PEOPLE.assign(age=[1, 2, 3]))
    one, other = (definitions(h.tables, facts.of(h))[0].formula for h in (plain, wider))
    assert one == other
    assert not any(isinstance(feature, Combination) for feature in facts.of(wider))


def test_a_few_untidy_cells_turn_neither_numbers_nor_dates_into_kinds():
    ages, days = [str(20 + i) for i in range(19)], [f"1990-01-{i + 1:02d}" for i in range(19)]
    many = pd.DataFrame({"id": [f"c{i}" for i in range(20)], "age": [*ages, "k.A."], "born": [*days, "unknown"]})
    history = History.of(orders=events(ORDERS.assign(customer="c1")), people=attributes(many, customer="id"))
    kinds = history["people"].schema()
    assert (kinds["age"].is_floating(), kinds["born"].is_timestamp()) == (True, True)
    assert {
        "1 of 'age' cannot be read as numbers, and are unknown",
        "1 of 'born' cannot be read as dates, and are unknown",
    } <= set(history.receipts[1].notes)


def test_one_column_to_leave_out_stands_in_a_list() -> None:
    with pytest.raises(HistoryError, match=r"given as a list, got 'country'; write \['country'\]"):
        attributes(PEOPLE, customer="id", leave_out="country")


def known(column: list, **said) -> Events:
    """What is known of as many customers, by one column of texts."""
    return attributes(pd.DataFrame({"customer": [f"c{i}" for i in range(len(column))], "score": column}), **said)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,5", "2,75", "3"], [1.5, 2.75, 3.0]),
        (["1.234,50", "7,00", "8,10"], [1234.5, 7.0, 8.1]),
        (["€ 12.50", "€ 7", "€ 1,234.00"], [12.5, 7.0, 1234.0]),
        (["12,5 EUR", "7,25 EUR", "-1 EUR"], [12.5, 7.25, -1.0]),
    ],
)
def test_texts_of_numbers_are_read_as_amounts_of_events_are_and_that_is_told(texts, numbers):
    declared = known(texts)
    assert declared.used.order_by("customer").score.to_pyarrow().to_pylist() == numbers
    comma = ", with a comma before their decimals" if "," in texts[1] else ""
    change = 'decimal = "."' if comma else ""
    assert declared.assumed == (Assumption(f"'score' is read as numbers{comma}", change),)


@pytest.mark.parametrize(
    "texts",
    [
        ["basic", "plus, 2", "1,5"],
        ["1,5", "2.5", "3"],
        ["1,5 EUR", "2,5 USD", "3 EUR"],
        ["01.02.", "1.2.3", "1,2,3"],
        ["7", "8"],
    ],
)
def test_texts_that_are_not_nearly_all_numbers_of_one_way_stay_texts(texts):
    declared = known(texts)
    assert declared.used.order_by("customer").score.to_pyarrow().to_pylist() == texts
    assert declared.assumed == ()


def test_a_few_texts_among_numbers_with_a_comma_are_unknown_and_counted():
    declared = known([*(f"{i},5" for i in range(19)), "none yet"])
    assert declared.used.score.count().to_pyarrow().as_py() == 19
    assert declared.notes == ("1 of 'score' cannot be read as numbers, and are unknown",)


def test_numbers_that_could_be_read_in_two_ways_are_asked_about_and_the_answer_decides():
    with pytest.raises(
        HistoryError, match=r"'score', an attribute, has numbers like '1,234' in row 1.* decimal = \",\""
    ):
        known(["1,234", "2,345"])
    for decimal, value in ((",", 1.234), (".", 1234.0)):
        assert known(["1,234"], decimal=decimal).used.score.to_pyarrow().to_pylist() == [value]


def test_numbers_with_a_comma_stay_texts_where_a_point_is_said_to_stand_before_decimals():
    assert known(["1,5", "2,75"], decimal=".").used.score.type().is_string()
