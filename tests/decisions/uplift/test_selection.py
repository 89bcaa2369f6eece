"""Which learner is chosen, and that what its line promises of the best customers is what they gain on average."""

import numpy as np
import pytest

from patron.decisions.uplift.cross_fitting import CrossFit
from patron.decisions.uplift.learners import CONSTANT, MEAN
from patron.decisions.uplift.selection import Choice, choose

CUSTOMERS, WORLDS = 1_000, 80


def choice(true: np.ndarray, promised: dict[str, np.ndarray], seed: int) -> Choice:
    """Choose among promises by doubly robust scores, which are the truth and much luck."""
    scores = np.zeros((len(true), 2))
    scores[:, 1] = true + np.random.default_rng([seed, 1]).normal(scale=4.0, size=len(true))
    none = np.zeros(0)
    everything = promised | {CONSTANT: np.zeros(len(true)), MEAN: np.mean(list(promised.values()), axis=0)}
    return choose(CrossFit(none, none, none, scores, {1: everything}, {}), 1, np.arange(len(true)))


def alike(true: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Seven learners, each right by half."""
    return {f"learner {k}": true + rng.normal(size=len(true)) for k in range(7)}


def test_what_the_best_tenth_is_promised_is_on_average_what_it_gains():
    promised, gained = 0.0, 0.0
    for seed in range(WORLDS):
        rng = np.random.default_rng(seed)
        true = rng.normal(scale=0.5, size=CUSTOMERS)
        answers = alike(true, rng)
        selected = choice(true, answers, seed)
        score = np.mean(list(answers.values()), axis=0) if selected.best == MEAN else answers[selected.best]
        best = np.argsort(-score)[: CUSTOMERS // 10]
        if selected.differs:
            promised += selected.line.effects(score[best]).sum()
            gained += true[best].sum()
    assert promised / gained == pytest.approx(1.0, abs=0.1)


def test_the_mean_of_learners_that_are_alike_is_chosen_and_one_that_alone_is_right_in_its_place():
    rng = np.random.default_rng(0)
    true = rng.normal(size=4_000)
    learners = alike(true, rng)
    assert choice(true, learners, 1).learner == MEAN
    wrong = {name: rng.normal(size=len(true)) for name in learners}
    assert choice(true, wrong | {"learner 3": true}, 1).learner == "learner 3"
    assert choice(np.zeros(len(true)), learners, 1).learner == CONSTANT
