"""Outcome: how a run ended, for people, logs and metrics."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Outcome", "peak_memory"]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Args:
        verb: what ran.
        run: its id.
        at: when it ended.
        code: the exit code.
        seconds: how long it took.
        memory: the most bytes that it held; None where the system does not say.
        business: the name in the settings, once they are read.
        counts: what it was about: customers, rows.
        steps: seconds by step.
        error: the kind of error that ended it.
    """

    verb: str
    run: str
    at: datetime
    code: int
    seconds: float
    memory: int | None
    business: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, float] = field(default_factory=dict)
    error: str = ""

    @property
    def status(self) -> str:
        """Whether it is done, was refused with a sentence, failed, or was ended from outside."""
        return {0: "done", 1: "failed"}.get(self.code, "refused" if self.code < 128 else "ended")

    @property
    def sentence(self) -> str:
        """How it ended, in a line."""
        counts = "".join(f", {count:,} {noun.replace('_', ' ')}" for noun, count in self.counts.items())
        memory = f", at most {self.memory / 1e6:,.0f} MB" if self.memory else ""
        return f"{self.verb} {self.status}: exit code {self.code} after {self.seconds:.1f} s{counts}{memory}"


def peak_memory() -> int | None:
    """Return the most bytes that this process held, where the system says so."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
