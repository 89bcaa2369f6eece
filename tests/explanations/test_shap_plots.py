"""What an explanation for shap promises: the pushes that drivers tell, from one base to the answer, in words."""

import sys
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from patron.errors import PatronError, ScoreError
from patron.explanations.drivers import drivers
from patron.explanations.shap_plots import explanation
from patron.features.definitions import Definition
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix

MEANT = (
    Definition("recency", "Days since the last order", "habit", "days", "r", "orders"),
    Definition("country", "Country", "lifecycle", "country", "c", "orders"),
)
FEATURES: list[dict[str, Any]] = [
    {"name": d.name, "words": d.words, "theme": d.theme, "unit": d.unit, "source": d.source, "formula": d.formula}
    | more
    for d, more in zip(
        MEANT,
        (
            {"dtype": "float64", "levels": [], "usual": 84.0},
            {"dtype": "category", "levels": ["de", "uk"], "usual": "uk"},
        ),
        strict=True,
    )
]
# Log-odds of log1p(recency), centred at 84 days, and of being in de, as half of all are.
LINEAR = {"kind": "linear", "inputs": [0], "mean": [np.log1p(84.0)], "scale": [1.0], "kinds": [[1, 0.0, 0.5]]}
MODEL = Bundle(
    {
        "features": FEATURES,
        "calibration": {"slope": 0.5, "intercept": [1.0]},
        "answer": {"kind": "churn", "horizon": 90},
        "estimator": LINEAR | {"coef": [[1.0, 2.0]], "intercept": [[-3.0]]},
    }
)


def rows(count: int = 2) -> Matrix:
    X = pd.DataFrame({"country": ["de", "uk"] * count, "recency": [212.0, 84.0] * count})[: 2 * count]
    key = pd.DataFrame({"customer": [f"c{i}" for i in range(len(X))], "cutoff": pd.Timestamp("2024-05-01")})
    return Matrix(key, X, MEANT)


def test_values_and_base_add_up_to_the_answer():
    explained = explanation(MODEL, rows(1))
    assert explained.values == pytest.approx(np.array([[np.log(213 / 85) / 2, 0.5], [0.0, -0.5]]))
    assert explained.base_values == pytest.approx([-0.5, -0.5])  # half of -3, and 1 of the calibration
    chance = MODEL.predict(rows(1).X).churn_probability
    assert 1 / (1 + np.exp(-explained.values.sum(axis=1) - explained.base_values)) == pytest.approx(chance)


def test_values_are_the_pushes_of_the_drivers():
    table = drivers(MODEL, rows(), top=2).pivot(index="customer", columns="feature", values="push").fillna(0.0)
    assert explanation(MODEL, rows()).values == pytest.approx(table[["recency", "country"]].to_numpy())


def test_features_are_told_in_words_and_customers_not_at_all():
    explained = explanation(MODEL, rows(1))
    assert explained.feature_names == ["Days since the last order", "Country"]
    assert explained.display_data.tolist() == [["212 days", "de"], ["84 days", "uk"]]
    assert "c0" not in repr(explained.__dict__)


@pytest.mark.parametrize("plot", ["beeswarm", "waterfall", "scatter", "bar"])
def test_plots_of_shap_draw_it(plot):
    import shap

    explained = explanation(MODEL, rows(20))
    shown = {"waterfall": explained[0], "scatter": explained[:, 0]}.get(plot, explained)
    getattr(shap.plots, plot)(shown, show=False)
    plt.close("all")


def test_without_shap_the_line_that_installs_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(PatronError, match=r"not installed\. Install it: pip install 'patron\[shap\]'"):
        explanation(MODEL, rows())


def test_an_explanation_of_nobody_or_without_a_feature_is_refused():
    with pytest.raises(ScoreError, match=r"of rows, got none\."):
        explanation(MODEL, rows(0))
    with pytest.raises(ScoreError, match=r"these rows lack country\."):
        explanation(MODEL, Matrix(rows().key, rows().X[["recency"]], MEANT[:1]))
