"""The customer page: how the answer of one customer comes about, in words that can be read out on the phone.

The page is one HTML file that needs no network and no script, and names the customer by the pseudonym only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from patron.formatting import MINUS
from patron.reports.answer_words import AnswerWords
from patron.reports.rendering import render

__all__ = ["CustomerReport", "page"]

READ_OUT = 3


@dataclass(frozen=True)
class CustomerReport:
    """How an answer comes about, as the page and the lines show it.

    Args:
        name: the business.
        made_at: when the page was made.
        words: how the answer is called and written.
        pseudonym: of the customer.
        steps: what `patron.explanations.waterfall` gives for the customer, without the key.
        moves: sentences of the smallest changes of levers that would take the customer below the average, in the
            model's view, or of none that would.
    """

    name: str
    made_at: datetime
    words: AnswerWords
    pseudonym: str
    steps: pd.DataFrame
    moves: Sequence[str] = ()

    @property
    def headline(self) -> str:
        """The answer beside the average, as a sentence."""
        first, last = self.steps.iloc[0], self.steps.iloc[-1]
        shown = self.words.shown
        return f"{self.words.capital} is {shown(last.after)}; on average it is {shown(first.after)}"


def page(report: CustomerReport) -> str:
    """Return the page as HTML.

    >>> line = {"text": "Average", "lever": "", "evidence": "", "feature": ""}
    >>> steps = pd.DataFrame([line | {"cutoff": datetime(2024, 5, 1), "step": 0, "points": 0.4, "before": 0.0,
    ...                               "after": 0.4}])
    >>> print(page(CustomerReport("Shop", datetime(2024, 5, 2), AnswerWords("the risk"), "x1", steps))[:15])
    <!doctype html>
    """
    steps = [_line(report, step) for step in report.steps.to_dict("records")]
    reasons = [step for step in steps[1:] if step["feature"] and step["told"][0] in ("+", MINUS)]
    return render(
        "customer.html.j2",
        report.words.currency,
        report=report,
        cutoff=report.steps.cutoff.iloc[0],
        steps=steps,
        raises=[step for step in reasons if step["points"] > 0][:READ_OUT],
        lowers=[step for step in reasons if step["points"] < 0][:READ_OUT],
        answer=report.words.shown(report.steps.after.iloc[-1]),
        average=report.words.shown(report.steps.after.iloc[0]),
    )


def _line(report: CustomerReport, step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step with its texts, and where its bar begins and how long it is, in hundredths of the widest path."""
    ends = [*report.steps.before, *report.steps.after]
    low, high = (0.0, 1.0) if report.words.is_chance else (min(ends), max(ends))
    scale = 100 / (high - low) if high > low else 0.0
    begin, length = min(step["before"], step["after"]) - low, abs(step["points"])
    shown = {"told": report.words.points(step["points"]), "reached": report.words.shown(step["after"])}
    return {**step, **shown, "begin": begin * scale, "length": length * scale}
