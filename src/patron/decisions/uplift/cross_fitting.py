"""Cross-fitting: every figure about a customer comes from models that saw neither that customer nor its outcome.

Customers are parted into folds. For each fold the models of outcomes, of arms and of effects learn from the others;
what they need themselves of unseen rows is fitted on halves of these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from patron.decisions.uplift.layouts import Encoded
from patron.decisions.uplift.learners import (
    CONSTANT,
    LEARNERS,
    MEAN,
    SMALL,
    Contacts,
    Learner,
    fit_outcome,
    mean_of,
)
from patron.models.candidates import boosted, logit_of_all
from patron.models.serving import raw_score, sigmoid, softmax
from patron.models.targets.target import Examples

__all__ = ["CrossFit", "cross_fit"]

ROUNDS = 60  # of trees that tell an arm: more than of those that tell effects, so that one hardly ever open is seen
LEAST = 0.01  # chance of an arm: of a smaller one the few rows would weigh more than all others


@dataclass(frozen=True)
class CrossFit:
    """What models of other customers say of each row.

    Args:
        fold: the fold of each row, shape (n,).
        expected: outcome under each arm, shape (n, arms).
        propensity: probability of each arm, shape (n, arms).
        scores: doubly robust outcome under each arm (AIPW), shape (n, arms).
        effects: for each treatment by its number the effect that each candidate gives a row, shape (n,).
        learners: for each treatment the candidates of each fold.
    """

    fold: np.ndarray
    expected: np.ndarray
    propensity: np.ndarray
    scores: np.ndarray
    effects: Mapping[int, Mapping[str, np.ndarray]]
    learners: Mapping[int, Mapping[str, Sequence[Learner]]]


def cross_fit(rows: Encoded, candidates: Mapping[int, Sequence[str]], folds: int, seed: int) -> CrossFit:
    """Fit candidates on all folds but one, in turn, and ask them about the one left out.

    Args:
        rows: the trial.
        candidates: for each treatment by its number the learners to try; of several their mean is tried besides.
        folds: how many parts the customers are put in.
        seed: of the parts.
    """
    fold = _parts(rows.groups, folds, seed)
    expected, propensity = np.zeros((2, len(rows), rows.arms))
    learners: dict[int, dict[str, list[Learner]]] = {a: {name: [] for name in names} for a, names in candidates.items()}
    for k in range(folds):
        train, held = fold != k, fold == k
        models = _outcome_models(rows, train)
        expected[held] = _expected(rows, models, held)
        propensity[held] = _propensity(rows, train, held)
        inner = _inner(rows, train, (seed, k + 1))
        for a, by_name in learners.items():
            contacts = _contacts(rows, train, a, *inner, models)
            for name, fitted in by_name.items():
                fitted.append(LEARNERS[name](contacts, rows.layout))
    effects = {
        a: {name: _left_out(rows, fold, fitted) for name, fitted in kept.items()} for a, kept in learners.items()
    }
    for a, by_name in learners.items():
        names = [name for name in by_name if name != CONSTANT]
        if len(names) > 1:
            effects[a][MEAN] = np.mean([effects[a][name] for name in names], axis=0)
            by_name[MEAN] = [mean_of(members) for members in zip(*(by_name[name] for name in names), strict=True)]
    return CrossFit(fold, expected, propensity, robust_scores(rows, expected, propensity), effects, learners)


def robust_scores(rows: Encoded, expected: np.ndarray, propensity: np.ndarray) -> np.ndarray:
    """Return the doubly robust outcome of each row under each arm, shape (n, arms)."""
    scores, place = expected.copy(), (np.arange(len(rows)), rows.arm)
    scores[place] += (rows.outcome - expected[place]) / propensity[place]
    return scores


def _parts(groups: np.ndarray, parts: int, *seed: int) -> np.ndarray:
    """Return the part of each row, that of its customer; parts are of about equal count of customers."""
    size = int(groups.max()) + 1
    return (np.random.default_rng(seed).permutation(size) % parts)[groups]


def _left_out(rows: Encoded, fold: np.ndarray, learners: Sequence[Learner]) -> np.ndarray:
    """Return the effect of each row by the learner that had not seen its fold, shape (n,)."""
    effects = np.zeros(len(rows))
    for k, learner in enumerate(learners):
        effects[fold == k] = learner.effects(rows.X[fold == k])
    return effects


def _inner(rows: Encoded, train: np.ndarray, seed: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return expectation and propensity of the training rows, each from models of the other half of customers."""
    half = _parts(rows.groups, 2, *seed)
    expected, propensity = np.zeros((2, len(rows), rows.arms))
    for side in (0, 1):
        ours, held = train & (half != side), train & (half == side)
        expected[held] = _expected(rows, _outcome_models(rows, ours), held)
        propensity[held] = _propensity(rows, ours, held)
    return expected, propensity


def _outcome_models(rows: Encoded, train: np.ndarray) -> list[Learner]:
    """Return a model of the outcome for each arm."""
    by_arm = [train & (rows.arm == arm) for arm in range(rows.arms)]
    return [fit_outcome(rows.X[own], rows.outcome[own], rows.kind, rows.layout) for own in by_arm]


def _expected(rows: Encoded, models: Sequence[Learner], held: np.ndarray) -> np.ndarray:
    return np.column_stack([model.effects(rows.X[held]) for model in models])


def _propensity(rows: Encoded, train: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Return the probability of each arm: known, the share of a lot, or estimated from others' rows."""
    if rows.propensity is not None:
        return rows.propensity[held]
    if rows.assignment == "randomised":
        shares = np.bincount(rows.arm[train], minlength=rows.arms) / train.sum()
        return np.repeat(shares[None], held.sum(), axis=0)
    return _estimated(rows, train, held)


def _estimated(rows: Encoded, train: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Return the mean of a linear model and of trees, no chance below the least."""
    X, target = rows.X[train], Examples(np.arange(train.sum()), None, rows.arm[train], rows.arms)
    trees = boosted(X, target, rows.layout.names, list(rows.layout.levels), ROUNDS, parameters=SMALL)
    fitted = [logit_of_all(X, target, rows.layout.levels), trees]
    chances = np.mean([_chances(raw_score(part.spec, part.booster, rows.X[held], None)) for part in fitted], axis=0)
    clipped = np.maximum(chances, LEAST)
    return np.asarray(clipped / clipped.sum(axis=1, keepdims=True))


def _chances(log_odds: np.ndarray) -> np.ndarray:
    if log_odds.shape[1] > 1:
        return softmax(log_odds)
    return np.column_stack([1 - sigmoid(log_odds[:, 0]), sigmoid(log_odds[:, 0])])


def _contacts(
    rows: Encoded,
    train: np.ndarray,
    arm: int,
    expected: np.ndarray,
    propensity: np.ndarray,
    models: Sequence[Learner],
) -> Contacts:
    """Return the training rows of the control and one treatment."""
    pair = train & np.isin(rows.arm, (0, arm))
    both = propensity[pair][:, [0, arm]]
    return Contacts(
        rows.X[pair],
        (rows.arm[pair] == arm).astype(np.int64),
        rows.outcome[pair],
        rows.kind,
        both[:, 1] / both.sum(axis=1),
        expected[pair][:, [0, arm]],
        (models[0], models[arm]),
    )
