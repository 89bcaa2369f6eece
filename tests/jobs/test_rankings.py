"""Rankings: threads beside a training."""

from patron.jobs import rankings


def test_what_training_imports_late_is_there_before_the_threads_begin(monkeypatch):
    order = []
    monkeypatch.setattr(rankings, "mlflow", lambda: order.append("imported"))
    monkeypatch.setattr(rankings, "ThreadPoolExecutor", lambda count: order.append("threads") or Pool())
    with rankings.rankings_beside([]) as ranked:
        assert ranked == {}
    assert order == ["imported", "threads"]


class Pool:
    """A pool of threads without any."""

    def shutdown(self, cancel_futures: bool) -> None:
        """End nothing."""
