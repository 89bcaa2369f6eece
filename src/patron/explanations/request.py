"""Request: what is asked of reasons, refused before any work where it cannot be meant."""

from collections.abc import Mapping

from patron.errors import QuestionError
from patron.explanations.levers import check_levers
from patron.explanations.pushes import check_features
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix

__all__ = ["check_request"]


def check_request(model: Bundle, rows: Matrix, top: int, tested: Mapping[str, float]) -> None:
    """Refuse to give reasons where none are asked for, rows lack a feature, or a trial is of no lever.

    Args:
        model: any trained model.
        rows: features of n customers.
        top: the most reasons.
        tested: what trials changed, by measure or column.

    Raises:
        QuestionError: *top* is below 1, or *tested* names what is no lever of the model.
        ScoreError: a feature of the model is missing.
    """
    if top < 1:
        raise QuestionError(f"Reasons are asked for the top {top}; the least is 1. Write top=3.")
    check_features(model, rows)
    check_levers(tested, model, "tested")
