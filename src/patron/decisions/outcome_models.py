"""Outcome models: what is to be expected of a customer under what a policy gives, by what came of others."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from patron.decisions.policy_logs import Logged
from patron.decisions.uplift.layouts import feature_specs, layout_of
from patron.decisions.uplift.learners import fit_outcome
from patron.models.serving import encode

__all__ = ["expected_outcomes"]

Floats = npt.NDArray[np.float64]
FOLDS = 5
FEW = 100  # rows, below which their mean is all that is learned


def expected_outcomes(known: Logged, seed: int) -> Floats:
    """Return what a model expects of each customer under the policy, from the outcomes of the other folds, shape (n,).

    Args:
        known: decisions beside the policy.
        seed: of the folds, which part customers and not rows.
    """
    customer = np.unique(known.customer, return_inverse=True)[1]
    fold = (np.random.default_rng(seed).permutation(customer.max() + 1) % FOLDS)[customer]
    model = _by_features(known) if known.features.shape[1] else _by_mean(known)
    expected = np.zeros(len(known))
    for k in range(FOLDS):
        for offer in np.unique(known.recommended[fold == k]):
            held = np.flatnonzero((fold == k) & (known.recommended == offer))
            expected[held] = model((fold != k) & (known.received == offer), held)
    return expected


def _by_mean(known: Logged) -> Callable[[npt.NDArray[np.bool_], npt.NDArray[np.intp]], Floats]:
    """Return a model that expects of all the mean of those who got the same, each weighted by how seldom that was."""

    def expect(train: npt.NDArray[np.bool_], held: npt.NDArray[np.intp]) -> Floats:
        weight = 1 / known.propensity[train]
        mean = float(weight @ known.outcome[train] / weight.sum()) if len(weight) else 0.0
        return np.full(len(held), mean)

    return expect


def _by_features(known: Logged) -> Callable[[npt.NDArray[np.bool_], npt.NDArray[np.intp]], Floats]:
    """Return a model that expects by what was known before: the mean of a linear model and of trees."""
    specs = feature_specs(known.features)
    X, layout = encode(known.features, specs), layout_of(specs)
    kind = "probability" if np.isin(known.outcome, (0.0, 1.0)).all() else "money"
    plain = _by_mean(known)

    def expect(train: npt.NDArray[np.bool_], held: npt.NDArray[np.intp]) -> Floats:
        outcomes = known.outcome[train]
        if len(outcomes) < FEW or not np.ptp(outcomes):
            return plain(train, held)
        return fit_outcome(X[train], outcomes, kind, layout).effects(X[held])

    return expect
