"""Profit: one definition, countable by hand, and refused where the history cannot tell it."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.errors import QuestionError
from patron.features.definitions import definitions
from patron.history.history import History
from patron.history.sources import events
from patron.periods import Span
from patron.questions.kinds import tier
from patron.questions.profit import CostModel, ledger, profit_over, sensitivity
from patron.questions.reference import labels, rows
from worlds.histories import CUTOFF, ago, history_of

FORTY = CostModel(margin_rate=0.4)


def earned(history: History, costs: CostModel) -> dict[str, float]:
    """Profit of each customer over the 30 days from the cutoff on."""
    made = labels(tier(30, costs), history, CUTOFF).to_pyarrow().to_pandas()
    return made.set_index("customer").label.to_dict()


def history_with(**columns: list) -> History:
    """One customer with one order before the cutoff and two after it, with more columns."""
    frame = pd.DataFrame({"customer": "a", "at": [ago(9), ago(-1), ago(-2)], **columns})
    end = pd.DataFrame({"customer": ["end"], "at": [ago(-60)], **{name: [1.0] for name in columns}})
    return History.of(orders=events(pd.concat([frame, end])))


def test_profit_is_the_margin_of_what_is_bought_in_the_horizon() -> None:
    assert earned(history_with(amount=[99.0, 10.0, 20.0]), FORTY) == {"a": pytest.approx(12.0)}


def test_each_order_costs_its_handling() -> None:
    costs = CostModel(margin_rate=0.4, cost_per_order=2.5)
    assert earned(history_with(amount=[99.0, 10.0, 20.0]), costs) == {"a": pytest.approx(12.0 - 5.0)}


def test_returns_take_their_margin_back_and_cost_their_handling() -> None:
    sold = [("a", ago(9), 50.0), ("a", ago(-1), 30.0), ("b", ago(9), 1.0), ("end", ago(-60), 1.0)]
    history = history_of(sold, returns=[("a", ago(-3), 10.0), ("b", ago(-3), 5.0), ("b", ago(3), 99.0)])
    costs = CostModel(margin_rate=0.4, cost_per_order=2.0, cost_per_return=3.0)
    assert earned(history, costs) == {"a": pytest.approx(12.0 - 2.0 - 4.0 - 3.0), "b": pytest.approx(-2.0 - 3.0)}


def test_a_customer_who_buys_nothing_brings_nothing() -> None:
    assert earned(history_of([("a", ago(9), 50.0), ("end", ago(-60), 1.0)]), FORTY) == {"a": 0.0}


def test_a_margin_of_the_orders_themselves_goes_before_the_rate() -> None:
    assert earned(history_with(amount=[9.0, 10.0, 20.0], margin=[1.0, 2.0, 3.5]), FORTY) == {"a": 5.5}


def test_a_cost_of_the_orders_themselves_goes_before_the_rate() -> None:
    assert earned(history_with(amount=[9.0, 10.0, 20.0], cost=[1.0, 7.0, 16.5]), CostModel()) == {"a": 6.5}


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=6))
@settings(max_examples=8, deadline=None)
def test_profit_does_not_depend_on_the_order_of_rows(cents: list[int]) -> None:
    sold = [("a", ago(9), 1.0), ("end", ago(-60), 1.0), *[("a", ago(-1), c / 100) for c in cents]]
    assert earned(history_of(sold), FORTY) == earned(history_of(sold[::-1]), FORTY)


def test_past_profit_and_future_profit_are_the_same_measure() -> None:
    history = history_of([("a", ago(9), 50.0), ("a", ago(-1), 50.0), ("end", ago(-60), 1.0)])
    past = rows(tier(30, FORTY), history, CUTOFF).profit_30d.to_pyarrow().to_pylist()
    assert past == [pytest.approx(20.0)]
    assert earned(history, FORTY) == {"a": pytest.approx(20.0)}


@pytest.mark.parametrize("rate", [0, -0.1, 1.01, 35])
def test_a_margin_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(
        QuestionError, match=rf"The margin rate is a share above 0 and up to 1, got {rate}. Write 0.35 for"
    ):
        CostModel(margin_rate=rate)


@pytest.mark.parametrize("name", ["cost_per_order", "cost_per_return"])
def test_a_negative_cost_is_refused(name: str) -> None:
    with pytest.raises(QuestionError, match=rf"{name} cannot be negative, got -1.5. Costs are positive."):
        CostModel(**{name: -1.5})


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ({"cost_per_order": "3"}, r"cost_per_order must be a number, got '3'. Write for example 3.0"),
        ({"cost_per_event": {"tickets": None}}, "cost_per_event of 'tickets' must be a number, got None"),
        ({"cost_per_event": 4.0}, r"cost_per_event is a cost for each table, got 4.0. Write {'tickets': 4.0}"),
        ({"margin_rate": "0.35"}, "The margin rate is a share above 0 and up to 1, got 0.35"),
    ],
)
def test_a_cost_that_is_no_number_is_refused(cost: dict, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        CostModel(**cost)


def test_a_tier_without_a_cost_model_is_refused() -> None:
    with pytest.raises(QuestionError, match=r"got float. Write for example costs=pt.CostModel\(margin_rate=0.35\)"):
        tier(30, 0.35)


def test_orders_without_an_amount_have_no_profit() -> None:
    with pytest.raises(
        QuestionError, match=r"Profit needs the amount of each row, which event table 'orders' lacks. It has: at"
    ):
        profit_over(history_with(), FORTY, Span(30))


def test_orders_of_which_nobody_knows_what_is_left_have_no_profit() -> None:
    with pytest.raises(
        QuestionError, match=r"event table 'orders' has neither 'margin' nor 'cost', and no margin rate is set"
    ):
        profit_over(history_with(amount=[1.0] * 3), CostModel(), Span(30))


def test_returns_of_which_nobody_knows_what_is_left_are_refused_too() -> None:
    sold = pd.DataFrame({"customer": ["a"], "at": [ago(1)], "amount": [9.0], "cost": [4.0]})
    history = History.of(orders=events(sold), returns=events(sold.drop(columns="cost")))
    with pytest.raises(QuestionError, match=r"event table 'returns' has neither 'margin' nor 'cost'"):
        profit_over(history, CostModel(), Span(30))
    assert profit_over(history, FORTY, Span(30)).name == "profit"


def test_shipping_that_a_row_tells_is_a_cost_of_orders_and_of_returns():
    frame = pd.DataFrame({"customer": "a", "at": [ago(9), ago(-1), ago(-2)], "amount": [1.0, 30.0, -10.0]})
    end = pd.DataFrame({"customer": ["end"], "at": [ago(-60)], "amount": [1.0]})
    history = History.of(orders=events(pd.concat([frame.assign(shipping=[1.0, 2.0, 3.0]), end.assign(shipping=0.0)])))
    assert earned(history, FORTY) == {"a": pytest.approx(12.0 - 2.0 - 4.0 - 3.0)}


def test_shipping_repeated_on_each_line_of_an_order_is_counted_once():
    rows = {"customer": "a", "order": ["1", "2", "2", "3"], "amount": [1.0, 10.0, 20.0, 1.0], "shipping": [5.0] * 4}
    frame = pd.DataFrame(rows | {"at": [ago(9), ago(-1), ago(-1), ago(-60)]})
    assert earned(History.of(orders=events(frame)), FORTY) == {"a": pytest.approx(12.0 - 5.0)}


def test_contacts_cost_what_they_say_and_what_the_model_says():
    sold = events(pd.DataFrame({"customer": "a", "at": [ago(9), ago(-1), ago(-60)], "amount": [1.0, 30.0, 1.0]}))
    tickets = events(pd.DataFrame({"customer": "a", "at": [ago(3), ago(-2), ago(-3)], "cost": [9.0, 1.5, None]}))
    history = History.of(orders=sold, tickets=tickets)
    assert earned(history, FORTY) == {"a": pytest.approx(12.0 - 1.5)}
    dear = CostModel(margin_rate=0.4, cost_per_event={"tickets": 2.0})
    assert earned(history, dear) == {"a": pytest.approx(12.0 - 1.5 - 4.0)}


def test_the_amount_is_what_is_left_of_the_gross_after_discount_and_tax():
    history = history_with(gross=[99.0, 30.0, 20.0], discount=[0.0, 5.0, None], tax=[1.0, 1.0, 2.0])
    assert earned(history, FORTY) == {"a": pytest.approx(0.4 * (24.0 + 18.0))}


def test_the_ledger_leads_from_the_amounts_read_to_the_profit_of_customers():
    sold = [("a", ago(9), 50.0), ("a", ago(8), -20.0), (None, ago(7), 7.0), ("b", ago(6), 10.0)]
    book = ledger(history_of(sold), CostModel(margin_rate=0.5, cost_per_order=1.0, cost_per_return=2.0))
    assert book == {
        "amounts read": pytest.approx(47.0),
        "set aside: no customer": pytest.approx(-7.0),
        "profit of orders": pytest.approx(30.0 - 2.0),
        "cost of returns": pytest.approx(-10.0 - 2.0),
        "profit by ledger": pytest.approx(16.0),
        "profit of customers": pytest.approx(16.0),
        "not led back to a customer": pytest.approx(0.0),
    }


def test_what_customers_without_an_order_cost_is_shown_as_unexplained():
    history = history_of([("a", ago(9), 50.0)], returns=[("ghost", ago(3), 10.0)])
    book = ledger(history, CostModel(margin_rate=0.5))
    assert book["not led back to a customer"] == pytest.approx(-5.0)


def test_a_cost_for_events_that_are_not_there_is_refused():
    with pytest.raises(QuestionError, match=r"each event of 'tikets', which is no event table .* There are: none\."):
        profit_over(
            history_of([("a", ago(9), 5.0)]), CostModel(margin_rate=0.5, cost_per_event={"tikets": 1.0}), Span(30)
        )


@pytest.mark.parametrize("costs", [{"cost_per_order": -1.0}, {"cost_per_event": {"tickets": -1.0}}])
def test_a_cost_below_zero_is_refused(costs):
    with pytest.raises(QuestionError, match=r"cannot be negative, got -1.0. Costs are positive."):
        CostModel(margin_rate=0.5, **costs)


def test_an_assumed_cost_is_moved_and_the_profit_told():
    history = history_of([("a", ago(9), 50.0), ("a", ago(8), 50.0)])
    told = sensitivity(history, CostModel(margin_rate=0.5, cost_per_order=4.0))
    assert told == {
        "as assumed": pytest.approx(42.0),
        "margin_rate -10 %": pytest.approx(37.0),
        "margin_rate +10 %": pytest.approx(47.0),
        "cost_per_order -25 %": pytest.approx(44.0),
        "cost_per_order +25 %": pytest.approx(40.0),
    }


def test_a_margin_rate_that_would_pass_1_is_held_there_and_said_so():
    told = sensitivity(history_of([("a", ago(9), 100.0)]), CostModel(margin_rate=0.98))
    assert told == {
        "as assumed": pytest.approx(98.0),
        "margin_rate -10 %": pytest.approx(88.2),
        "margin_rate +10 %, held at 1 as it would be 1.08": pytest.approx(100.0),
    }


def test_what_the_orders_tell_themselves_is_not_moved():
    told = sensitivity(history_with(amount=[9.0, 10.0, 20.0], margin=[1.0, 2.0, 3.5]), CostModel())
    assert told == {"as assumed": pytest.approx(7.5)}


def test_a_return_that_does_not_say_its_cost_takes_no_margin_but_its_handling():
    frame = pd.DataFrame(
        {"customer": "a", "at": [ago(9), ago(-1), ago(-2), ago(-60)], "amount": [1.0, 30.0, -10.0, 1.0]}
    )
    history = History.of(orders=events(frame.assign(cost=[0.5, 20.0, None, 0.5])))
    assert earned(history, CostModel(cost_per_return=2.0)) == {"a": pytest.approx(10.0 - 2.0)}


def test_a_line_that_does_not_say_its_cost_brings_no_profit_beside_lines_that_do():
    lines = {
        "customer": "a",
        "order": ["1", "2", "2", "3"],
        "amount": [1.0, 30.0, 50.0, 1.0],
        "cost": [1.0, 20.0, None, 1.0],
    }
    history = History.of(orders=events(pd.DataFrame(lines | {"at": [ago(9), ago(-1), ago(-1), ago(-60)]})))
    assert earned(history, CostModel(cost_per_order=3.0)) == {"a": pytest.approx(10.0 - 3.0)}


def test_orders_of_which_none_says_its_cost_still_cost_their_handling():
    frame = pd.DataFrame({"customer": "a", "at": [ago(9), ago(-1), ago(-60)], "amount": 5.0, "cost": [1.0, None, 1.0]})
    assert earned(History.of(orders=events(frame)), CostModel(cost_per_order=3.0)) == {"a": pytest.approx(-3.0)}


def test_where_costs_and_a_rate_are_given_the_rate_serves_the_rows_without_a_cost():
    lines = {"customer": "a", "order": ["1", "2", "2", "3"], "amount": [1.0, 30.0, 50.0, 1.0]}
    frame = pd.DataFrame(lines | {"cost": [1.0, 20.0, None, 1.0], "at": [ago(9), ago(-1), ago(-1), ago(-60)]})
    history = History.of(orders=events(frame))
    assert earned(history, FORTY) == {"a": pytest.approx(10.0 + 20.0)}
    book = ledger(history, FORTY)
    assert (book["of it by margin_rate"], book["profit by ledger"]) == (pytest.approx(20.0), pytest.approx(30.0))
    assert "of it by margin_rate" not in ledger(history, CostModel())


def test_a_margin_that_one_order_does_not_say_is_found_by_the_rate():
    assert earned(history_with(amount=[9.0, 10.0, 20.0], margin=[1.0, 2.0, None]), FORTY) == {"a": pytest.approx(10.0)}


def test_a_cost_of_3_and_one_of_3_point_0_are_one_formula():
    history = history_of([("a", ago(9), 50.0)], tickets=[("a", ago(3), "mail", "complaint", 1.0, "in")])
    whole, point = (
        CostModel(margin_rate=1 * one, cost_per_order=3 * one, cost_per_event={"tickets": 2 * one}) for one in (1, 1.0)
    )
    formulas = [definitions(history.tables, (profit_over(history, c, Span(30)),))[0].formula for c in (whole, point)]
    assert formulas[0] == formulas[1]


def test_profit_has_a_short_address_of_the_same_things():
    from patron import profit
    from patron.questions import profit as home

    assert profit.__all__ == ["CostModel", "ledger", "sensitivity"]
    assert all(getattr(profit, name) is getattr(home, name) for name in profit.__all__)
