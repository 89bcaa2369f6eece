"""An order that was taken back is no sign of worth, from the moment on at which that is known."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from patron.features import purchases, service, values
from patron.history.history import History
from patron.history.sources import events
from patron.periods import EVER, Span
from patron.questions.kinds import churn
from patron.questions.matrices import labels, matrix
from patron.questions.question import Question
from patron.questions.reference import rows as reference
from worlds.histories import CUTOFF, ago, features_at, history_of

MONEY = (purchases.spend.over(EVER), purchases.largest_order, purchases.mean_order.over(EVER))
ENDS = (purchases.first_order, purchases.last_order, values.smallest_order)
PLACED = (purchases.orders.over(EVER), purchases.recency)
NAMES = ["spend", "largest_order", "mean_order", "first_order", "last_order", "smallest_order", "orders", "recency"]
CANCELLED = [("ann", ago(9), 40.0), ("ann", ago(5), 9000.0), ("ann", ago(4), 60.0)]


def seen(history, cutoff=CUTOFF, customer="ann"):
    return features_at(history, cutoff, *MONEY, *ENDS, *PLACED).loc[customer, NAMES].tolist()


def numbered(*told):
    """A history of orders, below zero where they take back, with order numbers."""
    frame = pd.DataFrame(told, columns=["customer", "at", "order", "amount"])
    return History.of(orders=events(frame))


def test_an_order_taken_back_within_minutes_weighs_in_no_money_but_was_placed():
    history = history_of(CANCELLED, returns=[("ann", ago(4.99), 9000.0)])
    assert seen(history) == [100.0, 60.0, 50.0, 40.0, 60.0, 40.0, 3, 4.0]


def test_an_order_counts_in_full_until_its_return_is_known():
    history = history_of(CANCELLED, returns=[("ann", ago(2), 9000.0)])
    assert seen(history, ago(2))[:2] == [9100.0, 9000.0]
    assert seen(history, ago(1.5))[:2] == [100.0, 60.0]


def test_a_return_known_late_takes_back_late():
    returns = events(pd.DataFrame({"customer": ["ann"], "at": [ago(4.9)], "known_at": [ago(1)], "amount": [9000.0]}))
    orders = events(pd.DataFrame(CANCELLED, columns=["customer", "at", "amount"]))
    history = History.of(orders=orders, returns=returns)
    assert [seen(history, ago(day))[0] for day in (1, 0.9)] == [9100.0, 100.0]


def test_a_return_of_an_order_number_takes_back_its_part():
    history = numbered(("ann", ago(200), "a", 50.0), ("ann", ago(9), "b", 50.0), ("ann", ago(3), "a", -20.0))
    assert seen(history)[:6] == [80.0, 50.0, 40.0, 30.0, 50.0, 30.0]


def test_an_order_returned_in_two_parcels_stands_no_longer():
    told = [("ann", ago(9), "a", 50.0), ("ann", ago(8), "b", 7.0), ("ann", ago(3), "a", -20.0)]
    history = numbered(*told, ("ann", ago(1), "a", -30.0))
    assert [seen(history, ago(day))[0] for day in (3, 2, 0)] == [57.0, 37.0, 7.0]


def test_each_return_takes_back_one_order_the_latest_first():
    same = [("ann", ago(day), 50.0) for day in (9, 6, 3)]
    once = history_of(same, returns=[("ann", ago(5), 50.0)])
    twice = history_of(same, returns=[("ann", ago(5), 50.0), ("ann", ago(4), 50.0)])
    assert [seen(once)[0], seen(twice)[0], seen(twice)[3]] == [100.0, 50.0, 50.0]
    assert seen(history_of(same, returns=[("ann", ago(10), 50.0)]))[0] == 150.0


@pytest.mark.parametrize(("days", "spend"), [(30, 0.0), (31, 50.0)])
def test_a_return_of_the_same_amount_takes_back_within_30_days(days, spend):
    history = history_of([("ann", ago(days + 1), 50.0)], returns=[("ann", ago(1), 50.0), ("bob", ago(1), 50.0)])
    assert seen(history)[0] == spend


def test_a_return_of_another_amount_or_customer_takes_nothing_back():
    history = history_of(CANCELLED, returns=[("ann", ago(1), 8999.0), ("bob", ago(1), 9000.0)])
    assert (seen(history)[0], history.standing) == (9100.0, None)


def test_a_return_takes_back_several_orders_of_one_day_that_add_up_to_it():
    day = [("ann", ago(9.5), 10.0), ("ann", ago(9.4), 20.0), ("ann", ago(9.3), 30.0)]
    history = history_of([("ann", ago(12), 50.0), *day], returns=[("ann", ago(1), 50.0)])
    assert seen(history)[0] == 60.0
    of_two = history_of([("ann", ago(12), 7.0), *day], returns=[("ann", ago(1), 50.0)])
    assert [seen(of_two, ago(1))[0], *seen(of_two)[:6]] == [67.0, 17.0, 10.0, 8.5, 7.0, 10.0, 7.0]


def test_an_order_written_again_after_its_double_return_goes_with_the_first():
    told = [("ann", ago(30), 8.0), ("ann", ago(9.9), 41.0), ("ann", ago(9.7), 41.0)]
    history = history_of(told, returns=[("ann", ago(9.8), 82.0)])
    assert [seen(history, ago(day))[0] for day in (9.75, 9.65)] == [49.0, 8.0]
    later = history_of([*told, ("ann", ago(9.6), 5.0)], returns=[("ann", ago(9.8), 82.0)])
    assert seen(later)[0] == 13.0


@pytest.mark.parametrize(
    "told",
    [
        [("ann", ago(9), 20.0), ("ann", ago(8), 30.0)],
        [("ann", ago(9.5), 20.0), ("ann", ago(9.4), 1.0), ("ann", ago(9.3), 30.0)],
        [("ann", ago(40.5), 20.0), ("ann", ago(40.4), 30.0)],
        [("ann", ago(0.5), 20.0), ("ann", ago(0.4), 30.0)],
    ],
    ids=["of two days", "another between them", "too long before", "of a later day"],
)
def test_other_orders_that_add_up_to_a_return_stand(told):
    history = history_of([*told, ("ann", ago(2), 1.0)], returns=[("ann", ago(3), 50.0), ("ann", ago(2.5), 20.5)])
    assert seen(history)[0] == 1.0 + sum(amount for _, _, amount in told)


def test_one_day_is_taken_back_once_and_no_order_twice():
    day = [("ann", ago(9.5), 20.0), ("ann", ago(9.4), 30.0), ("ann", ago(9.3), 5.0), ("ann", ago(9.2), 45.0)]
    twice = history_of(day, returns=[("ann", ago(3), 50.0), ("ann", ago(2), 50.0)])
    assert seen(twice)[0] == 50.0
    single = history_of(day, returns=[("ann", ago(4), 45.0), ("ann", ago(2), 50.0)])
    assert seen(single)[0] == 5.0


def test_the_share_paid_back_is_of_all_that_was_ordered():
    history = history_of(CANCELLED, returns=[("ann", ago(4.99), 9000.0)])
    assert features_at(history, CUTOFF, service.refund_share.parts[0], service.refund_share).loc[
        "ann", "refund_share"
    ] == pytest.approx(9000 / 9100)


def test_both_paths_see_the_same_orders_standing():
    taken = [("ann", ago(4.99), 9000.0), ("bob", ago(20), 7.0), ("bob", ago(19), 5.0)]
    bob = [("bob", ago(day), 7.0) for day in (40, 30, 21)]
    history = history_of([*CANCELLED, *bob], returns=taken)
    question = Question(Span(30), features=(*purchases.ALL, *values.ALL, *service.ALL))
    cutoffs = [ago(day) for day in (20.5, 19.5, 4.995, 0)]
    found = matrix(question, history, cutoffs)
    for cutoff in cutoffs:
        slow = reference(question, history, cutoff).order_by("customer").to_pyarrow().to_pandas()
        fast = found.take(found.at(cutoff)).X
        assert_frame_equal(fast, slow[list(fast)].astype("float32"), rtol=1e-5)


def test_a_label_counts_an_order_whether_or_not_it_stands():
    history = history_of(
        [("ann", ago(50), 9.0), *CANCELLED[1:2], ("end", ago(0.1), 1.0)], returns=[("ann", ago(4), 9000.0)]
    )
    assert labels(churn(30), history, [ago(30)]).tolist() == [0.0]


def test_a_customer_with_returns_only_is_not_asked_about():
    history = history_of([("ann", ago(9), 1.0)], returns=[("bob", ago(3), 50.0)])
    assert features_at(history, CUTOFF, *MONEY).index.tolist() == ["ann"]


def test_where_everybody_cancelled_nobody_has_spent_anything():
    history = history_of(
        [("ann", ago(9), 5.0), ("bob", ago(8), 6.0)], returns=[("ann", ago(8), 5.0), ("bob", ago(7), 6.0)]
    )
    found = features_at(history, CUTOFF, *MONEY, purchases.orders.over(EVER))
    assert found[["spend", "orders"]].to_numpy().tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert found[["largest_order", "mean_order"]].isna().all(axis=None)


def test_customers_with_returns_only_are_counted_in_the_receipt():
    history = numbered(("ann", ago(9), "a", 5.0), ("bob", ago(3), "b", -50.0), ("ann", ago(2), "c", -1.0))
    assert history.receipts[0].notes[-1] == "1 customers have returns and no order; nothing is asked about them"
    bought = numbered(("ann", ago(9), "a", 5.0), ("ann", ago(2), "c", -1.0))
    assert not [note for note in bought.receipts[0].notes if "returns and no order" in note]
