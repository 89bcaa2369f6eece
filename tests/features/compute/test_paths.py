"""Paths: which measures the fold knows, by which reduction, and what happens to the others."""

import ibis

from patron.features.compute.paths import explain_plan
from patron.features.measures import measure
from patron.periods import EVER, days
from worlds.histories import ago, folded, small
from worlds.measured import MEASURES


def test_every_measure_of_the_reference_is_told_by_its_reduction():
    table = ibis.table(
        {"customer": "string", "at": "timestamp", "amount": "decimal(18, 4)", "minutes": "float64", "kind": "string"}
    )
    paths = {p.column: p.why for p in explain_plan(MEASURES, {"visits": table})}
    assert paths["ago"] == "recency"
    assert paths["fresh"] == "decayed sum"
    assert paths["share_web"] == "count"


def test_a_reduction_that_the_fold_does_not_know_takes_the_engine_and_says_so():
    @measure(windows=(*days(30), EVER))
    def usual(orders):
        """Usual amount."""
        return orders.amount.mode()

    history = small(*(("a", ago(d), a) for d, a in ((1, 5.0), (2, 5.0), (40, 7.0))))
    assert folded(history, usual).loc["a"].tolist()[:2] == [5.0, 5.0]
    (first, _) = explain_plan((usual,), history.tables)
    assert (first.column, first.path) == ("usual_30d", "engine")
    assert "Mode" in first.why
