"""Formulas: a step means what an engine means by the operation, and a column of texts is no number."""

from itertools import product

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from patron.features.compute.fold.formulas import translate
from patron.features.compute.fold.program import Draft
from patron.features.compute.paths import explain_plan
from patron.features.measures import combine, guarded, measure
from patron.questions.kinds import churn
from patron.questions.reference import rows
from worlds.histories import CUTOFF, ago, folded, history_from, small

GRID = list(product([None, -2.0, 0.0, 1.0, 3.0], repeat=2))
FORMULAS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negate": lambda a, b: -a,
    "abs": lambda a, b: a.abs(),
    "null if": lambda a, b: a.nullif(b),
    "first known": lambda a, b: ibis.coalesce(a, b, 7.0),
    "equal": lambda a, b: a == b,
    "not equal": lambda a, b: a != b,
    "less": lambda a, b: a < b,
    "at most": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "at least": lambda a, b: a >= b,
    "both": lambda a, b: (a > 0) & (b > 0),
    "either": lambda a, b: (a > 0) | (b > 0),
    "not": lambda a, b: ~(a > b),
    "choice": lambda a, b: ibis.ifelse(a > b, a, b + 10.0),
    "is null": lambda a, b: a.isnull(),
    "is known": lambda a, b: a.notnull(),
    "greatest": lambda a, b: ibis.greatest(a, b, -1.0),
    "least": lambda a, b: ibis.least(a, b, 1.0),
    "exp": lambda a, b: a.exp(),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_step_means_what_the_engine_means(name):
    one, other = (pa.array(column, pa.float64()) for column in zip(*GRID, strict=True))
    table = ibis.memtable(pa.table({"a": one, "b": other, "row": range(len(GRID))}))
    asked = guarded(FORMULAS[name](table.a, table.b).cast("float64")).name("result")
    expected = table.select("row", asked).order_by("row").to_pyarrow()["result"].to_numpy()
    draft = Draft()
    known = {"a": draft.reserve(), "b": draft.reserve()}
    slot = translate(asked.op().arg, known, draft)
    draft.output(slot, 0)
    program = draft.program()
    slots = program.allocate(len(GRID))
    slots[:2, : len(GRID)] = np.array([[np.nan if value is None else value for value in pair] for pair in GRID]).T
    result = np.empty((1, len(GRID)))
    program.run(slots, np.arange(len(GRID)), result)
    np.testing.assert_allclose(result[0], expected)


def test_a_division_by_zero_is_null_on_both_paths():
    @measure()
    def money(orders):
        """Money."""
        return orders.amount.sum()

    @combine(money, money)
    def ratio(a, b):
        """Ratio."""
        return a / (b - b)

    history = small(("a", ago(1), 5.0))
    generic = rows(churn(30, features=(ratio,)), history, CUTOFF).to_pyarrow().to_pydict()
    assert np.isnan(folded(history, ratio).loc["a", "ratio"])
    assert generic["ratio"] == [None]


def test_a_text_that_was_picked_can_be_compared_with_a_word():
    @measure()
    def by_web(orders):
        """Bought by web last."""
        return (orders.channel.argmin(orders.days_ago) == "web").cast("int64")

    @measure()
    def last(orders):
        """Last channel."""
        return orders.channel.argmin(orders.days_ago)

    @combine(last)
    def from_web(last):
        """Came by web last."""
        return (last == "web").cast("int64")

    rows = [("a", 9, "web"), ("a", 1, "shop"), ("b", 9, "shop"), ("b", 1, "web"), ("c", 1, None)]
    frame = pd.DataFrame(rows, columns=["customer", "days", "channel"]).assign(amount=1.0)
    frame["at"] = [ago(d) for d in frame.pop("days")]
    history = history_from(orders=frame)
    result = folded(history, by_web, last, from_web)
    assert result["last"].fillna("?").tolist() == ["shop", "web", "?"]
    assert result.by_web.fillna(-1).tolist() == result.from_web.fillna(-1).tolist() == [0, 1, -1]
    assert [path.path for path in explain_plan((by_web, last, from_web), history.tables)] == [
        "engine", "fold", "combination",
    ]  # fmt: skip
