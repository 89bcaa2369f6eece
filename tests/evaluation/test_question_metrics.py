"""Question metrics: a difference is better or worse by what the metric means."""

import numpy as np
import pandas as pd
import pytest

from patron.evaluation.question_metrics import differences, verdict
from patron.models.targets.question_metric import chance_metrics


@pytest.mark.parametrize(("ours", "expected"), [(0.6, "tie"), (0.5, "better"), (0.9, "worse")])
def test_a_bias_too_high_is_no_better_than_one_as_much_too_low(ours, expected):
    # Half of them leave; theirs says 40 of 100, a fifth too few.
    label = np.tile([1.0, 0.0], 500)
    predictions = pd.DataFrame({"churn_probability": [ours] * 1000})
    metrics = chance_metrics(label, "churn_probability")
    gained = differences(metrics, np.arange(1000), predictions, predictions.assign(churn_probability=0.4), seed=0)
    assert gained["bias"].value == pytest.approx(abs(2 * ours - 1) - 0.2)
    assert verdict(gained["bias"], metrics["bias"].best) == expected
