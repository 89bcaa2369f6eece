"""Some customers: parts of a history, each with the rows of its customers, come to what the whole comes to."""

import pandas as pd
import pyarrow.compute as pc

from patron.features.definitions import columns_read
from patron.history.history import History
from patron.history.some_customers import history_of, rows_before, without_rows
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from worlds.histories import CUTOFF, World, ago


def parts_of(history: History, features: tuple) -> list[History]:
    read = columns_read(history.tables, features) | {"orders": {"order"}}
    rows = {name: table.to_pyarrow() for name, table in rows_before(history, CUTOFF, read).items()}
    early = {name: pc.less(table["customer"], "c150") for name, table in rows.items()}
    halves = [{name: table.filter(early[name]) for name, table in rows.items()}]
    halves += [{name: table.filter(pc.invert(early[name])) for name, table in rows.items()}]
    return [history_of(without_rows(history), half) for half in halves]


def test_the_features_of_all_parts_are_those_of_the_whole(world: World):
    history = world.history
    question = churn(90).on(history)
    whole = matrix(question, history, [ago(90), CUTOFF])
    some = [matrix(question, part, [ago(90), CUTOFF]) for part in parts_of(history, question.features)]
    assert [len(part.key.customer.unique()) > 50 for part in some] == [True, True]
    frames = pd.concat([pd.concat([rows.key, rows.X], axis=1) for rows in some])
    together = frames.sort_values(["cutoff", "customer"], ignore_index=True)
    pd.testing.assert_frame_equal(together, pd.concat([whole.key, whole.X], axis=1), check_exact=True)
    assert some[0].definitions == whole.definitions


def test_only_columns_that_count_and_rows_before_the_cutoff_are_read(world: World):
    rows = rows_before(world.history, ago(200), {"orders": set(), "lines": {"item"}})
    assert sorted(rows) == ["lines", "orders", "standing orders"]
    assert "item" in rows["lines"].columns
    assert "price" not in rows["lines"].columns
    assert rows["orders"]["at"].max().to_pyarrow().as_py() < ago(200)


def test_a_part_knows_when_the_whole_ends(world: World):
    history = world.history
    first, _ = parts_of(history, ())
    assert first.ends == history.ends
    assert first.receipts[0].used < history.receipts[0].used
