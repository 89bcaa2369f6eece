"""Deferred tables: what holds no rows yet is read as far as it is needed, whichever engine knows it."""

from datetime import datetime

import ibis
import polars

from patron.engines.files import FileFormat, open_source

ROWS = {"customer": ["a", "b"], "at": [datetime(2024, 5, 1), datetime(2024, 5, 2)], "note": ["x", "y"]}
NEEDED = FileFormat(needed=("customer", "at", "amount"))


def test_of_a_lazy_frame_only_needed_columns_are_computed():
    lazy = polars.LazyFrame(ROWS).with_columns(note=polars.col("note").cast(polars.Int64))  # fails where it is run
    assert open_source(lazy, NEEDED).table.order_by("at").to_pyarrow().to_pydict() == {
        "customer": ["a", "b"],
        "at": ROWS["at"],
    }


def test_a_table_of_an_engine_that_knows_too_little_is_run_by_the_one_here():
    far = ibis.polars.connect({"orders": polars.DataFrame(ROWS)}).table("orders")
    near = open_source(far, NEEDED).table
    assert near.columns == ("customer", "at")
    assert near.filter(near["at"] - ibis.interval(days=1) < datetime(2024, 5, 1)).count().to_pyarrow().as_py() == 1


def test_a_table_of_the_engine_here_stays_where_it_is():
    table = ibis.memtable(ROWS)
    assert open_source(table, NEEDED).table is table
