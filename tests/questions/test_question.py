"""A question says who is asked, what, and how far ahead; rows and labels are made for the same customers."""

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.features import purchases
from patron.features.definitions import columns
from patron.features.measures import measure
from patron.history.history import History
from patron.history.sources import events
from patron.periods import EVER, Span, days
from patron.questions.contracts import cancellation
from patron.questions.kinds import Tier, churn, next_purchase, tier
from patron.questions.matrices import matrix
from patron.questions.profit import CostModel
from patron.questions.question import Question
from patron.questions.reference import labels, rows
from patron.questions.shared import together
from worlds.histories import CUTOFF, ago, history_of

COSTS = CostModel(margin_rate=0.5)
FEW = (purchases.recency,)


@pytest.fixture
def history() -> History:
    """Ann buys again after 4.5 days, bob after 45, cat never; the history goes on for 90 days."""
    past = [("ann", ago(10), 20.0), ("bob", ago(100), 30.0), ("cat", ago(200), 5.0)]
    return history_of([*past, ("ann", ago(-4.5), 8.0), ("bob", ago(-45), 60.0), ("dan", ago(-89.5), 1.0)])


def label_of(question: Question, history: History) -> dict[str, float]:
    return labels(question, history, CUTOFF).to_pyarrow().to_pandas().set_index("customer").label.to_dict()


def names(question: Question) -> list[str]:
    return [name for name, _, _ in columns(question.features)]


def test_churn_is_no_order_within_the_horizon(history: History) -> None:
    assert label_of(churn(30), history) == {"ann": 0.0, "bob": 1.0, "cat": 1.0}
    assert label_of(churn(60), history) == {"ann": 0.0, "bob": 0.0, "cat": 1.0}


def test_the_next_purchase_is_told_in_days_and_unknown_past_the_horizon(history: History) -> None:
    found = label_of(next_purchase(60), history)
    assert (found["ann"], found["bob"]) == (4.5, 45.0)
    assert np.isnan(found["cat"])


def test_a_tier_is_asked_as_profit(history: History) -> None:
    assert label_of(tier(60, COSTS), history) == {"ann": 4.0, "bob": 30.0, "cat": 0.0}


def test_only_customers_active_in_the_time_are_asked(history: History) -> None:
    assert set(label_of(churn(30, active_in=100), history)) == {"ann", "bob"}
    assert set(label_of(churn(30, active_in=99), history)) == {"ann"}
    assert set(label_of(churn(30), history)) == {"ann", "bob", "cat"}


def test_rows_carry_customer_cutoff_and_the_features_asked_for(history: History) -> None:
    made = rows(churn(90, features=FEW), history, CUTOFF).to_pyarrow().to_pandas().set_index("customer")
    assert made.columns.tolist() == ["cutoff", "recency", "orders_90d", "orders"]
    assert made.recency.to_dict() == {"ann": 10.0, "bob": 100.0, "cat": 200.0}
    assert made.orders_90d.to_dict() == {"ann": 1.0, "bob": 0.0, "cat": 0.0}
    assert set(made.cutoff) == {CUTOFF}


def test_a_question_always_has_the_features_of_its_baselines(history: History) -> None:
    assert names(churn(120, features=FEW).on(history)) == ["recency", "orders_120d", "orders"]
    assert names(tier(120, COSTS, features=FEW).on(history)) == ["recency", "profit_120d", "orders", "spend"]


def every(gap: int, first: int = 1200, last: int = 0) -> list[tuple[str, object, float]]:
    """Nine customers who order once in *gap* days, from *first* to *last* days before the cutoff."""
    return [(f"c{i}", ago(day), 1.0) for i in range(9) for day in range(first, last, -gap)]


