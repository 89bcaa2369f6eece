"""Learners: ways to learn what an offer changes, each as plain values and small trees that answer without Patron.

A learner has parts (estimators of `models.serving`, as trained models have them) and a shape that says how their
answers become an effect. None is safe on every trial, so all are candidates.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from patron.models.candidates import Estimator, boosted, constant, linear_inputs_of, logit_of_all
from patron.models.serving import effects_of, linear_inputs, plain_names
from patron.models.targets.target import Examples

__all__ = ["CONSTANT", "LEARNERS", "MEAN", "SMALL", "Contacts", "Layout", "Learner", "fit_outcome", "mean_of"]

CONSTANT, MEAN = "constant effect", "mean of the learners"

SMALL: Mapping[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 6,
    "min_data_in_leaf": 50,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
    "seed": 0,
    "num_threads": 1,
}
ROUNDS = 30
PENALTIES = 10.0 ** np.arange(-4, 3.1, 0.5)  # for each row


@dataclass(frozen=True)
class Layout:
    """What stands in the columns of a matrix of features: names, and how many kinds each category has."""

    names: Sequence[str]
    levels: Mapping[int, int]


@dataclass(frozen=True)
class Contacts:
    """Rows of two arms, as learners take them.

    Args:
        X: features, shape (n, k).
        treated: 1 with the offer, 0 without it, shape (n,).
        outcome: what came of it, shape (n,).
        kind: "probability" or "money".
        propensity: probability of the offer, of the two arms, shape (n,).
        expected: outcome that models of other rows expect without the offer and with it, shape (n, 2).
        models: what `fit_outcome` learned from the rows without the offer, and from those with it.
    """

    X: np.ndarray
    treated: np.ndarray
    outcome: np.ndarray
    kind: str
    propensity: np.ndarray
    expected: np.ndarray
    models: "tuple[Learner, Learner]"

    @property
    def scores(self) -> np.ndarray:
        """The doubly robust score of each row's effect, shape (n,)."""
        left = self.outcome - self.expected[np.arange(len(self.treated)), self.treated]
        sign = np.where(self.treated == 1, 1 / self.propensity, -1 / (1 - self.propensity))
        return np.asarray(self.expected[:, 1] - self.expected[:, 0] + sign * left)


@dataclass(frozen=True)
class Learner:
    """A fitted learner: how its parts become an effect, and the parts.

    Args:
        shape: "direct" (the part answers the effect), "difference" (the first part's answer less the second's),
            "switch" (one part, asked with the offer and without it), "blend" (a mean of two direct parts) or "mean"
            (of what its members answer).
        parts: its estimators, those of its members one after another.
        factor: what the difference is multiplied with: 1, or the mean amount where chances of any are compared.
        share: of the second part of a blend.
        link: what makes an answer of a part, "identity" or "sigmoid".
        members: the learners that a mean is of.
    """

    shape: str
    parts: tuple[Estimator, ...]
    factor: float = 1.0
    share: float = 0.5
    link: str = "identity"
    members: "tuple[Learner, ...]" = ()

    def effects(self, X: np.ndarray) -> np.ndarray:
        """Return the effect for each row of features, shape (n,)."""
        return effects_of(self.plain(), [part.booster for part in self.parts], X)

    def plain(self) -> dict[str, Any]:
        """Return the learner as plain values, without its trees."""
        if self.members:
            return {"shape": self.shape, "members": [member.plain() for member in self.members]}
        parts = [dict(part.spec) for part in self.parts]
        return {"shape": self.shape, "factor": self.factor, "share": self.share, "link": self.link, "parts": parts}


def fit_outcome(X: np.ndarray, outcome: np.ndarray, kind: str, layout: Layout) -> Learner:
    """Return what is to be expected of some rows: the mean of a linear model and of trees."""
    if kind == "probability":
        parts = (_logit(X, outcome, layout), _classifier(X, outcome, layout))
        return Learner("blend", parts, link="sigmoid")
    return Learner("blend", (_ridge(X, outcome, layout), _regressor(X, outcome, layout)))


def _constant(contacts: Contacts, layout: Layout) -> Learner:
    return Learner("direct", (_flat(contacts.scores.mean()),))


def _single(contacts: Contacts, layout: Layout) -> Learner:
    """S: one model of the outcome that knows the arm."""
    with_arm = np.column_stack([contacts.X, contacts.treated.astype(contacts.X.dtype)])
    wider = Layout([*layout.names, "arm"], layout.levels)
    if contacts.kind == "probability":
        return Learner("switch", (_classifier(with_arm, contacts.outcome, wider),), link="sigmoid")
    return Learner("switch", (_regressor(with_arm, contacts.outcome, wider),))


def _two_trees(contacts: Contacts, layout: Layout) -> Learner:
    """T: a model of the outcome for each arm."""
    return _differing(contacts, 1)


def _crossed(contacts: Contacts, layout: Layout) -> Learner:
    """X: effects imputed from what the other arm is expected to do, a model for each arm, blended by propensity."""
    treated = contacts.treated == 1
    imputed = np.where(treated, contacts.outcome - contacts.expected[:, 0], contacts.expected[:, 1] - contacts.outcome)
    parts = _by_arm(_regressor, contacts, imputed, layout)
    return Learner("blend", parts, share=float(treated.mean()))


