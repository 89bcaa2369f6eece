"""The drivers of rows as the shap library holds them, so that all of its plots can draw them."""

from typing import Any

import numpy as np

from patron.errors import PatronError, ScoreError
from patron.explanations.pushes import Pushes, check_features, pushes
from patron.formatting import amount
from patron.models.serving import Bundle
from patron.questions.matrices import Matrix

__all__ = ["explanation"]


def explanation(model: Bundle, rows: Matrix) -> Any:
    """Return the drivers of rows as a `shap.Explanation`: `shap.plots.beeswarm(pt.explanation(model, rows))`.

    Args:
        model: any trained model.
        rows: features of n customers.

    Returns:
        values: the pushes that `drivers` tells, in log-odds, shape (n, features); base_values: what they start from,
        shape (n,), so that a row's values and base add up to the model's answer; data: the features as the model reads
        them; display_data: the same as people read them; feature_names: their words. The customers' keys are left out.

    Raises:
        ScoreError: there are no rows, or a feature of the model is missing.
        DriverError: the values do not add up to the model's own log-odds.
        PatronError: shap is not installed.
    """
    library = _library()
    check_features(model, rows)
    if not len(rows):
        raise ScoreError("An explanation is of rows, got none. Give the rows of a question: pt.matrix(...).")
    columns = zip(*((batch.total, _answers(batch), batch.X) for batch in pushes(model, rows)), strict=True)
    values, answers, X = map(np.concatenate, columns)
    return library.Explanation(
        values,
        base_values=answers - values.sum(axis=1),
        data=X.astype(np.float64),
        display_data=_display(model, rows),
        feature_names=[feature["words"] for feature in model.spec["features"]],
    )


def _library() -> Any:
    try:
        import shap
    except ImportError:
        raise PatronError(
            "shap, whose plots an explanation is for, is not installed. Install it: pip install 'patron[shap]', or "
            "read the reasons without it: pt.drivers(model, rows)."
        ) from None
    return shap


def _answers(batch: Pushes) -> np.ndarray:
    """Return the log-odds that the pushes of each row lead to."""
    return np.asarray(np.einsum("nsk,sk->n", batch.log_odds, batch.score.weight))


def _display(model: Bundle, rows: Matrix) -> np.ndarray:
    columns = [[amount(v, f["unit"]) for v in rows.X[f["name"]].to_numpy()] for f in model.spec["features"]]
    return np.array(columns, dtype=object).T
