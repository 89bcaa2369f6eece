"""Effects: what each offer changes in each customer, learned from a trial, and how far that can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from patron.decisions.uplift.assignments import Money, Rule, Scores, contrast_bounds, rule_arms
from patron.decisions.uplift.card import EffectCard, candidate_table, decile_table, effect_table, sentences
from patron.decisions.uplift.cross_fitting import CrossFit, cross_fit
from patron.decisions.uplift.layouts import Encoded, encoded, feature_specs
from patron.decisions.uplift.learners import LEARNERS, MEAN, Learner
from patron.decisions.uplift.model import FORMAT, EffectModel
from patron.decisions.uplift.past_rungs import past_rungs
from patron.decisions.uplift.policies import Policies, Unseen, compare_policies, promised_unseen
from patron.decisions.uplift.preflight import (
    ASSUMED,
    Preflight,
    comparable,
    compare_arms,
    set_aside,
    with_overlap,
)
from patron.decisions.uplift.selection import Choice, choose, pair_lines
from patron.decisions.uplift.trial import Trial
from patron.errors import QuestionError, SettingsError, is_number
from patron.models.serving import FeatureSpec

__all__ = ["Effects", "Prepared", "conclude", "prepare", "train_effects"]

LEAST = 50  # customers in an arm
PLACEBO_FOLDS = 2


@dataclass(frozen=True)
class Effects:
    """What was learned of offers.

    Args:
        model: what answers for customers; saved and loaded without pickle.
        card: what speaks for and against it.
        rule: the user's own rule, as it was given, or None.
    """

    model: EffectModel
    card: EffectCard
    rule: Rule | None = None

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the effect of each offer on each customer with its interval; columns as in `EffectModel.predict`."""
        return self.model.predict(frame)

    def recommend(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return which arm each customer is to get; columns as in `EffectModel.recommend`."""
        return self.model.recommend(frame, self.rule)


@dataclass(frozen=True)
class Prepared:
    """A trial before anything is chosen.

    Args:
        specs: its features, as a model remembers them.
        rows: its rows as arrays; as observational ones where the arms did not come about as was declared.
        preflight: whether arms can be compared.
        fit: what all learners promise of customers that they had not seen.
        trial: the rows of the trial that can be compared.
    """

    specs: list[FeatureSpec]
    rows: Encoded
    preflight: Preflight
    fit: CrossFit
    trial: Trial


def train_effects(
    trial: Trial,
    value: float | None = None,
    rule: Rule | None = None,
    folds: int = 5,
    seed: int = 0,
    level: float = 0.95,
    repeats: int = 200,
) -> Effects:
    """Estimate what each offer changes in each customer, and how far that can be trusted.

    Args:
        trial: who got which offer, and what came of it.
        value: what one unit of the outcome is worth, in the currency of the trial's costs; 1 where there are none, or
            where the outcome is money.
        rule: the user's own rule for who gets which arm, a candidate for the policy: a column of arms among the
            features, or a function from the features to arms.
        folds: into how many parts customers are put, each answered by models of the others.
        seed: of the parts and the draws.
        level: of intervals, and at which a move away from the best single arm must be sure.
        repeats: draws of the bootstrap.

    Raises:
        QuestionError: an arm has too few customers.
        SettingsError: there are costs, and nobody said what the outcome is worth.
        ScoreError: the rule gives an arm that was never tried.

    >>> from patron.decisions.uplift.trial import trial
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame({"visits": rng.integers(9, size=800), "got": rng.choice(["mail", "none"], 800)})
    >>> rows["bought"] = (rng.random(800) < 0.3 + 0.4 * (rows.got == "mail") * (rows.visits > 4)).astype(int)
    >>> learned = train_effects(trial(rows, "got", "none", "bought", ["visits"], assignment="randomised"), repeats=20)
    >>> learned.predict(pd.DataFrame({"visits": [1, 8]})).effect.gt(0.1).tolist(), learned.card.evidence
    ([False, True], 'randomised')
    """
    _check(trial, value, folds)
    if rule is not None:
        rule_arms(rule, trial.features, list(trial.arms))
    money = Money(1.0 if value is None else float(value), _costs(trial), level)
    with threadpool_limits(1, "blas"):  # the last digit of its sums depends on how many threads share them
        return conclude(prepare(trial, folds, seed), money, rule, seed, repeats)


def prepare(trial: Trial, folds: int, seed: int) -> Prepared:
    """Return what a trial is by its preflight, and what all learners promise of its customers."""
    specs = feature_specs(trial.features)
    rows = encoded(trial, specs)
    preflight = compare_arms(rows)
    if not preflight.as_declared:
        rows = replace(rows, assignment="observational", propensity=None)
    fit = cross_fit(rows, {arm: list(LEARNERS) for arm in range(1, rows.arms)}, folds, seed)
    preflight = with_overlap(preflight, rows, trial.arms, fit.propensity)
    prepared = Prepared(specs, rows, preflight, fit, trial)
    if preflight.evidence == ASSUMED and rows.assignment == "observational":
        return _trimmed(prepared, comparable(fit.propensity), folds, seed)
    return prepared


def _trimmed(prepared: Prepared, kept: np.ndarray, folds: int, seed: int) -> Prepared:
    """Return the rows that can be compared, where enough of each arm are left."""
    rows, trial = prepared.rows.take(kept), prepared.trial
    if kept.all() or min(len(np.unique(rows.groups[rows.arm == arm])) for arm in range(rows.arms)) < LEAST:
        return prepared
    fit = cross_fit(rows, {arm: list(LEARNERS) for arm in range(1, rows.arms)}, folds, seed)
    return Prepared(prepared.specs, rows, set_aside(prepared.preflight, kept), fit, trial.take(kept))


def conclude(prepared: Prepared, money: Money, rule: Rule | None, seed: int, repeats: int) -> Effects:
    """Return effects, by the learners whose promises stood, and the policy that brought most."""
    rows, fit, preflight, trial = prepared.rows, prepared.fit, prepared.preflight, prepared.trial
    arms = trial.arms
    choices = [choose(fit, arm, rows.groups) for arm in range(1, rows.arms)]
    by_rule = None if rule is None else rule_arms(rule, trial.features, list(arms))
    unseen = _unseen(rows, fit, choices)
    policies = compare_policies(arms, fit.scores, unseen, rows.groups, money, by_rule, repeats)
    if preflight.evidence == ASSUMED:
        policies = policies.without_effects(trial.control)
    model = _model(trial, prepared, choices, money, policies)
    effects = effect_table(arms, choices, _bounds(model, trial), money, preflight.evidence)
    card = EffectCard(
        preflight,
        effects,
        candidate_table(rows, arms, fit, choices, repeats, money.level),
        decile_table(rows, arms, fit, choices, repeats, money.level),
        policies.table,
        _placebo(rows, arms, choices, seed),
        preflight.evidence,
        sentences(preflight, effects, choices, policies.table, len(trial)),
        past_rungs(fit, promised_unseen(unseen, money, fit.scores.shape), rows.groups, money, repeats),
    )
    return Effects(model, card, rule)


def _check(trial: Trial, value: float | None, folds: int) -> None:
    """Refuse arms too small to learn from, and money that nobody named."""
    customers = pd.Series(trial.groups).groupby(trial.arm).nunique()
    if customers.min() < LEAST:
        raise QuestionError(
            f"The arm {customers.idxmin()!r} has {customers.min()} customers, and {LEAST} are needed to learn what "
            "differs between them. Leave the arm out, or add the rows of more campaigns."
        )
    if value is None and trial.cost is not None and trial.outcome_kind == "probability":
        raise SettingsError(
            "The trial has costs, and nobody said what its outcome is worth in the same currency. "
            "Write train_effects(trial, value=25.0) where an event is worth 25."
        )
    if value is not None and (not is_number(value) or value <= 0):
        raise SettingsError(f"What an outcome is worth is a number above 0, got {value!r}. Write value=25.0.")
    if not isinstance(folds, int) or folds < 2:
        raise SettingsError(f"Customers are parted into 2 folds or more, got folds={folds!r}. Write folds=5.")


def _costs(trial: Trial) -> list[float]:
    """Return what each arm costs on average over the control."""
    if trial.cost is None:
        return [0.0] * len(trial.arms)
    by_arm = pd.Series(trial.cost).groupby(trial.arm).mean()
    return [float(by_arm[arm] - by_arm[trial.control]) for arm in trial.arms]


def _promised(fit: CrossFit, choices: Sequence[Choice]) -> np.ndarray:
    """Return the promised effect of each arm over control by the best learner that had not seen the row."""
    by_arm = [fit.effects[arm][choice.best] for arm, choice in enumerate(choices, start=1)]
    return np.column_stack([np.zeros(len(fit.fold)), *by_arm])


def _unseen(rows: Encoded, fit: CrossFit, choices: Sequence[Choice]) -> list[Unseen]:
    """Return every customer by what was learned from others: learners, and the lines that calibrate them."""
    promised = _promised(fit, choices)
    parts = []
    for k in range(int(fit.fold.max()) + 1):
        held = np.flatnonzero(fit.fold == k)
        others = fit.fold != k
        lines = pair_lines(fit.scores[others], promised[others], rows.groups[others], choices)
        parts.append(Unseen(held, _scores(rows.X[held], fit, choices, promised[held]), lines))
    return parts


def _scores(X: np.ndarray, fit: CrossFit, choices: Sequence[Choice], mean: np.ndarray) -> Scores:
    by_arm = [
        np.stack([learner.effects(X) for learner in fit.learners[arm][choice.best]])
        for arm, choice in enumerate(choices, start=1)
    ]
    return Scores(mean, np.stack([np.zeros_like(by_arm[0]), *by_arm], axis=2))


def _bounds(model: EffectModel, trial: Trial) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return the bounds of the effect of each treatment on each customer of the trial."""
    scores, bounds = model.scores(trial.features), {}
    for arm in range(1, len(trial.arms)):
        _, low, high = contrast_bounds(scores, model.lines[arm, 0], arm, 0, model.money.level)
        bounds[arm] = (low, high)
    return bounds


def _placebo(rows: Encoded, arms: Sequence[str], choices: Sequence[Choice], seed: int) -> pd.DataFrame:
    """Return how the best learners fare where arms are dealt anew, so that there is nothing to learn."""
    anew = np.random.default_rng(seed).permutation(rows.arm)
    dealt = replace(rows, arm=anew, propensity=None, assignment="randomised")
    names = {
        arm: list(LEARNERS) if choice.best == MEAN else [choice.best] for arm, choice in enumerate(choices, start=1)
    }
    fit = cross_fit(dealt, names, PLACEBO_FOLDS, seed)
    lines = []
    for arm, choice in enumerate(choices, start=1):
        line = choose(fit, arm, rows.groups).lines[choice.best]
        lines.append((arms[arm], choice.best, line.effect, line.error, line.t))
    return pd.DataFrame(lines, columns=["arm", "learner", "effect", "effect_error", "t"])


def _model(
    trial: Trial, prepared: Prepared, choices: Sequence[Choice], money: Money, policies: Policies
) -> EffectModel:
    fit = prepared.fit
    lines = pair_lines(fit.scores, _promised(fit, choices), prepared.rows.groups, choices)
    boosters: dict[str, Any] = {}
    learners = {
        trial.arms[arm]: [
            _plain(learner, f"arm{arm}_fold{k}", boosters) for k, learner in enumerate(fit.learners[arm][choice.best])
        ]
        for arm, choice in enumerate(choices, start=1)
    }
    spec = {
        "format": FORMAT,
        "kind": "effects",
        "arms": list(trial.arms),
        "features": prepared.specs,
        "outcome": trial.outcome_kind,
        "folds": int(fit.fold.max()) + 1,
        "learners": learners,
        "lines": [{"arm": arm, "base": base, **line.plain()} for (arm, base), line in lines.items()],
        "value": money.value,
        "costs": list(money.costs),
        "level": money.level,
        "base": policies.base,
        "policy": policies.kind,
        "evidence": prepared.preflight.evidence,
    }
    return EffectModel(spec, boosters)


def _plain(learner: Learner, name: str, boosters: dict[str, Any]) -> dict[str, Any]:
    """Return a learner as plain values, and add its trees to those of the model."""
    names = [None if part.booster is None else f"{name}_part{i}" for i, part in enumerate(learner.parts)]
    boosters |= {key: part.booster for key, part in zip(names, learner.parts, strict=True) if key}
    return {**learner.plain(), "trees": names}
