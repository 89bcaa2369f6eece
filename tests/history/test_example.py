"""The example of a cutoff is a customer who can show it, and parts the events as features and labels do."""

from datetime import timedelta

from patron.history.example import example
from patron.periods import EVER, Span
from worlds.histories import CUTOFF, ago, history_of

HORIZON = Span(90)
MOMENT = timedelta(microseconds=1)


def shown(orders, active_in=EVER, **tables):
    """The example at the cutoff, and its events as (table, days, part)."""
    result = example(history_of(orders, **tables), CUTOFF, active_in, HORIZON)
    return result, [tuple(row) for row in result.events[["table", "days", "part"]].values] if result else []


def bought(who, *days):
    return [(who, ago(day), 1.0) for day in days]


def test_an_event_at_the_cutoff_is_seen_by_the_label_and_one_at_the_end_of_the_horizon_by_neither():
    result, events = shown(bought("a", 10, 0, -89, -90, -179, -180), contacts=[("a", ago(3), "web", "look", 0.0, "in")])
    parts = {(table, round(days)): part for table, days, part in events}
    assert parts == {
        ("orders", -10): "past",
        ("contacts", -3): "past",
        ("orders", 0): "horizon",
        ("orders", 89): "horizon",
        ("orders", 90): "later",
        ("orders", 179): "later",
    }
    assert (result.cutoff, result.horizon) == (CUTOFF, HORIZON)


def test_a_moment_before_the_cutoff_is_the_past():
    _, events = shown([("a", CUTOFF - MOMENT, 1.0)])
    assert [part for _, _, part in events] == ["past"]


def test_somebody_with_several_orders_on_both_sides_is_chosen_before_others():
    orders = [
        *bought("only-before", 50, 40, 30, 20, 10),
        *bought("only-after", -1, -2, -3, -4),
        *bought("twice", 10, -10),
        *bought("several", 30, 20, -10, -20),
        *bought("very-many", *range(1, 40), -10),
    ]
    assert shown(orders)[0].customer == "several"


def test_who_did_not_order_for_long_before_the_cutoff_is_not_asked_about_and_not_shown():
    orders = [*bought("lost", 400, 390, 380, -5), *bought("here", 20)]
    assert shown(orders, Span(365))[0].customer == "here"


def test_where_nobody_ordered_before_the_cutoff_there_is_no_example():
    assert shown(bought("a", -10))[0] is None


def test_what_became_known_after_the_cutoff_is_not_among_what_features_see():
    late = [("a", ago(5), ago(-2), 1.0), ("a", ago(6), ago(6), 1.0)]
    _, events = shown(bought("a", 10), late_orders=late)
    assert [round(days) for table, days, _ in events if table == "late_orders"] == [-6]


def test_an_event_centuries_after_the_cutoff_is_left_out():
    result, events = shown([*bought("a", 10), *bought("b", -60_000)])
    assert (result.customer, len(events)) == ("a", 1)
