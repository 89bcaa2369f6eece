"""Metrics of ordered classes: values counted by hand, and those of scikit-learn."""

import math

import pytest
import sklearn.metrics as oracle

from patron import metrics


def test_tier_metrics_equal_scikit_learn_on_the_classes_that_occur() -> None:
    true, predicted = [0, 1, 2, 2, 1, 0, 2], [0, 2, 2, 1, 1, 0, 0]
    kappa = oracle.cohen_kappa_score(true, predicted, weights="quadratic")
    assert metrics.quadratic_kappa(true, predicted, range(4)) == pytest.approx(kappa)
    assert metrics.macro_f1(true, predicted, range(4)) == pytest.approx(
        oracle.f1_score(true, predicted, average="macro")
    )


def test_kappa_is_one_for_agreement_and_nan_without_variety() -> None:
    assert metrics.quadratic_kappa(["lead", "gold"], ["lead", "gold"], ["lead", "iron", "gold"]) == 1
    assert math.isnan(metrics.quadratic_kappa([2, 2], [2, 2], range(4)))


def test_macro_f1_leaves_out_classes_that_never_occur() -> None:
    assert metrics.macro_f1([0, 1], [0, 1], range(9)) == 1
