"""Targets: a home for each kind, which knows what is fitted, remembered, judged and explained of it."""

from patron.models.targets.binary import BinaryTarget
from patron.models.targets.known import register, target_for, target_of
from patron.models.targets.question_metric import QuestionMetric
from patron.models.targets.target import BinaryOutcome, Examples, ExplainedScore, Target

__all__ = [
    "BinaryOutcome",
    "BinaryTarget",
    "Examples",
    "ExplainedScore",
    "QuestionMetric",
    "Target",
    "register",
    "target_for",
    "target_of",
]
