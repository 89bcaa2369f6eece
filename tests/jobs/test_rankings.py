"""Rankings: threads beside a training."""

from concurrent.futures import Future
from contextlib import ExitStack

from patron.jobs import rankings
from patron.models.tree_threads import most_threads, trees_on_one_thread


def test_what_training_imports_late_is_there_before_the_threads_begin(monkeypatch):
    order = []
    monkeypatch.setattr(rankings, "mlflow", lambda: order.append("imported"))
    monkeypatch.setattr(rankings, "ThreadPoolExecutor", lambda count: order.append("threads") or Pool())
    with rankings.rankings_beside([]) as ranked:
        assert ranked.of == {}
    assert order == ["imported", "threads"]


def test_trees_are_held_to_one_thread_until_the_last_ranking_is_done_so_that_no_call_changes_it_under_another():
    done, at_work, before = Future(), Future(), most_threads()
    done.set_result(None)
    with ExitStack() as held:
        held.enter_context(trees_on_one_thread())
        beside = rankings.Rankings({"next_purchase": [done, at_work]}, held)
        beside.release()
        assert most_threads() == 1
        at_work.set_result(None)
        beside.release()
        assert most_threads() == before


def test_without_rankings_trees_take_as_many_threads_as_before():
    before = most_threads()
    with rankings.rankings_beside([]):
        assert most_threads() == before


class Pool:
    """A pool of threads without any."""

    def shutdown(self, cancel_futures: bool) -> None:
        """End nothing."""
