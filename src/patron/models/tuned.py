"""Tuned: how trees grow where they were tuned, as plain values that a training takes up."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from patron.models.targets import target_for
from patron.questions.matrices import Matrix
from patron.questions.question import Question

__all__ = ["TreeSetting", "Tuned", "question_features"]


@dataclass(frozen=True)
class TreeSetting:
    """How trees grow: LightGBM's parameters, the candidate that they are like, and how many are enough.

    Args:
        parameters: of LightGBM, in the place of the usual ones.
        grown_as: "lightgbm", trees alone, or "hybrid", trees on what the purchase process leaves over.
        rounds: the number of trees.
    """

    parameters: Mapping[str, float]
    grown_as: str
    rounds: int


@dataclass(frozen=True)
class Tuned:
    """The best of a study, to be a candidate: `pt.train(..., candidates=[tuned])`.

    Args:
        about: the question and the features that were tuned for.
        rows: fingerprint of the rows that were tuned on.
        best: what did best in rolling predictions.
        by_half: what the second half of the customers chose for the first, and the first for the second: so that what
            was tuned is compared on customers who had no say in it.
        trials: how many were finished, those that were stopped early included.
    """

    about: Mapping[str, Any]
    rows: str
    best: TreeSetting
    by_half: tuple[TreeSetting, TreeSetting]
    trials: int

    @property
    def text(self) -> str:
        """The values as JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def load(cls, path: Path) -> "Tuned":
        """Read what `text` gave."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        first, second = (TreeSetting(**half) for half in plain["by_half"])
        return cls(**plain | {"best": TreeSetting(**plain["best"]), "by_half": (first, second)})


def question_features(question: Question, rows: Matrix) -> dict[str, Any]:
    """Return what a study is about, as plain values: the question, who is asked, and the features."""
    trained_for = {name: str(value) for name, value in target_for(question).trained_for(question).items()}
    features = sorted(definition.name for definition in rows.definitions)
    return {"question": question.name, "active_in": str(question.active_in), **trained_for, "features": features}
