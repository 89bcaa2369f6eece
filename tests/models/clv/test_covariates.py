"""Covariates: attributes become numbers of usual spread."""

import numpy as np
import pandas as pd

from patron.models.clv.covariates import codings


def test_attributes_become_numbers_of_usual_spread_and_nothing_where_they_are_unknown():
    facts = pd.DataFrame({"plan": ["s"] * 60 + ["m"] * 40 + ["odd"], "age": [np.nan] + [0.0, np.e - 1] * 50})
    plan, age = codings(facts)
    assert plan.levels == ("s", "m")
    np.testing.assert_allclose(plan(facts)[[0, 99, 100], 0], [-((0.4 / 0.6) ** 0.5), (0.6 / 0.4) ** 0.5, 0.0])
    np.testing.assert_allclose(age(facts)[:3, 0], [0.0, -1.0, 1.0])
