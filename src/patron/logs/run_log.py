"""The log of one run: what was done, how long each step took, and one last line of how the run ended."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import Any

from patron.errors import cell
from patron.logs.lines import Lines, step_of
from patron.logs.outcome import Outcome, peak_memory

__all__ = ["RunLog"]

NUMBERS = ("customers", "rows", "reasons")


class RunLog:
    """The log of one run of a verb: what its sentences were, how long its steps took, and how it ended.

    Args:
        verb: what runs.
        run: its id.
        lines: where its sentences go.
        watched: whether somebody looks on, who wants to see how far long work has come.
    """

    def __init__(self, verb: str, run: str, lines: Lines, watched: bool) -> None:
        self.verb, self.run, self.lines, self.watched = verb, run, lines, watched
        self.begun = self.last = perf_counter()
        self.steps: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.business = ""

    def tell(self, sentence: str) -> None:
        """Write a sentence about what was done since the one before."""
        now = perf_counter()
        step = step_of(sentence)
        self.steps[step] = self.steps.get(step, 0.0) + now - self.last
        self.lines.tell(sentence, now - self.last)
        self.last = now

    def watch(self, sentence: str) -> None:
        """Write how far long work has come, where somebody looks on."""
        if self.watched:
            self.tell(sentence)

    def say(self, sentence: str) -> None:
        """Write a sentence that is the result itself."""
        self.lines.say(sentence)

    def count(self, summary: Mapping[str, Any]) -> None:
        """Keep of what was done what the last line and the metrics tell."""
        self.counts |= {name: summary[name] for name in NUMBERS if isinstance(summary.get(name), int)}
        tables = () if summary.get("unchanged") else summary.get("tables", ())
        read = [table["read"] for table in tables if isinstance(table.get("read"), int)]
        self.counts |= {"rows_read": sum(read)} if read else {}

    def end(self, at: datetime, code: int, error: str = "") -> Outcome:
        """Write how the run ended, and return it."""
        about = self.business, dict(self.counts), dict(self.steps), error
        outcome = Outcome(self.verb, self.run, at, code, perf_counter() - self.begun, peak_memory(), *about)
        self.lines.end(outcome)
        return outcome

    @contextmanager
    def warnings(self) -> Iterator[None]:
        """Make warnings of libraries lines of this log for a while."""
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, category, *place: self.tell(
                f"beware    {category.__name__}: {cell(message)}"
            )
            yield
