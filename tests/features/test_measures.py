"""A measure is one sentence over one event table; what is not well formed is refused when it is written."""

from datetime import date

import ibis
import pandas as pd
import pytest

from patron.errors import MeasureError
from patron.features import available, purchases
from patron.features.definitions import columns, combination_column, definitions
from patron.features.measures import THEMES, combine, measure
from patron.periods import EVER, Span, days
from worlds.histories import CUTOFF, ago, features_at, folded, history_from, history_of, small

TICKETS = ibis.table({"customer": "string", "kind": "string", "minutes": "int64"}, name="tickets")


@measure(windows=days(30, 90), empty=0, theme="service", unit="calls")
def complaints(tickets):
    """Complaints raised.

    Not told to the business.
    """
    return tickets.count(where=tickets.kind == "complaint")


@measure(windows=(EVER,))
def minutes(tickets):
    """Minutes on the phone,
    all told."""
    return tickets.minutes.sum()


def test_a_measure_is_named_and_told_by_its_function() -> None:
    assert (complaints.name, complaints.source, complaints.words) == ("complaints", "tickets", "Complaints raised")
    assert minutes.words == "Minutes on the phone, all told"
    assert (complaints.theme, complaints.unit, complaints.empty) == ("service", "calls", 0)


def test_a_column_says_its_window_and_all_time_says_nothing() -> None:
    assert [complaints.column(w) for w in complaints.windows] == ["complaints_30d", "complaints_90d"]
    assert minutes.column(EVER) == "minutes"
    assert [complaints.over(Span(7)).column(w) for w in complaints.over(Span(7)).windows] == ["complaints_7d"]


def test_numbers_come_as_float64_and_texts_as_texts() -> None:
    @measure()
    def loudest(tickets):
        """Loudest kind."""
        return tickets.kind.max()

    assert str(complaints.expression(TICKETS).type()) == "float64"
    assert str(loudest.expression(TICKETS).type()) == "string"


def test_a_measure_of_a_missing_column_is_refused_with_the_nearest_name() -> None:
    @measure()
    def talk(tickets):
        """Talk."""
        return tickets.minuts.sum()

    with pytest.raises(MeasureError) as told:
        talk.expression(TICKETS)
    assert str(told.value) == (
        "Measure 'talk' asks for 'minuts', which event table 'tickets' lacks. Did you mean 'minutes'? "
        "It has: customer, kind, minutes. Declare the role at the door, or leave the measure out."
    )


def test_a_missing_column_in_brackets_is_refused_too() -> None:
    @measure()
    def talk(tickets):
        """Talk."""
        return tickets["minuts"].sum()

    with pytest.raises(
        MeasureError, match=r"Measure 'talk' does not fit event table 'tickets': Column 'minuts' is not found"
    ):
        talk.expression(TICKETS)


def test_a_measure_that_gives_a_column_is_refused() -> None:
    @measure()
    def talk(tickets):
        """Talk."""
        return tickets.minutes

    with pytest.raises(
        MeasureError, match=r"Measure 'talk' must give one value for each customer, got a column of int64\. End"
    ):
        talk.expression(TICKETS)


def test_a_measure_that_gives_no_expression_is_refused() -> None:
    @measure()
    def seven(tickets):
        """Seven."""
        return 7

    with pytest.raises(MeasureError, match=r"Measure 'seven' must give one value for each customer, got int 7\."):
        seven.expression(TICKETS)


def test_a_measure_of_two_tables_or_none_is_refused() -> None:
    with pytest.raises(
        MeasureError, match=r"Measure 'two' must take exactly one event table, got tickets, orders.*def two\(tickets\)"
    ):

        @measure()
        def two(tickets, orders):
            """Two."""

    with pytest.raises(MeasureError, match=r"'none' must take exactly one event table, got none.*def none\(orders\)"):

        @measure()
        def none():
            """None."""


def test_a_measure_without_words_is_refused() -> None:
    with pytest.raises(
        MeasureError, match=r"Measure 'mute' has no words for the business. Give it a docstring, for example"
    ):

        @measure()
        def mute(tickets):
            return tickets.count()


def test_an_unknown_theme_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(MeasureError) as told:

        @measure(theme="servise")
        def calls(tickets):
            """Calls."""

    assert str(told.value).startswith(
        "Measure 'calls' has the unknown theme 'servise'. Did you mean 'service'? Themes: "
    )
    assert all(theme in str(told.value) for theme in THEMES)


def test_a_combination_has_one_column_for_each_window_of_its_parts() -> None:
    @combine(complaints, complaints.over(*days(30, 90)))
    def same(one, other):
        """The same."""
        return one / other

    assert [same.column(w) for w in same.windows] == ["same_30d", "same_90d"]
    assert same.inputs(Span(30)) == ["complaints_30d", "complaints_30d"]


def test_a_comparison_of_windows_has_one_column_for_the_longest() -> None:
    @combine(complaints.over(Span(30)), minutes)
    def share(recent, ever):
        """Share."""
        return recent / ever

    assert (share.windows, share.column(EVER)) == ((EVER,), "share")
    assert share.inputs(EVER) == ["complaints_30d", "minutes"]


def test_a_combination_with_more_columns_than_measures_is_refused() -> None:
    with pytest.raises(
        MeasureError,
        match=r"takes 2 columns \(few, many\), but is given 1 measures \(complaints\).*def ratio\(complaints\)",
    ):

        @combine(complaints)
        def ratio(few, many):
            """Ratio."""


