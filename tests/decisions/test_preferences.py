"""Preferences: what was said and what was seen stand side by side, and treatment is held against what was said."""

import math

import pandas as pd
import pytest

import patron as pt
from patron.errors import QuestionError, ScoreError

ORDERS = pd.DataFrame(
    [("ann", "2024-01-01", "web", "tea"), ("ann", "2024-01-09", "web", "tea"), ("bob", "2024-01-05", "shop", "jam")],
    columns=["customer", "at", "channel", "category"],
)
SAID = pd.DataFrame(
    [
        ("ann", "2024-01-02", "mail", "4 a year"),
        ("ann", "2024-01-08", "call", None),
        ("bob", "2024-01-20", "mail", None),
    ],
    columns=["customer", "at", "channel", "frequency"],
)


def test_the_latest_word_counts_beside_what_is_done_most_and_nothing_of_the_cutoff_or_later():
    contacts = pd.DataFrame(
        [("ann", "2024-01-03", "call", "in"), ("ann", "2024-01-04", "letter", "out")],
        columns=["customer", "at", "channel", "direction"],
    )
    tables = {"orders": ORDERS, "preferences": SAID, "contacts": contacts}
    history = pt.History.of(**{name: pt.events(frame) for name, frame in tables.items()})
    table = pt.preferences(history, "2024-01-20").set_index(["customer", "about", "source"])
    assert table.value.to_dict() == {
        ("ann", "channel", "observed"): "web",  # two of web, one call that ann began; the letter is not hers
        ("ann", "channel", "stated"): "call",
        ("ann", "frequency", "stated"): "4 a year",
        ("ann", "topic", "observed"): "tea",
        ("bob", "channel", "observed"): "shop",
        ("bob", "topic", "observed"): "jam",
    }
    assert table.share["ann", "channel", "observed"] == pytest.approx(2 / 3)
    assert table.age["ann", "frequency", "stated"] == 18


@pytest.mark.parametrize("order", [1, -1])
def test_two_words_at_one_time_count_alike_in_whatever_order_they_stand(order):
    said = pd.DataFrame({"customer": ["ann"] * 3, "at": ["2024-01-01", "2024-01-02", "2024-01-02"]})
    said["channel"] = ["app", "mail", "call"]
    table = pt.preferences(pt.History.of(preferences=pt.events(said[::order])), "2024-01-20")
    assert table[["value", "events"]].to_numpy().tolist() == [["call", 3]]


def test_treatments_of_customers_by_number_are_held_against_what_these_said():
    said = pd.DataFrame({"customer": ["7"], "about": "channel", "value": "mail", "source": "stated"})
    assert pt.preference_agreement(pd.DataFrame({"customer": [7], "channel": ["mail"]}), said)["share"] == 1.0


def test_treatment_agrees_with_the_channel_that_was_asked_for_by_customer():
    said = pd.DataFrame({"customer": list("abcd"), "about": "channel", "value": "mail", "source": "stated"})
    treated = pd.DataFrame({"customer": list("aaabz"), "channel": ["mail", "mail", "call", "call", "mail"]})
    agreement = pt.preference_agreement(treated, said)
    assert (agreement["treated"], agreement["customers"]) == (4, 2)
    assert agreement["share"] == pytest.approx((2 / 3 + 0) / 2)
    assert agreement["low"] == 0 < agreement["high"] <= 1
    nobody = pt.preference_agreement(treated.tail(1), said)
    assert (nobody["treated"], math.isnan(nobody["share"]), math.isnan(nobody["low"])) == (0, True, True)


def test_a_history_without_preferences_and_treatments_without_a_channel_are_refused():
    bare = pt.History.of(orders=pt.events(ORDERS[["customer", "at"]]))
    with pytest.raises(QuestionError, match=r"No table tells a preference; the history has orders\. Declare what"):
        pt.preferences(bare)
    with pytest.raises(ScoreError, match="channel"):
        pt.preference_agreement(ORDERS[["customer"]], SAID)
