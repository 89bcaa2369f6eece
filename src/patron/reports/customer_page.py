"""The customer page: how the answer of one customer comes about, in words that can be read out on the phone.

The page is one HTML file that needs no network and no script, and names the customer by the pseudonym only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from patron.formatting import MINUS, money, percent
from patron.reports.rendering import render

__all__ = ["CustomerReport", "page"]

READ_OUT = 3


@dataclass(frozen=True)
class CustomerReport:
    """How an answer comes about, as the page and the lines show it.

    Args:
        name: the business.
        made_at: when the page was made.
        currency: code or sign of the currency that money is in; empty where nobody said.
        pseudonym: of the customer.
        steps: what `patron.explanations.waterfall` gives for the customer, without the key.
        answer: what is explained, in words: "the risk to leave within 90 days".
        is_chance: whether that is a probability; else it is money.
        moves: sentences of the smallest changes of levers that would take the customer below the average, in the
            model's view, or of none that would.
    """

    name: str
    made_at: datetime
    currency: str
    pseudonym: str
    steps: pd.DataFrame
    answer: str
    is_chance: bool = True
    moves: Sequence[str] = ()

    def shown(self, value: float) -> str:
        """Write an answer: a probability in hundredths, or money."""
        return percent(value, 1) if self.is_chance else money(value, self.currency, 2)

    def points(self, value: float) -> str:
        """Write what a step adds to the answer, with its sign: points of a probability, or money."""
        number = f"{abs(value) * 100:.1f}" if self.is_chance else money(abs(value), self.currency, 2)
        sign = "" if not re.search("[1-9]", number) else MINUS if value < 0 else "+"
        return f"{sign}{number}"

    @property
    def headline(self) -> str:
        """The answer beside the average, as a sentence."""
        first, last = self.steps.iloc[0], self.steps.iloc[-1]
        about = f"{self.answer[:1].upper()}{self.answer[1:]} is {self.shown(last.after)}"
        return f"{about}; on average it is {self.shown(first.after)}"


def page(report: CustomerReport) -> str:
    """Return the page as HTML.

    >>> line = {"text": "Average", "lever": "", "evidence": "", "feature": ""}
    >>> steps = pd.DataFrame([line | {"cutoff": datetime(2024, 5, 1), "step": 0, "points": 0.4, "before": 0.0,
    ...                               "after": 0.4}])
    >>> print(page(CustomerReport("Shop", datetime(2024, 5, 2), "EUR", "x1", steps, "the risk"))[:15])
    <!doctype html>
    """
    steps = [_line(report, step) for step in report.steps.to_dict("records")]
    reasons = [step for step in steps[1:] if step["feature"] and step["told"][0] in ("+", MINUS)]
    return render(
        "customer.html.j2",
        report.currency,
        report=report,
        cutoff=report.steps.cutoff.iloc[0],
        steps=steps,
        raises=[step for step in reasons if step["points"] > 0][:READ_OUT],
        lowers=[step for step in reasons if step["points"] < 0][:READ_OUT],
        answer=report.shown(report.steps.after.iloc[-1]),
        average=report.shown(report.steps.after.iloc[0]),
    )


def _line(report: CustomerReport, step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step with its texts, and where its bar begins and how long it is, in hundredths of the widest path."""
    ends = [*report.steps.before, *report.steps.after]
    low, high = (0.0, 1.0) if report.is_chance else (min(ends), max(ends))
    scale = 100 / (high - low) if high > low else 0.0
    begin, length = min(step["before"], step["after"]) - low, abs(step["points"])
    shown = {"told": report.points(step["points"]), "reached": report.shown(step["after"])}
    return {**step, **shown, "begin": begin * scale, "length": length * scale}
