"""Grades: a word for how well a model tells customers apart, by rules that others have published, with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from patron.evaluation.cards import Card
from patron.metrics import Estimate

__all__ = ["RULES", "Grade", "grade"]


@dataclass(frozen=True)
class Rule:
    """A published rule: the word from each value of a metric on, best first, and who published it."""

    words: tuple[tuple[float, str], ...]
    source: str

    def word(self, value: float) -> str:
        """Return the word for a value."""
        return next((word for least, word in self.words if value >= least), self.words[-1][1])


RULES: Mapping[str, Rule] = {
    "AUC": Rule(
        ((0.9, "outstanding"), (0.8, "excellent"), (0.7, "acceptable"), (0.5, "poor"), (0.0, "none")),
        "Hosmer, Lemeshow and Sturdivant (2013), Applied Logistic Regression: AUC from .9 outstanding, from .8 "
        "excellent, from .7 acceptable, below that poor",
    ),
    "quadratic kappa": Rule(
        (
            *((0.81, "almost perfect"), (0.61, "substantial"), (0.41, "moderate")),
            *((0.21, "fair"), (0.0, "slight"), (-1.0, "none")),
        ),
        "Landis and Koch (1977), Biometrics 33: kappa from .81 almost perfect, from .61 substantial, from .41 "
        "moderate, from .21 fair, below that slight",
    ),
}


@dataclass(frozen=True)
class Grade:
    """A word for a figure, and the words at the ends of its interval."""

    metric: str
    figure: Estimate
    word: str
    low: str
    high: str
    source: str

    def __str__(self) -> str:
        span = self.word if self.low == self.high == self.word else f"{self.word} ({self.low} to {self.high})"
        return f"{span}: {self.metric} {self.figure}"


def grade(card: Card) -> Grade | None:
    """Return the grade of the champion of a card at its test cutoffs; None where no rule knows its figures.

    Args:
        card: of a back-test.
    """
    figures = card.measured[card.champion]
    name = next((metric for metric in RULES if metric in figures), "")
    if not name or not np.isfinite(figures[name].value):
        return None
    rule, figure = RULES[name], figures[name]
    low, high = (rule.word(bound if np.isfinite(bound) else figure.value) for bound in (figure.low, figure.high))
    return Grade(name, figure, rule.word(figure.value), low, high, rule.source)
