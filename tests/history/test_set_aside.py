"""Set aside: whatever is wrong with rows, each is used or kept apart with its reason, its place and its key."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.history.history import History
from patron.history.sources import attributes, events

CUSTOMERS, TIMES = ("ann", "bob", "", "guest"), ("2024-05-01", "2024-06-02", "no day", "", "1800-01-01")
AMOUNTS, STATUSES = (1.0, float("inf"), None), ("new", "paid")
rows = st.lists(
    st.tuples(*(st.sampled_from(values) for values in (CUSTOMERS, TIMES, AMOUNTS, ("1", "2", "3"), STATUSES))),
    max_size=12,
)
WAYS = ({}, {"duplicates": "drop"}, {"status": "status"}, {"fill_down": []}, {"since": "2024-06-01"})


def ordered(frame: pd.DataFrame, way: dict[str, object]) -> History:
    return History.of(
        orders=events(frame, customer="customer", at="at", amount="amount", order="order", at_format="%Y-%m-%d", **way)
    )


@settings(max_examples=10)
@given(rows, st.sampled_from(WAYS))
def test_every_row_is_used_or_kept_apart_once_with_its_place_and_every_customer_with_it(drawn, way):
    others = [("zoe", "2024-07-01", 5.0, "8", "new")] * 1300 + [("guest", "2024-07-01", 5.0, "9", "new")]
    frame = pd.DataFrame([*drawn, *others], columns=["customer", "at", "amount", "order", "status"])
    history = ordered(frame, way)
    (receipt,) = history.receipts
    apart = history.set_aside["orders"].to_pandas()
    assert receipt.read == len(frame) == receipt.used + len(apart)
    assert apart.row.is_unique
    assert apart.row.between(1, len(frame)).all()
    assert apart.groupby("reason").size().to_dict() == dict(receipt.set_aside)
    for line in apart[apart.customer.isin(["ann", "bob"])].itertuples():
        assert frame.customer[line.row - 1] in (line.customer, "", "guest")
    persons = {key for key in frame.customer if key not in ("", "guest")}
    used = set(history.tables["orders"].customer.to_pyarrow().to_pylist())
    used |= set(history.tables["returns"].customer.to_pyarrow().to_pylist() if "returns" in history.tables else ())
    assert len(used) + history.lost_customers == len(persons)


def test_the_row_of_a_file_is_told_with_what_else_it_holds(tmp_path):
    text = "customer,at,row\na,2024-05-01,x\nb,bad,y\n,2024-05-03,z\n"
    (tmp_path / "orders.csv").write_text(text + "c,2024-05-04,x\n" * 30)
    aside = History.of(orders=events(tmp_path / "orders.csv", at_format="%Y-%m-%d")).set_aside["orders"].to_pandas()
    shown = aside[["reason", "row", "customer", "own_row"]].astype(object).where(aside.notna(), None)
    assert shown.values.tolist() == [["time that cannot be read", 2, "b", "y"], ["no customer", 3, None, "z"]]


def test_tables_without_a_row_set_aside_keep_none_apart_and_attributes_lose_no_customer():
    orders = pd.DataFrame({"customer": ["a", "b"], "at": ["2024-05-01"] * 2})
    people = pd.DataFrame({"customer": ["a", None], "plan": ["x", "y"]})
    history = History.of(orders=events(orders), people=attributes(people))
    assert list(history.set_aside) == ["people"]
    assert history.lost_customers == 0
