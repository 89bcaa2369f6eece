"""Many measures beside one spine: no row lost, nothing silently empty, and formulas that tell computations apart."""

import ibis
import pytest

from patron.errors import MeasureError
from patron.features import purchases, season, service
from patron.features.definitions import columns, definitions
from patron.features.measures import Measure, combine, measure
from patron.history.history import History
from patron.history.sources import events
from patron.periods import EVER, Span, days
from worlds.histories import COLUMNS, CUTOFF, ago, features_at, frame_of, history_of


@measure(windows=days(30), empty=None)
def unknown(orders):
    """Nothing is known."""
    return orders.amount.max()


@measure(windows=days(30), empty=7.5)
def declared(orders):
    """A declared number."""
    return orders.amount.max()


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
    found = features_at(History.of(orders=events(frame)), CUTOFF, where)
    assert found.where_30d.to_dict() == {"a": "web", "b": "none"}


def test_every_row_of_the_spine_stays_once_whatever_the_other_tables_hold() -> None:
    strangers = [("z", ago(5), 1.0), ("a", ago(4), 1.0), ("a", ago(3), 1.0)]
    history = history_of([("a", ago(9), 2.0), ("a", ago(9), 2.0), ("b", ago(99), 2.0)], returns=strangers)
    found = features_at(history, CUTOFF, service.returns, purchases.orders)
    assert found.index.tolist() == ["a", "b"]
    assert found.returns.tolist() == [2, 0]


def test_columns_come_in_the_order_of_the_features() -> None:
    made = columns((purchases.recency, purchases.orders, season.month))
    names = ["recency", "orders_30d", "orders_90d", "orders_180d", "orders_365d", "orders", "month"]
    assert [name for name, _, _ in made] == names


def test_two_features_with_one_column_are_refused() -> None:
    with pytest.raises(
        MeasureError, match=r"Two features make the column 'recency'. Rename one of them, or list it once"
    ):
        columns((purchases.recency, purchases.recency))


def another_spend(source: str) -> Measure:
    made = measure(windows=days(90), empty=0)
    if source == "orders":

        @made
        def spend(orders):
            """Another spend."""
            return orders.amount.max()

        return spend

    @made
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


def test_a_definition_says_what_a_column_means() -> None:
    history = history_of([("a", ago(9), 2.0)])
    told = definitions(history.tables, (purchases.orders, purchases.order_trend))
    assert [d.name for d in told][:2] == ["orders_30d", "orders_90d"]
    assert [d.words for d in told][:2] == ["Orders placed in the last 30 days", "Orders placed in the last 90 days"]
    assert told[4].words == "Orders placed"
    assert told[5].words == "Share of the year's orders that fell in the last 90 days"
    assert (told[0].theme, told[0].unit) == ("habit", "orders")


def formula_of(feature) -> str:
    tables = {"orders": ibis.table({"customer": "string", "at": "timestamp", "amount": "decimal(18, 4)"}, name="any")}
    return definitions(tables, (feature,))[0].formula


def test_a_formula_is_the_same_for_the_same_computation_and_another_for_another() -> None:
    @measure(windows=days(30), empty=0)
    def renamed(orders):
        """Renamed."""
        return orders.amount.max()

    assert formula_of(unknown) == formula_of(unknown)
    assert formula_of(renamed.over(EVER)) != formula_of(renamed)
    assert formula_of(renamed) != formula_of(declared)
    assert formula_of(unknown) != formula_of(purchases.spend.over(Span(30)))


def test_a_formula_of_a_combination_holds_its_parts() -> None:
    @combine(purchases.spend.over(Span(30)), purchases.spend.over(Span(60)))
    def trend(recent, longer):
        """Trend."""
        return recent / longer

    @combine(purchases.spend.over(Span(30)), purchases.spend.over(Span(90)))
    def other(recent, longer):
        """Trend."""
        return recent / longer

    assert formula_of(trend) != formula_of(other)
    assert formula_of(season.month) == formula_of(season.month)
