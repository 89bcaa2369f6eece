"""Streams: work goes on while the next items come, but never on more of them than allowed."""

import sys
import threading

import ibis
import pytest

from patron.engines.batches import ahead, batches


@pytest.mark.parametrize("waiting", [1, 2, 4])
def test_no_more_items_are_asked_for_than_may_wait(waiting):
    asked: list[int] = []
    made = ahead(str, (asked.append(n) or n for n in range(10)), waiting=waiting)
    for n in range(10):
        assert next(made) == str(n)
        assert len(asked) == min(n + waiting, 10)


def test_the_next_item_is_worked_on_before_it_is_asked_for():
    begun = threading.Event()

    def work(n: int) -> int:
        if n == 1:
            begun.set()
        return n

    made = ahead(work, range(3), waiting=2)
    assert next(made) == 0
    assert begun.wait(10)


def test_an_error_of_the_work_is_told_where_its_turn_comes():
    made = ahead(lambda n: 1 / n, [1, 0])
    assert next(made) == 1
    with pytest.raises(ZeroDivisionError):
        next(made)


def test_a_table_that_nobody_needs_any_more_goes_once_the_result_that_is_open_was_read(monkeypatch):
    cached, refused = ibis.memtable({"x": [1, 2]}).cache(), []
    name, rows = cached.get_name(), batches(ibis.memtable({"y": range(1000)}))
    next(rows)
    monkeypatch.setattr(sys, "unraisablehook", refused.append)
    del cached
    assert sum(len(batch) for batch in rows) == 1000
    left = ibis.get_backend().raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()
    assert (refused, (name,) in left) == ([], False)