def _robust_trees(contacts: Contacts, layout: Layout) -> Learner:
    return Learner("direct", (_regressor(contacts.X, contacts.scores, layout),))


def _robust_ridge(contacts: Contacts, layout: Layout) -> Learner:
    return Learner("direct", (_ridge(contacts.X, contacts.scores, layout),))


def _residual_ridge(contacts: Contacts, layout: Layout) -> Learner:
    """R: what is left of the outcome on what is left of the arm, linear in the features."""
    chance = contacts.propensity
    mean = contacts.expected[:, 0] * (1 - chance) + contacts.expected[:, 1] * chance
    return Learner("direct", (_ridge(contacts.X, contacts.outcome - mean, layout, contacts.treated - chance),))


def _two_linear(contacts: Contacts, layout: Layout) -> Learner:
    """Two logits of the event; of money two logits of any amount, times the mean of those there are."""
    some = contacts.outcome != 0
    if contacts.kind == "probability" or some.all():
        return _differing(contacts, 0)
    parts, amount = _by_arm(_logit, contacts, some.astype(float), layout), float(contacts.outcome[some].mean())
    return Learner("difference", parts, factor=amount, link="sigmoid")


LEARNERS: Mapping[str, Callable[[Contacts, Layout], Learner]] = {
    CONSTANT: _constant,
    "S, small trees": _single,
    "T, small trees": _two_trees,
    "X, small trees": _crossed,
    "doubly robust, small trees": _robust_trees,
    "doubly robust, ridge": _robust_ridge,
    "residuals, ridge": _residual_ridge,
    "two logits": _two_linear,
}


def mean_of(members: Sequence[Learner]) -> Learner:
    """Return the mean of some learners: their errors differ, so it errs less than most of them."""
    return Learner("mean", tuple(part for member in members for part in member.parts), members=tuple(members))


def _differing(contacts: Contacts, part: int) -> Learner:
    """Return the difference of the models of both arms, of which the linear one is part 0 and the trees part 1."""
    without, with_offer = contacts.models
    return Learner("difference", (with_offer.parts[part], without.parts[part]), link=without.link)


def _by_arm(
    fit: Callable[[np.ndarray, np.ndarray, Layout], Estimator], contacts: Contacts, values: np.ndarray, layout: Layout
) -> tuple[Estimator, Estimator]:
    """Fit values of the treated, then those of the others."""
    first, second = (
        fit(contacts.X[rows], values[rows], layout) for rows in (contacts.treated == 1, contacts.treated == 0)
    )
    return first, second


def _logit(X: np.ndarray, event: np.ndarray, layout: Layout) -> Estimator:
    return logit_of_all(X, _examples(event), layout.levels)


def _classifier(X: np.ndarray, event: np.ndarray, layout: Layout) -> Estimator:
    if (event == event[0]).all():
        return constant(X, _examples(event))
    trees = boosted(X, _examples(event), layout.names, list(layout.levels), ROUNDS, parameters=SMALL)
    return _small(trees.booster)


def _regressor(X: np.ndarray, values: np.ndarray, layout: Layout) -> Estimator:
    kinds: Any = list(layout.levels) or "auto"
    rows = lgb.Dataset(X, values, feature_name=plain_names(list(layout.names)), categorical_feature=kinds)
    return _small(lgb.train({**SMALL, "objective": "regression"}, rows, ROUNDS))


def _small(booster: lgb.Booster) -> Estimator:
    return Estimator({"kind": "trees", "threads": 1}, booster)


def _ridge(X: np.ndarray, values: np.ndarray, layout: Layout, slope: np.ndarray | float = 1.0) -> Estimator:
    """Fit values by a linear model whose rows are multiplied by a slope; all but its level is drawn to zero.

    How strongly is chosen by generalised cross-validation (Golub, Heath and Wahba 1979).
    """
    spec = linear_inputs_of(X, layout.levels)
    inputs, factor = linear_inputs(spec, X), np.broadcast_to(np.asarray(slope, dtype=np.float64), len(X))
    center = (factor**2 @ inputs) / (factor @ factor)
    level = float(factor @ values / (factor @ factor))
    rows, left = (inputs - center) * factor[:, None], values - level * factor
    coef = _drawn(rows, left)
    return Estimator({**spec, "coef": [coef.tolist()], "intercept": [[level - float(center @ coef)]]})


def _drawn(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return coefficients drawn to zero as strongly as generalised cross-validation finds best."""
    size, axes = np.linalg.eigh(rows.T @ rows)
    size, along = np.maximum(size, 0.0), axes.T @ (rows.T @ values)
    total, count = float(values @ values), len(values)

    def loss(penalty: float) -> float:
        kept = along**2 / (size + penalty)
        left = total - float((kept * (1 + penalty / (size + penalty))).sum())
        return left / (1 - float((size / (size + penalty)).sum()) / count) ** 2

    return np.asarray(axes @ (along / (size + min(PENALTIES * count, key=loss))))


def _flat(effect: float) -> Estimator:
    return Estimator({"kind": "rates", "input": None, "edges": [], "table": [[[float(effect)]]]})


def _examples(event: np.ndarray) -> Examples:
    return Examples(np.arange(len(event)), None, event.astype(np.int64), 2)
