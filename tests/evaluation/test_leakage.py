"""Probes: a feature that knows the outcome is refused, an honest one is not."""

import numpy as np
import pandas as pd
import pytest

from patron.errors import MeasureError
from patron.evaluation.leakage import leak_probe, too_good

RNG = np.random.default_rng(5)
Y = (RNG.uniform(size=600) < 0.4).astype(float)
HONEST = pd.DataFrame({name: RNG.normal(by * Y, 1.0) for name, by in (("a", 0.8), ("b", 0.8), ("noise", 0.0))})


def test_honest_features_pass():
    leak_probe(HONEST, Y).check()


def test_a_score_asked_after_the_customer_left_is_refused():
    asked_too_late = np.where(Y == 1, RNG.integers(1, 3, 600), RNG.integers(3, 6, 600)).astype(float)
    with pytest.raises(MeasureError, match=r"'satisfaction' seems to know the outcome: alone it has an AUC of 1\.000"):
        leak_probe(HONEST.assign(satisfaction=asked_too_late), Y).check()


def test_a_text_that_names_the_outcome_is_refused():
    reason = np.where(Y == 1, np.where(RNG.uniform(size=600) < 0.5, "moved", "price"), None)
    assert list(leak_probe(HONEST.assign(reason=reason), Y).suspects) == ["reason"]


def test_one_feature_that_tells_more_than_all_others_is_suspect_below_the_limit():
    blurred = Y + RNG.normal(0, 0.45, 600)
    probe = leak_probe(HONEST.assign(blurred=blurred), Y)
    assert 0.9 < probe.features.auc[0] < 0.95
    assert "all other features together" in probe.suspects["blurred"]


def test_of_what_is_said_to_hold_at_any_time_less_is_believed():
    blurred = HONEST.assign(status=Y + RNG.normal(0, 0.45, 600))
    assert too_good(blurred, Y, np.arange(600)) == {}
    suspects = too_good(blurred, Y, np.arange(600), timeless=["status"])
    assert list(suspects) == ["status"]
    assert suspects["status"].endswith("much for what is said to hold at any time")


def test_shuffled_labels_cannot_be_predicted_where_customers_are_kept_together():
    probe = leak_probe(HONEST, Y)
    assert probe.shuffled.low < 0.5 < probe.shuffled.high


def test_features_that_are_empty_constant_or_infinite_tell_nothing():
    odd = HONEST.assign(empty=np.nan, same=1.0, endless=np.inf)
    auc = leak_probe(odd, Y).features.set_index("feature").auc
    assert auc[["empty", "same", "endless"]].tolist() == [0.5, 0.5, 0.5]


def test_one_answer_is_no_question_for_a_probe():
    with pytest.raises(MeasureError, match=r"both answers, 0 and 1, got 600 rows with \[0\.0\]"):
        leak_probe(HONEST, np.zeros(600))
