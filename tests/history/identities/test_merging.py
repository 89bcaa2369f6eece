"""Merging: keys that are one customer count as one, no event moves, and what nobody can mean is refused."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from patron.errors import HistoryError
from patron.features import purchases
from patron.history.fingerprints import fingerprint
from patron.history.history import History
from patron.history.identities.identifying import identify
from patron.history.identities.matching import Matching
from patron.history.identities.table import identities
from patron.history.sources import attributes, events
from patron.periods import Span
from patron.questions.kinds import churn
from patron.questions.matrices import Matrix, matrix
from worlds.histories import COLUMNS, CUTOFF, ago, folded, frame_of, orders_of

DAY = pd.Timestamp("2024-05-01")
ORDERS = pd.DataFrame(
    {
        "customer": ["a", "b", "c", "a"],
        "at": [DAY, DAY, DAY, DAY + pd.Timedelta(days=9)],
        "amount": [1.0, 2.0, 4.0, 8.0],
    }
)
VISITS = pd.DataFrame({"customer": ["a", "17", "17"], "at": [DAY, DAY, DAY + pd.Timedelta(days=1)]})


def lines(*rows: tuple, **said):
    columns = ["key", "customer", "table"][: len(rows[0])]
    return identities(pd.DataFrame(list(rows), columns=columns), **said)


def spent(history: History) -> dict[str, float]:
    orders = history["orders"]
    sums = orders.group_by("customer").aggregate(n=orders.amount.sum()).to_pyarrow().to_pylist()
    return {row["customer"]: float(row["n"]) for row in sums}


def history(table=None, **tables) -> History:
    return History.of(identities=table, orders=events(ORDERS), **tables)


def test_the_orders_of_merged_keys_are_those_of_one_customer():
    assert spent(history(lines(("b", "a")))) == {"a": 11.0, "c": 4.0}


def test_a_key_that_the_table_does_not_name_stays_itself_and_a_line_taken_out_parts_the_customer_again():
    assert spent(history(lines(("b", "a"), ("c", "a")))) == {"a": 15.0}
    assert spent(history(lines(("b", "a")))) == {"a": 11.0, "c": 4.0}
    assert spent(history()) == {"a": 9.0, "b": 2.0, "c": 4.0}


def test_a_customer_may_have_a_name_that_no_table_has():
    assert spent(history(lines(("a", "person 1"), ("b", "person 1")))) == {"person 1": 11.0, "c": 4.0}


def test_a_line_with_a_table_holds_for_the_keys_of_that_table_only():
    table = lines(("17", "a", "visits"), ("b", "c", ""))
    visits = history(table, visits=events(VISITS))["visits"]
    assert sorted(visits.customer.to_pyarrow().to_pylist()) == ["a", "a", "a"]
    both = lines(("a", "b", "orders"))
    assert spent(history(both, visits=events(VISITS.assign(customer=["a", "b", "b"])))) == {"b": 11.0, "c": 4.0}


def test_whole_numbers_meet_however_they_are_written_and_lose_the_number_of_the_key():
    numbers = ORDERS.assign(customer=[1, 2, 3, 1])
    merged = History.of(identities=lines((2.0, 1.0)), orders=events(numbers))
    assert spent(merged) == {"1": 11.0, "3": 4.0}
    assert "customer_number" not in merged["orders"].columns
    assert (
        "customer_number"
        in History.of(identities=lines((9, 8), (2, 2), (1, 1)), orders=events(numbers))["orders"].columns
    )


def test_keys_are_folded_where_the_event_tables_fold_theirs():
    mails = ORDERS.assign(customer=["A@x.fr", "b@x.fr", "c", "a@x.fr "])
    table = lines(("B@X.fr", "a@x.FR"), customer_case="fold")
    folded = History.of(identities=table, orders=events(mails, customer_case="fold"))
    assert spent(folded) == {"a@x.fr": 11.0, "c": 4.0}


def test_the_receipt_tells_keys_customers_and_merges_of_each_table_and_of_all():
    table = lines(("b", "a", ""), ("17", "a", "visits"))
    receipts = {r.table: r for r in history(table, visits=events(VISITS)).receipts}
    assert receipts["orders"].notes[:2] == (
        "3 keys are 2 customers by the identity table, which gives 1 of them another name",
        "over all tables 4 keys are 2 customers: 3 keys were merged into 1 customers, the largest of 3 keys",
    )
    assert receipts["visits"].notes[0].startswith("2 keys are 1 customers")
    assert receipts["orders"].met == {"identity table": (3, 1)}
    assert (receipts["orders"].customers, receipts["visits"].customers) == (2, 1)


def test_a_model_knows_by_the_fingerprint_that_customers_were_merged():
    apart, joined = fingerprint(history())["orders"], fingerprint(history(lines(("b", "a"))))["orders"]
    assert (apart["rows"], joined["rows"], apart["customers"], joined["customers"]) == (4, 4, 3, 2)
    assert apart["hash"] != joined["hash"]


@given(orders_of(), st.lists(st.integers(0, 2), min_size=41, max_size=41))
@settings(max_examples=4, deadline=None, derandomize=True, phases=[Phase.generate])
def test_features_of_identified_customers_are_those_of_one_key(rows, silos):
    """Split each customer's events over three keys that share an e-mail; identified, every feature is what it was."""
    bought = [("a", ago(5), 1.0), *((c, at, amount) for c, at, _, amount in rows)]
    whole = frame_of(bought, COLUMNS["orders"])
    keys = [f"{c}{s}" for c, s in zip(whole.customer, silos, strict=False)]
    split = events(whole.assign(customer=keys, mail=whole.customer + "@y.fr"))
    table = identify({"orders": split}, Matching({"orders": {"email": "mail"}}), b"secret").table
    joined = History.of(identities=identities(table, largest=len(whole)), orders=split)
    expected, got = (folded(h, *purchases.ALL).sort_index() for h in (History.of(orders=events(whole)), joined))
    pd.testing.assert_frame_equal(expected, got.rename(index=lambda key: key[0]))


