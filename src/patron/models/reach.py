"""Reach: horizons longer than any label window, answered by carrying a shorter answer along the purchase process."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from patron.errors import QuestionError
from patron.history import History
from patron.models.lives import life_at, life_inputs
from patron.models.serving import Bundle
from patron.models.training import Trained, train
from patron.periods import Moment, Span, Split, instant
from patron.questions import Churn

__all__ = ["inner_split", "train_beyond"]

PARTS = 4
LEAST_DAYS = 7


def train_beyond(question: Churn, history: History, at: Moment, seed: int = 0) -> Trained:
    """Train for a horizon that no label in the history reaches, with nothing but what came before an instant.

    The candidates are trained and chosen on labels of a quarter of the history before *at*. Then the log-odds of
    each are moved by the difference that a Pareto/NBD, fitted to all customers, makes between the two horizons.

    Args:
        question: churn, with a horizon of any length.
        history: the checked event tables.
        at: events from here on are not looked at; models answer for customers at this cutoff.
        seed: of LightGBM's sampling.

    Raises:
        QuestionError: the question is not churn, the history is too short, or lacks recency, tenure and orders.
    """
    if not isinstance(question, Churn):
        raise QuestionError(
            f"Only churn can be asked beyond the labels, got {question.name!r}. "
            "Ask pt.churn(horizon=...), or use cutoffs whose horizon has passed."
        )
    split, near = inner_split(history.starts, instant(at))
    asked = replace(question, horizon=near).on(history)
    trained = train(asked, history, split, seed)
    inputs = life_inputs([f["name"] for f in trained.model.spec["features"]])
    if inputs is None:
        raise QuestionError(
            f"{question.name!r} beyond the labels needs the features recency, tenure and orders, which are not asked. "
            "Add them: features=[..., purchases.recency, purchases.tenure, purchases.orders]."
        )
    life = life_at(asked, history, instant(at), trained.model.spec["answer"], inputs)
    bundles = {name: _carried(bundle, life, question.horizon) for name, bundle in trained.bundles.items()}
    reason = f"{trained.reason}, {near} ahead; carried to {question.horizon} by a Pareto/NBD"
    return replace(trained, question=replace(asked, horizon=question.horizon), bundles=bundles, reason=reason)


def inner_split(starts: datetime, at: datetime) -> tuple[Split, Span]:
    """Return cutoffs a quarter of the history apart, and that quarter as the horizon of their labels.

    Raises:
        QuestionError: a quarter is shorter than a week.

    >>> split, near = inner_split(datetime(2024, 1, 1), datetime(2024, 12, 26))
    >>> near.days, [f"{cutoff:%m-%d}" for cutoff in split.known]
    (90, ['03-31', '06-29', '09-27'])
    """
    days = (at - starts).days // PARTS
    if days < LEAST_DAYS:
        raise QuestionError(
            f"The history starts {starts:%Y-%m-%d}, {(at - starts).days} days before {at:%Y-%m-%d}; at least "
            f"{PARTS * LEAST_DAYS} are needed to learn from. Choose a later cutoff, or read older events."
        )
    near = Span(days)
    known = tuple(at - k * near.delta for k in range(PARTS - 1, 0, -1))
    return Split(known[:-1], known[-1:], (at,)), near


def _carried(bundle: Bundle, life: dict[str, Any], far: Span) -> Bundle:
    spec = bundle.spec
    estimator = {
        "kind": "carried",
        "of": spec["estimator"],
        "from": life,
        "to": life | {"edges": [0, far.days]},
        "slope": 1.0,
    }
    return Bundle(spec | {"estimator": estimator, "answer": spec["answer"] | {"horizon": far.days}}, bundle.booster)
