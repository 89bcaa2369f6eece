"""Offers at the door: the control has one name, chances are chances, and what no effect can be learned of is told."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.features import campaigns
from patron.history.history import History
from patron.history.sources import events
from worlds.histories import ago, features_at, frame_of

ORDERS = [("ann", ago(60), 1.0), ("bob", ago(60), 1.0), ("cid", ago(60), 1.0), ("ann", ago(1), 1.0)]
COLUMNS = ("customer", "at", "arm", "propensity", "accepted", "campaign")


def declared(*rows: tuple, **given):
    roles = {"arm": "arm", "offer": "campaign", "propensity": "propensity", "accepted": "accepted"} | given
    return events(pd.DataFrame(rows, columns=COLUMNS), customer="customer", at="at", **roles)


def history(*rows: tuple, **given) -> History:
    orders = events(frame_of(ORDERS, ("customer", "at", "amount")), customer="customer", at="at", amount="amount")
    return History.of(orders=orders, offers=declared(*rows, **given))


def receipt(*rows: tuple, **given) -> pd.DataFrame:
    seen = history(*rows, **given).receipt()
    return seen[(seen.table == "offers") & ~seen.what.isin(["read", "used"])]


TREATED = ("ann", ago(30), "gift", 0.5, None, "spring")
HELD = ("bob", ago(30), "Holdout", 0.5, None, "spring")


def test_a_campaign_that_was_imported_twice_counts_once_unless_its_rows_are_kept():
    def read(**given):
        receipts = {r.table: r for r in history(TREATED, HELD, TREATED, HELD, **given).receipts}
        return receipts["offers"].used, dict(receipts["offers"].set_aside)

    assert read() == (2, {"repeated row": 2})
    assert read(duplicates="keep") == (4, {})


@pytest.mark.parametrize(("treated", "control"), [("gift", "Holdout"), (True, False), ("1", "0"), ("a", "none")])
def test_the_usual_words_for_a_control_become_the_arm_control(treated, control):
    table = history((*TREATED[:2], treated, 0.5, None, "spring"), (*HELD[:2], control, 0.5, None, "spring"))["offers"]
    arms = dict(zip(*table.select("customer", "arm").to_pyarrow().to_pydict().values(), strict=True))
    assert arms == {"ann": str(treated).lower(), "bob": "control"}


def test_the_arm_that_was_taken_for_the_control_is_told_with_the_line_that_names_another():
    assert receipt(TREATED, HELD)[["detail", "change"]].values.tolist() == [
        ["the control of the offers is the arm 'Holdout'", 'control = "Holdout"']
    ]
    assert len(receipt(TREATED, HELD, control="Holdout")) == 0


def test_arms_without_a_control_are_refused_with_those_that_there_are():
    with pytest.raises(HistoryError, match=r"No arm of the table is called a control.*Its arms are: 'card', 'gift'"):
        declared(TREATED, (*HELD[:2], "card", 0.5, None, "spring"))


def test_a_table_of_which_no_row_is_used_says_why_and_not_that_it_has_no_control():
    with pytest.raises(HistoryError, match=r"'offers' has no row to use, of 2 read. 2 rows have propensity outside 0"):
        history((*TREATED[:3], 1.5, None, "spring"), (*HELD[:3], 1.5, None, "spring"))


def test_a_control_that_is_no_arm_is_refused():
    with pytest.raises(HistoryError, match=r"The control is named nobody, which is no arm.*: 'Holdout', 'gift'"):
        declared(TREATED, HELD, control="nobody")
    with pytest.raises(HistoryError, match=r"A control is named \(nobody\), but no column of arms"):
        declared(TREATED, HELD, control="nobody", arm="")


def test_another_arm_that_is_called_control_beside_the_named_one_is_refused():
    with pytest.raises(HistoryError, match=r'another arm is called .control.*control = \["control", "Holdout"\]'):
        declared((*TREATED[:2], "control", 0.5, None, "spring"), HELD, control="Holdout")


def test_rows_whose_chance_or_answer_can_be_none_are_set_aside_and_counted():
    rows = [(*TREATED[:3], chance, "no", "spring") for chance in (1.5, 0.0, 1.0)]
    seen = receipt(HELD, *rows, (*TREATED[:3], 0.5, "2", "spring"))
    assert seen[seen.what == "set aside"][["rows", "detail"]].values.tolist() == [
        [1, "a propensity of 0 for the arm that was got"],
        [1, "accepted outside 0 to 1"],
        [1, "propensity outside 0 to 1"],
    ]


def test_yes_and_no_are_read_as_one_and_nought():
    table = history(HELD, (*TREATED[:4], "Yes", "spring"), ("cid", ago(9), "gift", 0.5, "n", "spring"))["offers"]
    accepted = table.order_by("customer").select("accepted").to_pyarrow()["accepted"].to_pylist()
    assert accepted == [1.0, None, 0.0]


def test_what_keeps_effects_from_being_learned_is_noted():
    seen = receipt(
        TREATED,
        HELD,
        (*HELD[:2], "gift", 0.5, None, "spring"),
        ("cid", ago(-3), "gift", 0.5, None, "autumn"),
        ("cid", ago(3), None, 0.5, None, "spring"),
    )
    assert seen[seen.what == "noted"].detail.tolist() == [
        "1 rows are later than all that is known of customers; nothing can have come of them yet",
        "the offer 'autumn' has 1 treated and 0 control: no effect is learned of it",
        "1 rows have no arm; no effect is learned of them",
        "1 times a customer was in several arms of one offer at one time; no effect is learned of them",
    ]


def test_features_of_offers_count_those_that_reached_the_customer():
    past = history(TREATED, HELD, (*TREATED[:1], ago(100), "gift", 0.5, None, "spring"))
    seen = features_at(past, ago(0), campaigns.offers_received, campaigns.last_offer)
    assert seen.loc[["ann", "bob", "cid"]].offers_received_90d.tolist() == [1, 0, 0]
    assert seen.loc["ann"].last_offer == 30
    assert seen.loc[["bob", "cid"]].last_offer.isna().all()


def test_whether_an_offer_was_taken_is_a_feature_only_where_it_is_known_since_when():
    from patron import features

    silent = history((*TREATED[:4], 1.0, "spring"), HELD)
    assert features.available(silent, campaigns.ALL)[1] == ("offers_accepted",)
    rows = pd.DataFrame([(*TREATED[:4], 1.0, "spring"), HELD], columns=COLUMNS).assign(heard=[ago(10), ago(10)])
    orders = events(frame_of(ORDERS, ("customer", "at", "amount")), customer="customer", at="at", amount="amount")
    offers = events(rows, customer="customer", at="at", arm="arm", accepted="accepted", known_at="heard")
    dated = History.of(orders=orders, offers=offers)
    assert features_at(dated, ago(0), campaigns.offers_accepted).loc["ann"].offers_accepted == 1
    assert pd.isna(features_at(dated, ago(20), campaigns.offers_accepted).loc["ann"].offers_accepted)


def test_a_column_of_offers_tells_nothing_that_it_was_not_declared_to_tell():
    past = history(TREATED, HELD, arm="")
    assert past["offers"].columns == ("customer", "at", "offer", "propensity", "accepted", "own_arm")
    assert (
        "column 'arm' was not declared, so it tells nothing of the offers (to read it: arm = \"arm\")"
        in (past.receipts[1].notes[0])
    )
    assert features_at(past, ago(0), campaigns.offers_received).loc["bob"].offers_received_90d == 1


def test_columns_called_like_the_roles_of_offers_mean_nothing_where_they_are_not_declared():
    rows = pd.DataFrame([("ann", ago(9), 1.0, "X")], columns=["customer", "at", "amount", "offer"])
    orders = History.of(orders=events(rows, customer="customer", at="at", amount="amount"))
    assert orders.receipts[0].assumed == ()
    assert orders["orders"].columns == ("customer", "at", "amount", "offer")
