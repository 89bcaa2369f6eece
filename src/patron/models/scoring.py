"""Scoring: a trained model asked about rows, and refused where the rows are not what it was trained with."""

import pandas as pd

from patron.errors import RegistryError, ScoreError, listed
from patron.matrices import Matrix
from patron.models.serving import Bundle
from patron.questions import NextPurchase, Question

__all__ = ["check_asked", "check_definitions", "score"]


def score(model: Bundle, rows: Matrix) -> pd.DataFrame:
    """Return the answers for each customer and cutoff, from rows made by the features the model was trained with.

    Args:
        model: a trained model.
        rows: features of the customers to score.

    Returns:
        `customer`, `cutoff` and the answers: for churn `churn_probability`; for the next purchase
        `purchase_within_<n>d` (probabilities) and `days_low`, `days_median`, `days_high` (days; 10, 50 and 90 %);
        for the tier `tier`, `present_tier` (that of the last horizon), `expected_profit`, its 80 % interval
        `profit_low` to `profit_high`, `profit_if_active` (all currency), and `probability_<tier>`.

    Raises:
        ScoreError: a feature is missing, or means something else than in training.
    """
    check_definitions(model, rows)
    return pd.concat([rows.key, model.predict(rows.X)], axis=1)


def check_definitions(model: Bundle, rows: Matrix) -> None:
    """Refuse rows whose features are not those that the model was trained with.

    Raises:
        ScoreError: a feature is missing, or is computed otherwise.
    """
    question = model.spec["question"]
    here = {meant.name: meant.formula for meant in rows.definitions}
    missing = [f["name"] for f in model.spec["features"] if f["name"] not in here]
    if missing:
        raise ScoreError(
            f"The model for {question!r} was trained on {listed(missing)}, which these rows lack. "
            "Score with the tables and features of its training, or train again."
        )
    for feature in model.spec["features"]:
        if here[feature["name"]] != feature["formula"]:
            raise ScoreError(
                f"The feature {feature['name']!r} of the model for {question!r} is computed otherwise now: "
                f"it was {feature['formula']!r}, it is {here[feature['name']]!r}. Train again, or undo the change."
            )


def check_asked(model: Bundle, question: Question) -> None:
    """Refuse a model that was trained for another horizon, other days, or other customers than are asked about now.

    Raises:
        RegistryError: the question has changed since training.
    """
    answer = model.spec["answer"]
    asked: dict[str, object] = {"horizon": question.horizon.days, "active_in": question.active_in.days}
    learned = {"horizon": answer["horizon"], "active_in": model.spec["active_in"]}
    if isinstance(question, NextPurchase):
        asked["within"] = sorted({*question.within, question.horizon.days or 0})
        learned["within"] = answer["within"]
    for name, value in asked.items():
        if learned[name] != value:
            raise RegistryError(
                f"The model for {question.name!r} was trained with {name} = {learned[name]}, but {name} = {value} is "
                "asked now. Train again: patron train, or ask as before."
            )
