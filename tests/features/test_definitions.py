"""Definitions: the columns that features make, and formulas that tell computations apart."""

import ibis
import pytest

from patron.errors import MeasureError
from patron.features import purchases, season
from patron.features.definitions import columns, definitions
from patron.features.measures import combine, measure
from patron.periods import EVER, Span, days
from worlds.histories import ago, history_of
from worlds.own_measures import declared, unknown


def test_columns_come_in_the_order_of_the_features() -> None:
    result = columns((purchases.recency, purchases.orders, season.month))
    names = ["recency", "orders_30d", "orders_90d", "orders_180d", "orders_365d", "orders", "month"]
    assert [name for name, _, _ in result] == names


def test_two_features_with_one_column_are_refused() -> None:
    with pytest.raises(
        MeasureError, match=r"Two features make the column 'recency'. Rename one of them, or list it once"
    ):
        columns((purchases.recency, purchases.recency))


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