def test_all_features_of_all_tables_are_those_of_one_key(world):
    """Three hundred customers, their orders, returns and lines split at random over up to three keys each."""
    rng, frames = np.random.default_rng(1), {}
    for name, frame in world.frames.items():
        silo = pd.Series(rng.integers(0, 3, len(frame)), frame.index).astype(str)
        frames[name] = frame.assign(customer=frame.customer + "-" + silo)
    keys = pd.concat([frame.customer for frame in frames.values()]).drop_duplicates()
    table = identities(pd.DataFrame({"key": keys, "customer": keys.str.partition("-")[0]}))
    joined = History.of(identities=table, **{name: events(frame) for name, frame in frames.items()})
    question = churn(90).on(world.history)
    expected, got = (matrix(question, history, [ago(100), CUTOFF]) for history in (world.history, joined))
    assert len(expected.X.columns) > 90
    pd.testing.assert_frame_equal(_sorted(expected), _sorted(got))


def _sorted(rows: Matrix) -> pd.DataFrame:
    return rows.X.set_index([rows.key.customer, rows.key.cutoff]).sort_index()


def test_merging_moves_no_event_over_a_cutoff():
    rows = [("a", ago(1), 1.0), ("b", ago(0), 2.0), ("b", ago(-1), 4.0), ("c", ago(3), 8.0)]
    frame = frame_of(rows, COLUMNS["orders"])
    merged = History.of(identities=lines(("b", "a")), orders=events(frame))
    past = merged.past("orders", CUTOFF, Span(30)).to_pyarrow().to_pylist()
    future = merged.future("orders", CUTOFF, Span(30)).to_pyarrow().to_pylist()
    assert sorted((r["customer"], float(r["amount"])) for r in past) == [("a", 1.0), ("c", 8.0)]
    assert sorted((r["customer"], float(r["amount"])) for r in future) == [("a", 2.0), ("a", 4.0)]
    times = sorted(r["at"] for r in merged["orders"].to_pyarrow().to_pylist())
    assert times == sorted(at for _, at, _ in rows)


def test_the_latest_state_of_an_order_is_told_by_its_place_also_after_a_merge():
    states = pd.DataFrame({"customer": list("abab"), "order": 1, "at": DAY, "status": ["new", "paid", "sent", "back"]})
    table = lines(("b", "a"))
    read = History.of(identities=table, orders=events(states, order="order", status="status"))
    assert read["orders"].status.to_pyarrow().to_pylist() == ["back"]


PEOPLE = pd.DataFrame({"customer": ["b", "a", "c"], "country": ["FR", "", "UK"], "plan": ["large", "small", "small"]})


def rows_of(history: History, *columns: str) -> list[tuple]:
    return sorted(tuple(row[c] for c in columns) for row in history["people"].to_pyarrow().to_pylist())


def test_of_timeless_rows_that_differ_the_own_key_counts_and_others_fill_what_it_does_not_tell():
    read = history(lines(("b", "a")), people=attributes(PEOPLE))
    assert rows_of(read, "customer", "country", "plan") == [("a", "FR", "small"), ("c", "UK", "small")]
    receipt = {r.table: r for r in read.receipts}["people"]
    assert (receipt.read, dict(receipt.set_aside), receipt.used) == (3, {"row of a merged key": 1}, 2)
    assert any(
        "2 rows of merged keys became those of 1 customers; 1 customers had rows that differ" in n
        for n in receipt.notes
    )


