"""Drift: a feed that broke is seen, and one that did not is not."""

import numpy as np
import pandas as pd

from patron.evaluation.drift import skew_probe


def test_a_feed_that_broke_is_skewed_and_one_that_did_not_is_not():
    before = pd.DataFrame({"spend": np.arange(100.0), "channel": ["web", "shop"] * 50})
    after = before.assign(spend=before.spend * 100)
    assert skew_probe(before, after).set_index("feature").skewed.to_dict() == {"spend": True, "channel": False}