@pytest.mark.parametrize(
    ("gap", "windows"), [(10, {14, 30, 60, 90}), (30, {30, 90, 180, 365}), (100, {90, 365, 730, 1095})]
)
def test_windows_follow_the_usual_gap_between_orders(gap: int, windows: set[int]) -> None:
    asked = churn(90).on(history_of(every(gap)))
    assert asked.rhythm == gap
    assert {w.days for f in asked.features for w in f.windows if f.name == "orders"} == {*windows, None}


def test_a_young_shop_has_no_windows_longer_than_its_life() -> None:
    assert churn(90).on(history_of(every(100, first=1000))).rhythm == 30


def test_orders_that_nobody_knew_choose_no_windows() -> None:
    history = history_of([*every(10, first=400), *every(1, first=-1, last=-90)])
    assert churn(90).on(history, CUTOFF).rhythm == 10
    assert churn(90).on(history).rhythm == 1


def test_features_that_were_named_keep_their_windows() -> None:
    asked = churn(90, features=(purchases.spend,)).on(history_of(every(100)))
    assert {"spend_30d", "spend_90d"} <= set(names(asked))


def test_a_question_without_features_gets_all_that_the_history_can_answer(history: History) -> None:
    made = names(churn(90).on(history))
    assert {"orders_30d", "recency", "usual_gap", "spend_trend", "month"} <= set(made)
    assert "returns" not in made
    assert len(made) == len(set(made))


def test_a_cutoff_outside_the_history_is_refused(history: History) -> None:
    for ask in (rows, labels):
        with pytest.raises(
            QuestionError, match=r"The cutoff 2023-12-14 lies outside the history: no event is known before it"
        ):
            ask(churn(30), history, ago(200))


def test_a_bare_question_has_no_label(history: History) -> None:
    with pytest.raises(
        QuestionError, match=r"This is no question of its own. Ask pt.churn, pt.next_purchase or pt.tier."
    ):
        labels(Question(Span(30)), history, CUTOFF)


@pytest.mark.parametrize("ask", [lambda: churn(None), lambda: next_purchase(None), lambda: tier(None, COSTS)])
def test_a_question_without_a_horizon_is_refused(ask) -> None:
    with pytest.raises(
        QuestionError, match=r"The question '(churn|next_purchase|tier)' has no horizon. Give it days, for exam"
    ):
        ask()


@pytest.mark.parametrize("within", [(), (91,), (0, 30)])
def test_a_purchase_asked_within_days_beyond_the_horizon_is_refused(within: tuple[int, ...]) -> None:
    with pytest.raises(QuestionError) as told:
        next_purchase(90, within=within)
    assert str(told.value) == (
        f"Next purchase is asked within {within} days, but its horizon is 90d. "
        "Ask for whole days from 1 to the horizon."
    )


@pytest.mark.parametrize("tiers", [{"gold": 0.0}, {"gold": 0.6, "silver": 0.4}])
def test_tiers_that_leave_no_room_are_refused(tiers: dict[str, float]) -> None:
    with pytest.raises(QuestionError) as told:
        tier(90, COSTS, tiers=tiers)
    assert str(told.value) == (
        f"The shares of the tiers must be above 0 and leave room for 'iron', got {tiers}. "
        "Write for example platinum = 0.05, gold = 0.20."
    )


@pytest.mark.parametrize("thresholds", [(100.0,), (10.0, 100.0), (100.0, -5.0), (100.0, 0.0)])
def test_thresholds_that_do_not_fall_to_above_zero_are_refused(thresholds: tuple[float, ...]) -> None:
    with pytest.raises(
        QuestionError, match=r"lowest profit of each tier \(platinum, gold\), falling and above 0, got \["
    ):
        Tier(Span(90), EVER, (), COSTS, thresholds=thresholds)


def test_the_tiers_are_named_worst_first() -> None:
    assert tier(90, COSTS, tiers={"a": 0.1, "b": 0.2, "c": 0.3}).names == ("lead", "iron", "c", "b", "a")


