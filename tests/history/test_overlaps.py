"""Overlaps say for each pair of tables how far their customers are the same, from either side."""

from patron.history.overlaps import overlaps
from worlds.histories import ago, history_of

ORDERS = [(who, ago(9), 1.0) for who in ("a", "a", "b", "c", "d")]


def test_each_table_tells_which_share_of_its_customers_is_in_each_other():
    visits = [(who, ago(5), "web", "look", 0.0, "in") for who in ("a", "b", "z", "z")]
    referrals = [("d", ago(3))]
    shares = overlaps(history_of(ORDERS, contacts=visits, referrals=referrals).tables)
    assert shares.loc["orders", ["contacts", "referrals"]].tolist() == [2 / 4, 1 / 4]
    assert shares.loc["contacts", ["orders", "referrals"]].tolist() == [2 / 3, 0]
    assert shares.loc["referrals", ["orders", "contacts"]].tolist() == [1, 0]


def test_a_table_alone_meets_itself():
    assert overlaps(history_of(ORDERS).tables).to_numpy().tolist() == [[1.0]]
