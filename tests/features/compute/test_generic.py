"""The generic path: many measures beside one spine, no row lost, nothing silently empty."""

import pytest

from patron.errors import MeasureError
from patron.features import purchases, service
from patron.features.measures import Measure, measure
from patron.periods import days
from worlds.histories import COLUMNS, CUTOFF, ago, features_at, frame_of, history_from, history_of
from worlds.own_measures import declared, unknown


def test_a_customer_without_events_in_a_window_gets_the_declared_empty_value() -> None:
    history = history_of([("a", ago(9), 2.0), ("b", ago(99), 2.0)])
    found = features_at(history, CUTOFF, unknown, declared)
    assert found.loc["a", ["unknown_30d", "declared_30d"]].tolist() == [2.0, 2.0]
    assert found.unknown_30d.isna().to_dict() == {"a": False, "b": True}
    assert found.loc["b", "declared_30d"] == 7.5


def test_a_text_can_be_declared_empty() -> None:
    @measure(windows=days(30), empty="none")
    def where(orders):
        """Where."""
        return orders.channel.max()

    frame = frame_of([("a", ago(9), 1.0), ("b", ago(99), 1.0)], COLUMNS["orders"]).assign(channel="web")
    found = features_at(history_from(orders=frame), CUTOFF, where)
    assert found.where_30d.to_dict() == {"a": "web", "b": "none"}


def test_every_row_of_the_spine_stays_once_whatever_the_other_tables_hold() -> None:
    strangers = [("z", ago(5), 1.0), ("a", ago(4), 1.0), ("a", ago(3), 1.0)]
    history = history_of([("a", ago(9), 2.0), ("a", ago(9), 2.0), ("b", ago(99), 2.0)], returns=strangers)
    found = features_at(history, CUTOFF, service.returns, purchases.orders)
    assert found.index.tolist() == ["a", "b"]
    assert found.returns.tolist() == [2, 0]


def another_spend(source: str) -> Measure:
    result = measure(windows=days(90), empty=0)
    if source == "orders":

        @result
        def spend(orders):
            """Another spend."""
            return orders.amount.max()

        return spend

    @result
    def spend(returns):
        """Money back."""
        return returns.amount.sum()

    return spend


@pytest.mark.parametrize("source", ["orders", "returns"])
def test_a_measure_that_would_take_the_place_of_a_hidden_part_is_refused(source: str) -> None:
    history = history_of([("a", ago(9), 2.0)], returns=[("a", ago(5), 1.0)])
    with pytest.raises(
        MeasureError, match=r"Two measures make the column 'spend_90d', from event tables '(orders|returns)' and"
    ):
        features_at(history, CUTOFF, purchases.spend_trend, another_spend(source))