def test_without_a_row_of_its_own_key_a_customer_has_that_of_the_first_key():
    read = history(lines(("b", "p"), ("a", "p")), people=attributes(PEOPLE.assign(country=["FR", "DE", "UK"])))
    assert rows_of(read, "customer", "country", "plan") == [("c", "UK", "small"), ("p", "DE", "small")]


def test_a_key_with_two_timeless_rows_of_its_own_stays_refused():
    people = pd.concat([PEOPLE, PEOPLE[:1].assign(plan="other")])
    with pytest.raises(HistoryError, match="several rows for 1 customers"):
        history(lines(("b", "a")), people=attributes(people))


def test_dated_facts_of_merged_keys_follow_one_another():
    people = PEOPLE.assign(since=[DAY, DAY - pd.Timedelta(days=1), DAY])
    read = history(lines(("b", "a")), people=attributes(people, at="since"))
    assert [plan for who, _, plan in rows_of(read, "customer", "at", "plan") if who == "a"] == ["small", "large"]


REFUSED = {
    "a key with two customers": (
        [("x", "a"), ("b", "a"), ("b", "c")],
        r"1 keys of the identity table stand twice with different customers, the first in rows 2 and 3. Leave out",
    ),
    "a key with two customers, of which one holds for a table": (
        [("b", "a", "orders"), ("b", "c", "")],
        r"stand twice with different customers, the first in rows 1 and 2",
    ),
    "a chain": (
        [("b", "a"), ("a", "z")],
        r"1 lines .* form a chain: the customer of row 1 is the key of row 2, which has another customer. Write",
    ),
    "a line without a customer": ([("b", "a"), ("c", None)], r"1 lines .* have no 'key' or no 'customer', .* row 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_can_be_meant_in_two_ways_is_refused_with_its_rows(case):
    rows, message = REFUSED[case]
    with pytest.raises(HistoryError, match=message) as refused:
        lines(*rows)
    assert "'b'" not in str(refused.value)


def test_lines_of_different_tables_form_no_chain_and_a_customer_may_be_its_own_key():
    table = lines(("a", "a", ""), ("b", "a", ""), ("x", "17", "orders"), ("17", "c", "visits"))
    assert sorted(history(table, visits=events(VISITS))["visits"].customer.to_pyarrow().to_pylist()) == ["a", "c", "c"]


def base(n: int) -> pd.DataFrame:
    return pd.DataFrame({"customer": [f"k{i}" for i in range(n)], "at": datetime(2024, 5, 1)})


def test_a_customer_of_more_than_a_third_of_the_base_is_refused_until_that_is_allowed():
    rows = [(f"k{i}", "k0") for i in range(12)]
    with pytest.raises(
        HistoryError, match=r"one customer of 12 of the 33 keys of orders, and up to 11 are .* largest = 12\.$"
    ):
        History.of(identities=lines(*rows), orders=events(base(33)))
    History.of(identities=lines(*rows), orders=events(base(36)))
    History.of(identities=lines(*rows, largest=12), orders=events(base(33)))


def test_tables_and_keys_that_the_history_lacks_are_refused():
    with pytest.raises(
        HistoryError, match=r"lines for the table 'ordrs', which the history lacks. Did you mean 'orders'"
    ):
        history(lines(("b", "a", "ordrs")))
    with pytest.raises(HistoryError, match=r"names 2 keys, but none of the 3 of the history: its keys look like 'a-9'"):
        history(lines(("k-1", "k-2"), ("k-3", "k-2")))


def test_columns_that_are_not_there_are_refused():
    frame = pd.DataFrame({"silo_key": ["b"], "customer": ["a"]})
    with pytest.raises(
        HistoryError, match=r"lacks the column 'key' \(its key\).* It has: customer, silo_key. .* key = '...'"
    ):
        identities(frame)
    with pytest.raises(
        HistoryError, match=r"lacks the column 'silo' \(its table\).* Name the right one: table = '...'"
    ):
        identities(frame, key="silo_key", table="silo")
    with pytest.raises(
        HistoryError, match=r"no declared identity table, got DataFrame. .* identities=pt.identities\(frame\)"
    ):
        History.of(identities=frame, orders=events(ORDERS))
    with pytest.raises(HistoryError, match=r"a list, got 'visits'. Write silos = \['visits'\]"):
        identities(frame, key="silo_key", silos="visits")
    with pytest.raises(HistoryError, match=r"takes for a silo the table 'vists', .* Did you mean 'visits'"):
        history(lines(("b", "a"), silos=["vists"]), visits=events(VISITS))
    with pytest.raises(HistoryError, match=r"'customer' .* declared as its key and as its customer"):
        identities(frame, key="customer")
    with pytest.raises(HistoryError, match=r"whole number, got -1. Write for example largest = 50"):
        identities(frame, key="silo_key", largest=-1)
