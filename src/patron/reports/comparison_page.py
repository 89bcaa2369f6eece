"""The comparison page: by which facts the answers of a segment, or of today, differ from others, in points."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from patron.formatting import count
from patron.reports.answer_words import AnswerWords
from patron.reports.rendering import render

__all__ = ["ComparisonReport", "page"]

TOP = 12
SHOWN = ("change", "other_change", "difference", "low", "high")


@dataclass(frozen=True)
class ComparisonReport:
    """Two groups of customers, and what parts their answers.

    Args:
        name: the business.
        made_at: when the page was made.
        words: how the answer is called and written.
        group: what the customers are, such as "country == 'UK'" or "1 Oct 2023".
        others: what those are that they are compared with, such as "all others".
        customers: how many there are in the group, and of the others.
        answers: the mean answer of the group, and of the others.
        facts: what `patron.explanations.comparison` gives.
    """

    name: str
    made_at: datetime
    words: AnswerWords
    group: str
    others: str
    customers: tuple[int, int]
    answers: tuple[float, float]
    facts: pd.DataFrame

    @property
    def headline(self) -> str:
        """The mean answers of both, as a sentence."""
        own, other = map(self.words.shown, self.answers)
        mine, theirs = (count(number, "customer") for number in self.customers)
        return f"{self.words.capital} is {own} for {self.group} ({mine}) and {other} for {self.others} ({theirs})"

    @property
    def shown_facts(self) -> list[dict[str, Any]]:
        """The facts that part both most, as texts; those that make no difference are left out."""
        lines = [self._line(fact) for fact in self.facts.head(TOP).to_dict("records")]
        return [line for line in lines if line["signed"]]

    def _line(self, fact: Mapping[str, Any]) -> dict[str, Any]:
        texts = {f"{name}_points": self.words.points(fact[name]) for name in SHOWN}
        widest = float(self.facts.difference.abs().max()) or 1.0
        signed = texts["difference_points"][0] in ("+", "\N{MINUS SIGN}")
        return {**fact, **texts, "signed": signed, "width": 50 * abs(fact["difference"]) / widest}


def page(report: ComparisonReport) -> str:
    """Return the page as HTML.

    >>> fact = {"feature": "recency", "theme": "habit", "words": "Days since the last order", "lever": "",
    ...         "value": "9 days", "other_value": "3 days", "change": 0.1, "other_change": 0.0, "difference": 0.1,
    ...         "low": 0.05, "high": 0.15}
    >>> made_of = (datetime(2024, 5, 2), AnswerWords("the risk"), "x == 1", "all others", (3, 4), (0.4, 0.3))
    >>> print(page(ComparisonReport("Shop", *made_of, pd.DataFrame([fact])))[:15])
    <!doctype html>
    """
    return render("comparison.html.j2", report.words.currency, report=report, facts=report.shown_facts)