def test_questions_asked_together_share_their_features(history: History) -> None:
    own = churn(120, features=FEW)
    one, other = together((own, next_purchase(90, features=(purchases.orders.over(*days(90, 120)),))), history)
    assert names(one) == names(other) == ["recency", "orders_120d", "orders", "orders_90d"]
    assert rows(one, history, CUTOFF).columns[2:] == tuple(names(one))


def test_questions_asked_together_with_all_features_have_each_column_once(history: History) -> None:
    for question in together((churn(90), churn(90, features=FEW), tier(120, COSTS)), history):
        made = names(question)
        assert len(made) == len(set(made))
        assert {"recency", "orders_90d", "profit_120d"} <= set(made)


def test_questions_of_different_customers_are_not_asked_together(history: History) -> None:
    with pytest.raises(
        QuestionError, match=r"The questions are asked of customers active in 365d, ever. Ask them of the same"
    ):
        together((churn(90), churn(90, active_in=365)), history)


def test_questions_that_mean_different_things_by_one_column_are_not_asked_together(history: History) -> None:
    @measure()
    def recency(orders):
        """Days since the first order."""
        return orders.days_ago.max()

    with pytest.raises(
        QuestionError, match=r"Two questions make the column 'recency' in different ways. Give their features"
    ):
        together((churn(90, features=FEW), churn(90, features=(recency,))), history)
    with pytest.raises(QuestionError, match=r"'profit_90d' in different ways.*questions of profit the same costs"):
        together((tier(90, COSTS, features=FEW), tier(90, CostModel(margin_rate=0.1), features=FEW)), history)


def test_an_own_feature_stands_beside_the_built_in_ones():
    @measure(windows=days(30), empty=0)
    def large(orders):
        """Large orders."""
        return orders.count(where=orders.amount > 9)

    history = history_of([("a", ago(3), 10.0), ("a", ago(2), 1.0), ("end", ago(-60), 1.0)])
    asked = churn(30, own=(large,)).on(history)
    made = rows(churn(30, own=(large,)), history, CUTOFF).to_pyarrow().to_pylist()
    assert {f.name for f in asked.features} > {"recency", "large"}
    assert [row["large_30d"] for row in made if row["customer"] == "a"] == [1.0]


def test_what_is_asked_within_may_be_months_of_their_longest_days() -> None:
    assert next_purchase("3 months", within=["1 month", 45]).within == (31, 45)
    assert cancellation("3 months", within="2 months").within == (62,)
    with pytest.raises(QuestionError, match=r"asked within \(123,\) days"):
        cancellation("3 months", within="4 months")


def test_a_next_purchase_may_be_asked_within_one_number_of_days() -> None:
    assert next_purchase(90, within=7).within == (7,)
    with pytest.raises(QuestionError, match=r"asked within \(7.5,\) days, .* Ask for whole days from 1"):
        next_purchase(90, within=(7.5,))


def test_a_tier_needs_no_costs_where_the_orders_say_what_is_left_of_them(history: History) -> None:
    sold = {"customer": ["a", "b"], "at": [ago(3), ago(-60)], "amount": [10.0, 1.0], "cost": [4.0, 1.0]}
    told = History.of(orders=events(pd.DataFrame(sold)))
    assert label_of(tier(30), told) == {"a": 0.0}
    assert matrix(tier(30), told, [CUTOFF]).X.profit_30d.tolist() == [6.0]
    with pytest.raises(QuestionError, match=r"neither 'margin' nor 'cost', and no margin rate is set\..*margin_rate"):
        matrix(tier(30), history, [CUTOFF])


@pytest.mark.parametrize("question", [churn(90), next_purchase(90), tier(90, COSTS)], ids=lambda q: q.name)
def test_the_columns_of_the_baselines_are_those_of_their_features(question):
    features = question.baselines(history_of(every(30)))
    assert question.baseline_columns == tuple(feature.column(feature.windows[0]) for feature in features)
