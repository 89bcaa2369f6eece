"""Reach: horizons longer than any label window, answered by carrying a shorter answer along the purchase process."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from patron.errors import QuestionError
from patron.history.history import History
from patron.models.clv.purchase_process import fit_process_at, process_inputs
from patron.models.serving import Bundle, BundleSpec
from patron.models.targets import target_for
from patron.models.training import Trained, train
from patron.periods import Moment, Span, Split, instant
from patron.questions.matrices import row_source
from patron.questions.question import Question

__all__ = ["inner_split", "train_beyond"]

N_PARTS = 4
BLEND = "blend"
FLAT = ("constant", "activity")
LEAST_DAYS = 7


def train_beyond(question: Question, history: History, at: Moment, seed: int = 0) -> Trained:
    """Train for a horizon that no label in the history reaches, with nothing but what came before an instant.

    The candidates are trained and chosen on labels of a quarter of the history before *at*. For churn, the log-odds
    of each are then moved by the difference that a Pareto/NBD, fitted to all customers, makes between the two horizons.
    For the next purchase, its hazards take over where the labels end.

    Which candidate is best near by says little about churn far ahead: how often customers buy tells of next week,
    how lately they did tells who is still there next year. So unless nothing is told beyond activity, the champion
    for churn is a blend of the two candidates least alike, the logit and the hybrid, at equal weights.

    Args:
        question: churn or next purchase, with a horizon of any length.
        history: the checked event tables.
        at: events from here on are not looked at; models answer for customers at this cutoff.
        seed: of LightGBM's sampling.

    Raises:
        QuestionError: the question is another one, the history is too short, is a panel, or lacks recency, tenure and
            orders.

    Source: equal weights where the best is not known (Bates and Granger 1969, The Combination of Forecasts; Stock and
    Watson 2004, Combination Forecasts of Output Growth).
    """
    source = row_source(history)
    source.check_events("A horizon beyond the labels")
    target = target_for(question)
    if not target.extrapolates:
        raise QuestionError(
            f"Only churn and next purchase can be asked beyond the labels, got {question.name!r}. "
            "Ask pt.churn(horizon=...) or pt.next_purchase(horizon=...), or use cutoffs whose horizon has passed."
        )
    split, near = inner_split(history.starts, instant(at))
    if instant(at) > history.ends:
        raise QuestionError(
            f"The events go up to {history.ends:%Y-%m-%d}, and at = {instant(at):%Y-%m-%d} lies after that, so the "
            f"last labels would not have passed. Use at = {history.ends:%Y-%m-%d} or earlier, or read newer events."
        )
    nearer = target.nearer(question, near).on(history, instant(at))
    trained = train(nearer, history, split, seed, near=())  # what helps near by loses far ahead
    inputs = process_inputs([f["name"] for f in trained.model.spec["features"]])
    if inputs is None:
        raise QuestionError(
            f"{question.name!r} beyond the labels needs the features recency, tenure and orders, which are not asked. "
            "Add them: features=[..., purchases.recency, purchases.tenure, purchases.orders]."
        )
    process = fit_process_at(nearer, source, instant(at), trained.model.spec["answer"], inputs)
    bundles = {name: target.extrapolated(bundle, process, question) for name, bundle in trained.bundles.items()}
    reason = f"{trained.reason}, {near} ahead; carried to {question.horizon} by a Pareto/NBD"
    nearer = replace(question, features=nearer.features, own=(), rhythm=nearer.rhythm)
    carried = replace(trained, question=nearer, bundles=bundles, reason=reason)
    return _blended(carried, target.far_blend) if target.far_blend and trained.champion not in FLAT else carried


def inner_split(starts: datetime, at: datetime) -> tuple[Split, Span]:
    """Return cutoffs a quarter of the history apart, and that quarter as the horizon of their labels.

    Raises:
        QuestionError: a quarter is shorter than a week.

    >>> split, near = inner_split(datetime(2024, 1, 1), datetime(2024, 12, 26))
    >>> near.days, [f"{cutoff:%m-%d}" for cutoff in split.known]
    (90, ['03-31', '06-29', '09-27'])
    """
    days = (at - starts).days // N_PARTS
    if days < LEAST_DAYS:
        raise QuestionError(
            f"The history starts {starts:%Y-%m-%d}, and at = {at:%Y-%m-%d} is {(at - starts).days} days later; at "
            f"least {N_PARTS * LEAST_DAYS} are needed to learn from. Choose a later one, or read older events."
        )
    near = Span(days)
    known = tuple(at - k * near.delta for k in range(N_PARTS - 1, 0, -1))
    return Split(known[:-1], known[-1:], (at,)), near


def _blended(trained: Trained, members: Sequence[str]) -> Trained:
    """Make the champion the mean log-odds of the members, without what each learned of its slope near by."""
    specs = [trained.bundles[name].spec for name in members]
    estimator = {"kind": "blend", "of": [spec["estimator"] for spec in specs]}
    spec: BundleSpec = specs[-1] | {"candidate": BLEND, "estimator": estimator, "calibration": None}
    blend = Bundle(spec, trained.bundles[members[-1]].booster)
    return replace(
        trained,
        bundles={**trained.bundles, BLEND: blend},
        losses={name: figure for name, figure in trained.losses.items() if name != BLEND},
        gains={name: figure for name, figure in trained.gains.items() if name != BLEND},
        champion=BLEND,
        reason=f"{trained.reason}; so far ahead a blend of {' and '.join(members)} is used",
    )
