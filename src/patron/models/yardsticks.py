"""Yardsticks: classifiers of scikit-learn fitted, calibrated and judged beside the candidates, and never kept.

Patron keeps models as plain values and LightGBM's text; these would need a pickle, which runs code when it is opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import QuestionError, RegistryError
from patron.models.candidates import Estimator, constant, with_steps
from patron.models.serving import Bundle
from patron.models.targets import Examples

__all__ = ["YardstickBundle", "check_classifiers", "fit_yardstick", "named_classifiers"]

LEAST_CHANCE = 1e-4  # a forest says never where none of its hundred trees has seen it


@dataclass(frozen=True)
class YardstickBundle(Bundle):
    """A fitted classifier that answers like any model, in this process."""

    def save(self, path: str | Path) -> Path:
        """Refuse to write the classifier.

        Raises:
            RegistryError: always.
        """
        raise RegistryError(
            f"{self.spec['candidate']} is a classifier of scikit-learn, which is judged and not kept: only a pickle "
            "would hold it, and no pickle leaves the process. Keep Patron's own best: trained.model.save(path)"
        )


def check_classifiers(candidates: Sequence[Any]) -> None:
    """Refuse what is no classifier with chances.

    Raises:
        QuestionError: one of them is a class, a regression, or gives no chances.
    """
    from sklearn.base import is_classifier

    for candidate in candidates:
        if isinstance(candidate, type):
            raise QuestionError(
                f"candidates has the class {candidate.__name__}, and needs an object of it. Write "
                f"candidates=[{candidate.__name__}()]"
            )
        name = type(candidate).__name__
        classifies = hasattr(candidate, "__sklearn_tags__") and is_classifier(candidate)
        if not classifies or not hasattr(candidate, "predict_proba"):
            why = "gives no chances (predict_proba)" if classifies else "is no classifier"
            raise QuestionError(
                f"candidates has {name}, which {why} of scikit-learn. Write for example "
                "candidates=[RandomForestClassifier()], or CalibratedClassifierCV(LinearSVC()) around one without "
                "chances."
            )


def named_classifiers(classifiers: Sequence[Any]) -> dict[str, Any]:
    """Return classifiers by the name of their class, of a pipeline by that of its last step, each name once.

    >>> from sklearn.tree import DecisionTreeClassifier
    >>> list(named_classifiers([DecisionTreeClassifier(max_depth=2), DecisionTreeClassifier(max_depth=9)]))
    ['DecisionTreeClassifier', 'DecisionTreeClassifier_2']
    """
    named: dict[str, Any] = {}
    for classifier in classifiers:
        last = classifier.steps[-1][1] if hasattr(classifier, "steps") else classifier
        name = kind = type(last).__name__
        count = 1
        while name in named:
            count += 1
            name = f"{kind}_{count}"
        named[name] = classifier
    return named


def fit_yardstick(
    classifier: Any, X: np.ndarray, target: Examples, levels: Mapping[int, int], seed: int, name: str
) -> Estimator:
    """Fit a copy of a classifier: what is unknown is the median beside a column that says so, each kind a column.

    Columns that do not vary are left out; chance begins at *seed* where the classifier does not say.

    Args:
        classifier: of scikit-learn; it stays as it is.
        X: features, shape (n, k).
        target: examples to fit.
        levels: the number of kinds of each feature that is a category.
        seed: of its random state.
        name: what it is called in messages.

    Raises:
        QuestionError: it refuses the examples.
    """
    present = np.unique(target.y)
    if len(present) < 2:
        return constant(X, target)
    rows = with_steps(X, target.row, target.step) if target.step is not None else X[target.row]
    pipeline = _pipeline(classifier, rows, levels, seed)
    try:
        pipeline.fit(rows, target.y)
    except ValueError as error:
        first = (str(error).splitlines() or [""])[0]
        raise QuestionError(
            f"{name} could not be fitted on {len(rows):,} examples x {rows.shape[1]} features: {first} Change its "
            "parameters, or leave it out of candidates."
        ) from error
    return Estimator({"kind": "outside"}, _Fitted(pipeline, target.classes), 0, _plain(classifier))


@dataclass(frozen=True)
class _Fitted:
    """A fitted classifier in the place of trees, which serving asks for log-odds."""

    pipeline: Any
    classes: int

    def log_odds(self, X: np.ndarray, step: int | None) -> np.ndarray:
        """Return log-odds, shape (n, classes) or (n, 1)."""
        rows = X if step is None else np.column_stack([X, np.full(len(X), step, dtype=np.float32)])
        chances = np.full((len(X), self.classes), LEAST_CHANCE)
        if len(X):
            chances[:, self.pipeline.classes_] = self.pipeline.predict_proba(rows)
        logs = np.log(np.clip(chances, LEAST_CHANCE, 1.0 - LEAST_CHANCE))
        return logs[:, 1:] - logs[:, :1] if self.classes == 2 else logs


def _pipeline(classifier: Any, rows: np.ndarray, levels: Mapping[int, int], seed: int) -> Any:
    from sklearn.base import clone
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    varying = [i for i in range(rows.shape[1]) if len(pd.unique(rows[:, i])) > 1]
    kinds = [i for i in varying if i in levels]
    numbers = [i for i in varying if i not in levels]
    columns = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median", add_indicator=True), numbers),
            ("kinds", OneHotEncoder(handle_unknown="ignore", sparse_output=False), kinds),
        ]
    )
    copy = clone(classifier)
    unsaid = {k: seed for k, v in copy.get_params().items() if v is None and k.split("__")[-1] == "random_state"}
    return make_pipeline(columns, copy.set_params(**unsaid))


def _plain(classifier: Any) -> dict[str, str]:
    return {"classifier": type(classifier).__name__} | {
        k: repr(v) for k, v in classifier.get_params(deep=False).items()
    }
