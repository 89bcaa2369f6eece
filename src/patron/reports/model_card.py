"""The model card: one page of text that tells a reader without Patron what a registered model is good for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from patron.evaluation.cards import Card
from patron.evaluation.grades import grade
from patron.models.training import Trained
from patron.periods import Split
from patron.questions.question import Question

__all__ = ["ModelCard"]

SEGMENTS = 12  # the farthest off
NOBODY = "nobody is named ([registry] contact in the settings)"
LIMITS = (
    "Answers hold for customers like those asked about, as long as they behave as they did up to the test cutoffs.",
    "What goes with an answer need not be its cause: change customers only by a trial with a control group.",
)
USE = """```python
import mlflow
model = mlflow.pyfunc.load_model("models:/{name}@champion")
answers = model.predict(rows)  # a column for each feature below, numbers whole or not, empty where unknown
```"""


@dataclass(frozen=True)
class ModelCard:
    """What a model card is written from.

    Args:
        name: of the registered model.
        trained: the candidates and the champion.
        card: how they did at the test cutoffs.
        split: the cutoffs by use; None where rows have no dates.
        data: rows, customers and time span of each table.
        contact: whom to ask.
    """

    name: str
    trained: Trained
    card: Card
    split: Split | None
    data: Mapping[str, Mapping[str, Any]]
    contact: str = ""

    @property
    def summary(self) -> str:
        """The card in a few lines: what is answered, how well, and how it became what it is."""
        question, graded = self.trained.question, grade(self.card)
        topic = f"{question.name} of {_customers(question)}, over the next {self.card.ahead}"
        words = f"{graded}, with its 95 % interval over customers" if graded else "no published rule grades its figures"
        return f"**Answers** {topic}.\n\n**Grade** {words}.\n\n**Why this model** {self.card.reason}."

    @property
    def text(self) -> str:
        """The card as Markdown."""
        parts = (
            ("Purpose", self._purpose()),
            ("Grade", self._grade()),
            ("Data", self._data()),
            ("How it was chosen", self._chosen()),
            ("Figures at the test cutoffs", self._figures()),
            ("For whom it is off", self._segments()),
            ("Limits", "\n".join(f"- {limit}" for limit in self._limits())),
            ("Features", self._features()),
            ("Use", USE.format(name=self.name)),
            ("Contact", self.contact or NOBODY),
        )
        return f"# {self.name}\n\n" + "\n\n".join(f"## {title}\n\n{body}" for title, body in parts) + "\n"

    def _purpose(self) -> str:
        question = self.trained.question
        columns = ", ".join(f"`{output['name']}`" for output in self.trained.model.spec["outputs"])
        return (
            f"Answers the question *{question.name}* about {_customers(question)}, for the "
            f"{self.card.ahead} that follow. It answers with: {columns}. Made to choose whom to look after, by people; "
            "not to decide about a person alone."
        )

    def _grade(self) -> str:
        graded = grade(self.card)
        if graded is None:
            return "No published rule grades the figures of this question."
        return f"**{graded}** (95 % interval over customers). The rule: {graded.source}."

    def _data(self) -> str:
        rows = [
            {"table": name, **{key: held.get(key, "") for key in ("rows", "customers", "first", "last")}}
            for name, held in self.data.items()
        ]
        groups = self.split.groups if self.split else {}
        cutoffs = [f"- {name}: {', '.join(f'{c:%Y-%m-%d}' for c in group)}" for name, group in groups.items()]
        learned = "\n".join(cutoffs) or "Rows without dates: judged by customers held out."
        return f"{_table(rows)}\n\nCutoffs (what a model sees lies before, what it is judged by after):\n\n{learned}"

    def _chosen(self) -> str:
        losses, gains = self.trained.losses, self.trained.gains
        rows = [
            {"candidate": n, "log loss": f"{losses[n]}", "below the best simple rule": f"{gains[n]}"} for n in losses
        ]
        how = (
            "Each candidate was fitted on what was known at earlier cutoffs and asked at later ones, which is rolling "
            "through the train and valid cutoffs; the test cutoffs were not looked at."
        )
        return f"{how}\n\n{_table(rows)}\n\n{self.card.reason}."

    def _figures(self) -> str:
        card, champion = self.card, self.card.measured[self.card.champion]
        baseline = card.measured.get(card.best_baseline, {})
        rows = [
            {
                "figure": name,
                card.champion: f"{figure}",
                f"simple rule: {card.best_baseline}": f"{baseline.get(name, '')}",
                f"{card.challenger} less {card.best_baseline}": f"{card.differences.get(name, '')}",
                "verdict": card.better.get(name, ""),
            }
            for name, figure in champion.items()
        ]
        happened = ", ".join(f"{name} {value:,.3f}" for name, value in card.base.items())
        return f"{card.rows:,} rows of {card.customers:,} customers: {happened}.\n\n{_table(rows)}\n\n{self._level()}"

    def _level(self) -> str:
        """Describe predicted beside observed at each test cutoff."""
        predicted, observed = (self.card.shift.get(key, {}) for key in ("predicted", "observed"))
        days = ", ".join(f"{day} {predicted[day]:.3f} and {observed[day]:.3f}" for day in predicted if day in observed)
        return f"Level, predicted and observed: {days}." if days else ""

    def _segments(self) -> str:
        frame = self.card.segments
        if frame.empty:
            return "No segment has 50 test rows or more."
        head = (
            "Every segment of 50 test rows or more, the farthest off first; `off` is how far the prediction lies "
            "outside the 95 % interval of what came, 0 where it does not."
        )
        shown = frame.head(SEGMENTS).round(3)
        return f"{head}\n\n{_table(shown.astype('object').where(shown.notna(), '').to_dict('records'))}"

    def _limits(self) -> Iterator[str]:
        card = self.card
        yield from (text for text in (card.too_short, card.beaten, *self._suspects(), *card.beware) if text)
        days = len(card.cutoffs) or "no"
        yield f"Test cutoffs: {days}. How answers change with the season shows only where there are several."
        yield from LIMITS

    def _suspects(self) -> Iterator[str]:
        """Describe the features that seem to know the outcome."""
        yield from (f"{name} seems to know the outcome: {why}" for name, why in self.card.suspects.items())

    def _features(self) -> str:
        features = self.trained.model.spec["features"]
        keys = ("name", "words", "unit", "theme")
        return _table([{key: feature.get(key, "") for key in keys} for feature in features])


def _customers(question: Question) -> str:
    """Return who is asked about, in words."""
    span = question.active_in
    words = question.population.words.replace(f"in the {span} ", f"in the {span.length} " if span.days else "")
    return f"customers who {words} a day"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a Markdown table."""
    if not rows:
        return ""
    frame = pd.DataFrame(rows).astype("string").fillna("")
    lines = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join(
        "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in line) + " |" for line in lines
    )
