"""Scoring: a trained model asked about rows, and refused where the rows are not what it was trained with."""

import json
import re
import warnings
from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from lightgbm.basic import LightGBMError

from patron.errors import RegistryError, ScoreError, listed
from patron.models.serving import FORMAT, Bundle
from patron.models.targets import target_for
from patron.questions.matrices import Matrix
from patron.questions.question import Question
from patron.scoring.contract import check_contract, shifts

__all__ = ["check_asked", "check_definitions", "opened", "predictions", "score"]

MOST_TOLD, LONGEST_TOLD = 3, 30
LONG = 200
SPEC_KEYS = ("question", "features", "estimator", "calibration", "answer", "outputs", "active_in", "rhythm")
FEATURE_KEYS = ("name", "words", "theme", "unit", "source", "formula", "dtype", "levels", "usual")
BASKET_KEYS = ("by", "top", "way", "own_weight", "rounds", "columns", "chance", "horizon", "active_in", "seed")


class Described(Protocol):
    """A model that says what it answers and from which features."""

    @property
    def spec(self) -> Any:
        """What it is, as plain JSON values: its question, and each feature with words and formula."""


def opened(folder: Path, name: str, version: str) -> Bundle:
    """Load a registered model, refused before any work where another release saved it and something is missing now.

    Args:
        folder: its bundle.
        name: of the registered model.
        version: of it.

    Raises:
        RegistryError: the bundle has another format, or lacks what this release reads.
    """
    try:
        if not (folder / "spec.json").is_file():
            raise ValueError("spec.json is not there, or no file")
        spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        unread = _unread(spec, folder)
    except (OSError, ValueError, TypeError, AttributeError, LookupError, LightGBMError) as error:
        raise RegistryError(
            f"The files of model {name!r} version {version} cannot be read: {str(error)[:LONG].rstrip('.')}. "
            f"Put them back from a copy, let another version score (patron promote {name} <version>), or train again: "
            "patron train."
        ) from error
    if unread:
        raise RegistryError(
            f"Model {name!r} version {version} was saved by another release of Patron and {unread}. "
            "Train again: patron train, or score with the release that trained it."
        )
    return Bundle.load(folder)


def _unread(spec: dict[str, Any], folder: Path) -> str:
    """Describe what this release cannot read of a model, or nothing; what answers need shows when it is asked once."""
    if spec.get("format") != FORMAT:
        return f"has format {spec.get('format')}, where this one reads format {FORMAT}"
    needed: tuple[tuple[str, str, dict[str, Any]], ...] = (
        *(("", key, spec) for key in SPEC_KEYS),
        *(("answer.", key, spec.get("answer", {})) for key in ("kind", "horizon")),
        *(("features.", key, feature) for feature in spec.get("features", ()) for key in FEATURE_KEYS),
        *(("baskets.", key, basket) for basket in spec.get("baskets", ()) for key in BASKET_KEYS),
    )
    missing = {f"{place}{key}" for place, key, held in needed if key not in held}
    if missing:
        return f"lacks {listed(map(repr, missing))}"
    try:
        Bundle.load(folder).predict(pd.DataFrame([{f["name"]: f["usual"] for f in spec["features"]}]))
    except KeyError as error:
        return f"lacks {error}"
    return ""


def score(model: Bundle, rows: Matrix) -> pd.DataFrame:
    """Return the answers for each customer and cutoff, from rows made by the features the model was trained with.

    A model alone gives its own answer; `patron.scoring.story` makes those of several one story.

    Args:
        model: a trained model.
        rows: features of the customers to score.

    Returns:
        `customer`, `cutoff` and the answers: for churn `churn_probability`; for the next purchase
        `purchase_within_<n>d` (probabilities), `days_low`, `days_median`, `days_high` (days; 10, 50 and 90 %),
        `days_if_back` (median days of those who are back within the horizon) and `days_expected` (mean days, none
        counted beyond the horizon);
        for the tier `tier`, `present_tier` (that of the last horizon), `expected_profit`, its 80 % interval
        `profit_low` to `profit_high`, `profit_if_active` (all currency), and `probability_<tier>`.

    Raises:
        ScoreError: a feature is missing, means something else than in training, or has values that the model cannot
            know.

    Warns:
        UserWarning: the model knows the values of a feature clearly less often than in training.
    """
    check_definitions(model, rows)
    check_contract(model, rows)
    for sentence in shifts(model, rows):
        warnings.warn(sentence, stacklevel=2)
    return predictions(model, rows)


def predictions(model: Bundle, rows: Matrix) -> pd.DataFrame:
    """Return the answers of `score` for rows whose values may be others than in training, as those of the past are.

    Raises:
        ScoreError: a feature is missing, or means something else than in training.
    """
    check_definitions(model, rows)
    return pd.concat([rows.key, model.predict(rows.X)], axis=1)


def check_definitions(model: Described, rows: Matrix) -> None:
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
            "Score with the tables and features of its training (trained.question), or train again."
        )
    for feature in model.spec["features"]:
        if here[feature["name"]] != feature["formula"]:
            raise ScoreError(
                f"The feature {feature['name']!r} ({feature['words']}) of the model for {question!r} is computed "
                f"otherwise now: {_difference(feature['formula'], here[feature['name']])}. "
                "Train again: patron train, or undo the change of costs, tables or features."
            )
        if feature["dtype"] != "category" and not pd.api.types.is_numeric_dtype(rows.X[feature["name"]]):
            raise ScoreError(
                f"The feature {feature['name']!r} of the model for {question!r} was a number in training and holds "
                "texts now. Mend the column (patron check tells how each table was read), or train again."
            )


def _difference(was: str, now: str) -> str:
    """Describe what changed between two formulas, where that is short; what each run used is in its features.json."""
    old, new = (re.findall(r"[\w.]+|[^\w\s]", formula) for formula in (was, now))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts = [(" ".join(old[a:b]), " ".join(new[c:d])) for step, a, b, c, d in steps if step != "equal"]
    if len(parts) > MOST_TOLD or max(len(text) for part in parts for text in part) > LONGEST_TOLD:
        return "it is made of other columns or steps"
    return ", ".join(f"{before or 'nothing'} became {after or 'nothing'}" for before, after in parts)


def check_asked(model: Bundle, question: Question) -> None:
    """Refuse a model that was trained for another horizon, other days, or other customers than are asked about now.

    Raises:
        RegistryError: the question has changed since training.
    """
    answer = model.spec["answer"]
    wanted = target_for(question).trained_for(question) | {"active_in": question.active_in.plain}
    learned: Mapping[str, object] = {
        **answer,
        "horizon": answer.get("span", answer["horizon"]),
        "active_in": model.spec["active_in"],
    }
    for name, value in wanted.items():
        if learned[name] != value:
            raise RegistryError(
                f"The model for {question.name!r} was trained with {name} = {learned[name]}, but {name} = {value} is "
                "asked now. Train again: patron train, or ask as before."
            )
