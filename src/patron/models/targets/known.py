"""Known targets: which kind of target each question has; adding a kind is one line here, or one call from outside."""

from collections.abc import Mapping
from typing import Any

from patron.errors import QuestionError, listed
from patron.models.targets.binary import ChurnTarget
from patron.models.targets.contracts import CancellationTarget, WinBackTarget
from patron.models.targets.hazard import HazardTarget
from patron.models.targets.ordinal import OrdinalTarget
from patron.models.targets.target import Target
from patron.questions.contracts import Cancellation, WinBack
from patron.questions.kinds import Churn, NextPurchase, Tier
from patron.questions.question import Question

__all__ = ["register", "target_for", "target_of"]

_KNOWN: dict[type[Question], Target[Any]] = {
    Churn: ChurnTarget(),
    NextPurchase: HazardTarget(),
    Tier: OrdinalTarget(),
    Cancellation: CancellationTarget(),
    WinBack: WinBackTarget(),
}


def register(question: type[Question], target: Target[Any]) -> None:
    """Add a kind of question, so that it is trained, judged, scored and explained like those that are built in.

    Args:
        question: the class of the question; its `label` measures what came true.
        target: what that label means to a model.

    Raises:
        QuestionError: another class of question has a target of this kind.
    """
    others = [known for known in _KNOWN if known is not question and _KNOWN[known].kind == target.kind]
    if others:
        raise QuestionError(
            f"The kind {target.kind!r} belongs to the question {others[0].__name__}, so {question.__name__} cannot "
            f"have it. Give it a name of its own, such as kind={question.name!r}."
        )
    _KNOWN[question] = target


def target_for(question: Question) -> Target[Any]:
    """Return the target of a question.

    Raises:
        QuestionError: its class, or one above it, is not registered.
    """
    for known in type(question).__mro__:
        if known in _KNOWN:
            return _KNOWN[known]
    raise QuestionError(
        f"No target is registered for the question {question.name!r}. Ask churn, next_purchase or tier, or register "
        f"one: register({type(question).__name__}, BinaryTarget(...))."
    )


def target_of(spec: Mapping[str, Any]) -> Target[Any]:
    """Return the target of what a model remembers of its question.

    Raises:
        QuestionError: its kind is not registered.
    """
    kinds = {target.kind: target for target in _KNOWN.values()}
    if spec["kind"] not in kinds:
        raise QuestionError(
            f"The model answers a question of the kind {spec['kind']!r}, which is not registered. "
            f"There are: {listed(kinds)}. Register it first: patron.models.targets.register(...)."
        )
    return kinds[spec["kind"]]
