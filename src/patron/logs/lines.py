"""Lines: where the sentences of a run go, written for people or for machines.

No line holds the key of a customer; what sentences show of a table's cells is up to `patron.errors.cell`.
"""

import json
import re
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TextIO

from patron.errors import HIDDEN, HINT, cell
from patron.logs.outcome import Outcome
from patron.logs.pipes import UNREAD, write_line

__all__ = ["JsonLines", "Lines", "TerminalLines", "failure", "step_of"]

COUNTED = re.compile(r"(?<![\d.,])(\d[\d,]*) (customers|rows|features|reasons|keys)\b")
RECEIPT = re.compile(r"^ *(read|used|set aside) +(\d[\d,]*)", re.MULTILINE)


class Lines(Protocol):
    """Where the sentences of a run go."""

    def tell(self, sentence: str, seconds: float) -> None:
        """Write a sentence, and how long what it is about took."""

    def say(self, sentence: str) -> None:
        """Write a sentence that is the result itself."""

    def aside(self) -> None:
        """Leave stdout to the results, for whoever reads them there."""

    def refuse(self, sentence: str) -> None:
        """Write why a run ends early."""

    def end(self, outcome: Outcome) -> None:
        """Write how a run ended."""


class TerminalLines:
    """Lines for people: seconds, then the sentence; errors go to stderr."""

    def __init__(self, out: TextIO, errors: TextIO) -> None:
        self.out, self.errors, self.hinted = out, errors, False

    def tell(self, sentence: str, seconds: float) -> None:
        """Write a sentence after its seconds; where it first hides a value, how to see it."""
        write_line(self.out, f"[{seconds:5.1f} s] {sentence}")
        if HIDDEN in sentence and HINT not in sentence and not self.hinted:
            write_line(self.out, f"{'':10}{HINT}")
            self.hinted = True

    def say(self, sentence: str) -> None:
        """Write a sentence as it is."""
        write_line(self.out, sentence)

    def aside(self) -> None:
        """Write to stderr from now on."""
        self.out = self.errors

    def refuse(self, sentence: str) -> None:
        """Write why a run ends early."""
        write_line(self.errors, f"patron: {sentence}")

    def end(self, outcome: Outcome) -> None:
        """Write how a run ended, but where nobody reads that."""
        if outcome.code != UNREAD:
            write_line(self.errors if outcome.code else self.out, outcome.sentence)


class JsonLines:
    """Lines for machines: a JSON object each, on stderr."""

    def __init__(self, verb: str, run: str, errors: TextIO, now: Callable[[], datetime]) -> None:
        self.about, self.errors, self.now = {"verb": verb, "run": run}, errors, now

    def tell(self, sentence: str, seconds: float) -> None:
        """Write a sentence with its step, its seconds and the counts that it names."""
        level = "warning" if sentence.startswith("beware") else "info"
        self._write(level, sentence, step=step_of(sentence), seconds=round(seconds, 3), **_counts(sentence))

    def say(self, sentence: str) -> None:
        """Write a sentence that is the result itself."""
        self._write("info", sentence, step="result")

    def aside(self) -> None:
        """Write as before: stdout is never used."""

    def refuse(self, sentence: str) -> None:
        """Write why a run ends early."""
        self._write("error", sentence, step="error")

    def end(self, outcome: Outcome) -> None:
        """Write how a run ended, with figures to alert on."""
        memory = round(outcome.memory / 1e6, 1) if outcome.memory else None
        about = {"status": outcome.status, "exit_code": outcome.code, "seconds": round(outcome.seconds, 3)}
        about |= {"peak_memory_mb": memory, "business": outcome.business, "counts": dict(outcome.counts)}
        about |= {"error": outcome.error} if outcome.error else {}
        self._write("error" if outcome.code else "info", outcome.sentence, step="end", **about)

    def _write(self, level: str, sentence: str, **about: object) -> None:
        line = {"ts": self.now().isoformat(timespec="milliseconds"), "level": level, **self.about, **about}
        write_line(self.errors, json.dumps({**line, "message": " ".join(sentence.split())}))


def step_of(sentence: str) -> str:
    """Return the word that a sentence begins with, which names its step.

    >>> step_of("scores    150 customers"), step_of("churn: chosen")
    ('scores', 'churn')
    """
    word = re.match(r"\w*", sentence)
    return word[0] if word else ""


def failure(error: Exception) -> str:
    """Return what to say of an error that nobody foresaw: the way to it, and its text by its shape.

    >>> failure(KeyError("guest-7")).splitlines()[-1].partition(" ")[0]
    'KeyError:'
    """
    way = "".join(traceback.format_tb(error.__traceback__))
    kind = f"{type(error).__name__}: {cell(f'{error}')}"
    return f"This is a fault of Patron.\nTraceback (most recent call last):\n{way}{kind}"


def _counts(sentence: str) -> dict[str, dict[str, int]]:
    """Return the counts that a sentence names, by what is counted."""
    pairs = [(noun, number) for number, noun in COUNTED.findall(sentence)] + RECEIPT.findall(sentence)
    counts = {noun.replace(" ", "_"): int(number.replace(",", "")) for noun, number in pairs}
    return {"counts": counts} if counts else {}
