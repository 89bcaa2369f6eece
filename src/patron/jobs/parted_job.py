"""Parted job: the work of a business whose questions are asked of different customers, in a part for each of them.

Those under contract, those who left, and those with orders each have rows of their own; the answers come together in
one row for each customer.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from patron.explanations.drivers import drivers
from patron.history.history import History
from patron.jobs.job import Job
from patron.models.serving import Bundle
from patron.questions.contracts import ContractQuestion
from patron.questions.matrices import KEY, Matrix
from patron.questions.question import Question
from patron.registry import Champion
from patron.settings import Settings

__all__ = ["PartedJob", "parts"]


def parts(settings: Settings) -> tuple[Settings, ...]:
    """Return settings for each kind of customers that questions are asked of; those of contracts come first.

    All questions of orders are one part, as their answers are one story.
    """
    groups: dict[object, list[Question]] = {}
    for question in sorted(settings.questions, key=lambda q: not isinstance(q, ContractQuestion)):
        asked_of = question.population if isinstance(question, ContractQuestion) else None
        groups.setdefault(asked_of, []).append(question)
    return tuple(replace(settings, questions=tuple(group)) for group in groups.values())


@dataclass(frozen=True)
class _Part(Job):
    """The questions that are asked of the same customers, on the tables of the whole."""

    whole: Job = field(kw_only=True)

    @property
    def history(self) -> History:
        """The event tables, which are read once."""
        return self.whole.history

    @property
    def champions(self) -> dict[str, Champion]:
        """The registered champion of each question of this part, all of one reading."""
        return {question.name: self.whole.champions[question.name] for question in self.settings.questions}


class PartedJob(Job):
    """One business's work in parts; what they share is computed once, and what they answer comes together."""

    @cached_property
    def parts(self) -> tuple[Job, ...]:
        """The work on each kind of customers."""
        return tuple(_Part(settings, self.now, self.tell, self.watch, whole=self) for settings in parts(self.settings))

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions, each with the features of its part."""
        return tuple(question for part in self.parts for question in part.questions)

    @property
    def models(self) -> dict[str, Bundle]:
        """The champions' models."""
        return {name: model for part in self.parts for name, model in part.models.items()}

    @property
    def today(self) -> Matrix:
        """The rows of the part whose answers are explained first."""
        return self.parts[0].today

    @property
    def explained_model(self) -> Bundle:
        """The model of the part whose answers are explained first."""
        return self.parts[0].explained_model

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Today's answers, one row for each customer; empty where a question is not asked of the customer.

        Where two parts know what a customer is worth, the first counts: the price of contracts that run.
        """
        scores = self.parts[0].scores
        for part in self.parts[1:]:
            scores = scores.merge(part.scores, "outer", KEY, suffixes=("", "_after"))
            for name in (name for name in part.scores if f"{name}_after" in scores):
                scores[name] = scores[name].fillna(scores.pop(f"{name}_after"))
        return scores

    @cached_property
    def why(self) -> pd.DataFrame:
        """The reasons of today's answers, each customer's from the first part that asks about them."""
        reasons, seen = [], pd.Index([])
        for part in self.parts:
            rows = part.today.take(~part.today.key.customer.isin(seen).to_numpy())
            if len(rows):
                reasons.append(drivers(part.explained_model, rows, top=self.settings.top_reasons))
            seen = seen.union(part.today.key.customer)
        return pd.concat(reasons, ignore_index=True)
