"""Segments: a pocket of bad answers shows, although they are right on the whole."""

import numpy as np
import pandas as pd

from patron.evaluation.segments import by_segment
from patron.features.definitions import Definition
from patron.questions.matrices import Matrix


def test_a_bad_pocket_shows_first():
    key = pd.DataFrame({"customer": [f"c{i}" for i in range(200)]})
    X = pd.DataFrame({"country": ["SE"] * 100 + ["NO"] * 100})
    happened = np.tile([1.0, 0.0], 100)
    chance = np.array([0.5] * 100 + [0.9] * 100)
    country = (Definition("country", "Country of the customer", "lifecycle", "text", "newest", "people"),)
    table = by_segment(Matrix(key, X, country), happened, chance)
    assert set(table["by"]) == {"Country of the customer"}
    assert table.segment.tolist() == ["NO", "SE"]
    assert table["off"].round(2).tolist() == [0.3, 0.0]
