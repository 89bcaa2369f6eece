"""People: names, dates of birth and homes make it probable that keys are one person, and a family stays several."""

import subprocess
import sys

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.identities.identifying import identify
from patron.history.identities.matching import Matching
from patron.history.sources import events
from worlds.people import noisy_people, pair_figures

MATCH = {name: {"name": "name", "born": "born", "postcode": "postcode"} for name in ("shop", "crm")}


def identified(people: pd.DataFrame, **rules):
    tables = {
        name: events(rows.assign(at="2024-05-01").drop(columns=["table", "person"]))
        for name, rows in people.groupby("table")
    }
    return identify(tables, Matching(MATCH, **rules), b"secret")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return noisy_people(seed=2)


@pytest.fixture(scope="module")
def result(people):
    return identified(people)


def test_noisy_people_are_told_with_the_precision_and_recall_that_is_asked(people, result):
    given = people.customer.map(result.table.set_index("key").customer).fillna(people.customer)
    precision, recall = pair_figures(people.person, given)
    assert precision >= 0.99
    assert recall >= 0.9


def test_each_line_has_its_probability_and_why(result):
    assert set(result.table.why) == {"name"}
    assert result.table.probability.between(0.95, 1).all()


def test_pairs_below_the_threshold_are_counted_with_the_line_that_would_take_them(people):
    result = identified(people, threshold=0.999)
    line = result.collisions[
        result.collisions.what == "pairs of keys that may be one person, below the threshold"
    ].iloc[0]
    assert line["count"] > 0
    assert 0.5 <= float(line.change.removeprefix("threshold = ")) < 0.999


def test_people_of_one_household_and_one_date_of_birth_stay_two(people):
    """Twins: the same last name, postcode and date of birth, and other first names."""
    first = people[people.table == "shop"].iloc[[0]]
    twin = first.assign(customer="twin", name=f"Xavier {first.name.iloc[0].split()[-1]}")
    result = identified(pd.concat([people, twin]))
    assert "twin" not in set(result.table.key)


def test_keys_that_are_never_one_person_stay_apart(people, result):
    pair = result.table.groupby("customer").key.agg(list).iloc[0]
    apart = identified(people, never=[pair[:2]])
    assert not set(pair) <= set(apart.table.key)


def test_no_name_is_in_the_table_or_the_report(people, result):
    text = result.table.to_csv() + result.collisions.to_csv()
    words = {word.strip(",") for name in people.name for word in name.split()}
    assert not [word for word in words if word.lower() in text.lower().replace("shop", "").replace("name", "")]


def test_the_same_people_give_the_same_table_in_another_order(people, result):
    assert identified(people.sample(frac=1, random_state=3)).table.equals(result.table)


def test_an_email_and_a_name_together_say_why(people):
    shop, crm = (people[people.table == name] for name in ("shop", "crm"))
    both = shop[["person", "customer"]].merge(crm[["person", "customer"]], on="person").iloc[0]
    frame = people.assign(mail=people.customer.map({both.customer_x: "x@y.fr", both.customer_y: "X@y.fr"}))
    tables = {
        name: events(rows.assign(at="2024-05-01").drop(columns=["table", "person"]))
        for name, rows in frame.groupby("table")
    }
    match = {name: {**columns, "email": "mail"} for name, columns in MATCH.items()}
    lines = identify(tables, Matching(match), b"secret").table.set_index("key")
    assert lines.why[both.customer_x] == "email and name"
    assert lines.probability[both.customer_x] == 1.0


def test_too_few_people_to_learn_from_are_refused(people):
    with pytest.raises(HistoryError, match=r"there are 30 keys with a name, and 100 are needed. Match by email"):
        identified(people[:30].assign(table=["shop", "crm"] * 15))


def test_dates_of_birth_that_tables_write_in_different_ways_are_refused(people):
    crm = people.table == "crm"
    turned = people.assign(born=people.born.where(~crm, people.born.str.replace("-", "/")))
    with pytest.raises(
        HistoryError, match=r"different ways: shop like '9999-99-99', crm like '9999/99/99'. Write them"
    ):
        identified(turned)


REFUSED = {
    "born without a name": ({"born": "born"}, {}, r"\[identity.match.shop\] has born, but no whole name .* name = "),
    "half a name": ({"first_name": "a", "born": "b"}, {}, r"has born, first_name, but no whole name"),
    "a name alone": ({"name": "name"}, {}, r"has only: name. Name a column .* born = "),
    "a threshold": ({"email": "mail"}, {"threshold": 0.3}, r"from 0.5 to below 1, got 0.3. Write threshold = 0.95"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_columns_that_tell_nobody_are_refused_with_what_to_add(case):
    columns, rules, message = REFUSED[case]
    with pytest.raises(HistoryError, match=message):
        Matching({"shop": columns}, **rules)


def test_names_without_their_library_are_refused_with_how_to_install_it(people, monkeypatch):
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(
        HistoryError, match=r"library splink, which is not installed. .* pip install 'patron\[identity\]'"
    ):
        identified(people)


def test_the_library_is_loaded_only_where_names_are_matched():
    code = "import patron, sys; patron.identify; print([m for m in ('splink', 'phonenumbers') if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