def test_a_combination_of_windows_that_do_not_fit_is_refused() -> None:
    with pytest.raises(MeasureError) as told:

        @combine(complaints, minutes)
        def ratio(few, many):
            """Ratio."""

    assert str(told.value) == (
        "Combination 'ratio' mixes windows 30d 90d, ever. "
        "Give all parts the same windows, or each one window with .over(...)."
    )


def test_a_combination_of_combinations_is_refused() -> None:
    with pytest.raises(
        MeasureError, match=r"Combination 'twice' is made of 'overdue', which is no measure\. Combine the meas"
    ):

        @combine(purchases.overdue)
        def twice(late):
            """Twice."""


def test_features_that_the_history_cannot_answer_are_left_out_and_named() -> None:
    history = history_of([("a", ago(1), 1.0)])
    kept, left_out = available(history, (purchases.recency, complaints, minutes))
    assert (kept, left_out) == ((purchases.recency,), ("complaints", "minutes"))


def test_a_measure_of_ones_own_is_computed_like_a_built_in_one() -> None:
    @measure(windows=days(30), empty=-1.0)
    def biggest(orders):
        """Biggest order."""
        return orders.amount.max(where=orders.days_ago > 2)

    history = history_of([("a", ago(9), 7.0), ("a", ago(1), 9.0), ("b", ago(40), 5.0)])
    assert features_at(history, CUTOFF, biggest).biggest_30d.to_dict() == {"a": 7.0, "b": -1.0}


@pytest.mark.parametrize(
    ("function", "settings", "said"),
    [
        (lambda tickets: tickets["at"].max(), {}, "a number, a truth or a text, got timestamp"),
        (
            lambda tickets: tickets.count(),
            {"empty": "none"},
            "gives int64, but its empty value is the text 'none'.*empty=0",
        ),
    ],
)
def test_a_value_that_no_column_can_hold_is_refused(function, settings, said) -> None:
    function.__name__ = function.__doc__ = "made"
    events = TICKETS.mutate(at=ibis.timestamp("2024-01-01"))
    with pytest.raises(MeasureError, match=f"Measure 'made'.*{said}"):
        measure(**settings)(function).expression(events)


@pytest.mark.parametrize("windows", [(), (30,), ("30d",)])
def test_windows_that_are_no_spans_are_refused(windows) -> None:
    with pytest.raises(MeasureError, match=r"'minutes' needs windows such as days\(30, 90\) or EVER, got"):
        measure(windows=windows)(minutes.compute)


def test_one_window_may_be_given_alone() -> None:
    assert measure(windows=Span(30))(minutes.compute).windows == (Span(30),)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda n: n / n.sum(), "from that row alone"),
        (lambda n: 3, "from that row alone, got 3"),
        (lambda n: n.cast("string"), "a number or a truth, got string.*complaints == 'web'"),
    ],
)
def test_a_combination_that_is_no_number_of_its_row_is_refused(function, said) -> None:
    function.__name__ = function.__doc__ = "made"
    made = combine(complaints.over(EVER))(function)
    with pytest.raises(MeasureError, match=f"Combination 'made' must give .*{said}"):
        combination_column(made, [ibis.table({"n": "float64"}, name="parts").n])


def test_a_feature_named_as_the_key_of_a_row_is_refused() -> None:
    @measure()
    def customer(tickets):
        """Customer."""
        return tickets.count()

    with pytest.raises(MeasureError, match=r"makes the column 'customer', which tells whose row it is\. Rename"):
        columns((customer,))


def test_a_measure_of_a_missing_column_is_refused_with_the_columns_there_are():
    @measure()
    def late(orders):
        """Late."""
        return orders.delay.sum()

    with pytest.raises(MeasureError, match=r"'delay'.*It has: amount, at, customer"):
        folded(small(("a", ago(1), 5.0)), late)


def test_a_time_that_was_picked_is_no_rank_among_times():
    @measure()
    def due(orders):
        """Due day."""
        return orders.due.argmin(orders.days_ago)

    frame = pd.DataFrame({"customer": ["a"], "at": [ago(1)], "amount": 1.0})
    history = history_from(orders=frame.assign(due=date(2024, 7, 9)))
    with pytest.raises(MeasureError, match="'due' must give a number, a truth or a text, got date"):
        folded(history, due)


def test_a_lever_is_carried_from_the_measure_to_the_meaning_of_each_of_its_columns():
    @measure(windows=days(30, 90), empty=0, lever="parcels sent in time")
    def late(orders):
        """Late."""
        return orders.count()

    tables = {"orders": ibis.table({"customer": "string", "at": "timestamp"}, name="orders")}
    rate, plain = (combine(late, late, lever=lever)(_rate) for lever in ("parcels sent in time", ""))
    meant = definitions(tables, (late, rate))
    assert [d.lever for d in meant] == ["parcels sent in time"] * 4
    assert [d.lever for d in definitions(tables, (plain,))] == ["", ""]


def _rate(late, again):
    """Late for each late."""
    return late / again


@pytest.mark.parametrize(
    ("table", "lever", "said"),
    [
        ("orders", " ", "has the lever ' '. Say in words what the business does"),
        ("orders", True, "has the lever True. Say in words"),
        ("cutoff", "waiting", "looks at the cutoff alone and has the lever 'waiting'"),
    ],
)
def test_a_lever_that_is_not_said_or_that_all_customers_share_is_refused(table, lever, said):
    functions = {"orders": lambda orders: orders.count(), "cutoff": lambda cutoff: cutoff.month()}
    functions[table].__doc__ = "Count."
    with pytest.raises(MeasureError, match=said):
        measure(lever=lever)(functions[table])
