"""Bundles: trained models as LightGBM text and JSON, and the one way in which their answers are computed.

A bundle is a folder with `spec.json` and, where the model has trees, `booster.txt`; where it ranks what the next basket
holds, `next_<category or item>.txt`. Nothing in it is unpickled.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.models.serving.estimators import Booster, raw_score, sigmoid, softmax
from patron.models.serving.profits import tier_codes, tiers
from patron.models.serving.rankings import candidate_chances, candidate_scores
from patron.models.serving.specs import BundleSpec, FeatureSpec, TargetSpec
from patron.models.serving.waits import event_chances, purchase_curve, span_name, waits

FORMAT = 1
BOOSTER = "booster.txt"
RANKER = "next_"
HASHES = "files"
FEW = 100  # rows, of which to look at a column takes longer than to read it
ROWS = 2_048


@dataclass(frozen=True)
class Bundle:
    """A trained model: its description, and its trees where it has any.

    Args:
        spec: question, features, estimator, calibration, answer and outputs, as plain JSON values.
        booster: the LightGBM model, or None.
        rankers: LightGBM models that rank what the next basket holds, by category or item.
    """

    spec: BundleSpec
    booster: Booster = None
    rankers: Mapping[str, lgb.Booster] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> "Bundle":
        """Read a bundle from its folder."""
        folder = Path(path)
        spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        if spec["format"] != FORMAT:
            raise ValueError(f"This bundle has format {spec['format']}; this code reads format {FORMAT}.")
        check_hashes(folder, spec)
        trees = folder / BOOSTER
        rankers = {path.stem.removeprefix(RANKER): _read(path) for path in sorted(folder.glob(f"{RANKER}*.txt"))}
        return cls(spec, _read(trees) if trees.exists() else None, rankers)

    def save(self, path: str | Path) -> Path:
        """Write the bundle to a folder, which is made if it is not there."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        if self.booster is not None:
            (folder / BOOSTER).write_text(self.booster.model_to_string(), encoding="utf-8")
        for by, ranker in self.rankers.items():
            (folder / f"{RANKER}{by}.txt").write_text(ranker.model_to_string(), encoding="utf-8")
        signed = {**self.spec, HASHES: hashes_of(folder, self.spec)}
        (folder / "spec.json").write_text(json.dumps(signed, indent=1, allow_nan=False), encoding="utf-8")
        return folder

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the answers for rows of features, whatever the order of the columns.

        Raises:
            ValueError: a feature is missing.
        """
        columns = ANSWERS[shape_of(self.spec["answer"])](self, encode(frame, self.spec["features"]))
        return pd.DataFrame(columns, index=frame.index)

    def rank(self, by: str, candidates: pd.DataFrame) -> pd.DataFrame:
        """Return `score` and `chance` of what the next basket might hold: a row for each candidate of a customer.

        Args:
            by: category or item.
            candidates: what is known of each, by the columns that the spec names.

        Raises:
            ValueError: the model does not rank by that, or a column is missing.
        """
        known = {basket["by"]: basket for basket in self.spec.get("baskets", ())}
        if by not in known:
            raise ValueError(f"The model ranks no next basket by {by!r}; it ranks by: {', '.join(known) or 'nothing'}.")
        scores = candidate_scores(known[by], self.rankers.get(by), candidates)
        chances = candidate_chances(known[by]["chance"], scores, candidates)
        return pd.DataFrame({"score": scores, "chance": chances}, index=candidates.index)

    def log_odds(self, X: np.ndarray, step: int | None = None) -> np.ndarray:
        """Return calibrated log-odds, shape (n, classes), or (n, 1) for yes or no, at one step of the horizon."""
        raw = raw_score(self.spec["estimator"], self.booster, X, step)
        calibration = self.spec["calibration"]
        if calibration is None:
            return raw
        return raw * calibration["slope"] + np.asarray(calibration["intercept"])


def hashes_of(folder: Path, spec: Mapping[str, object]) -> dict[str, str]:
    """Return the SHA-256 of the trees of a folder by name, and of the spec that tells of them."""
    trees = {path.name: path.read_bytes() for path in sorted(folder.glob("*.txt"))}
    plain = json.dumps({key: value for key, value in spec.items() if key != HASHES}, sort_keys=True)
    return {name: hashlib.sha256(held).hexdigest() for name, held in {"spec": plain.encode(), **trees}.items()}


def check_hashes(folder: Path, spec: dict[str, Any]) -> None:
    """Refuse a folder whose files are not those that were saved, and take their hashes out of the spec.

    A folder that an earlier release saved has none, and is read.

    Raises:
        ValueError: a file is changed, missing or new.
    """
    kept = spec.pop(HASHES, None)
    if kept is None:
        return
    here = hashes_of(folder, spec)
    differ = sorted(name for name in kept.keys() | here.keys() if kept.get(name) != here.get(name))
    if differ:
        raise ValueError(
            f"The bundle {folder.name!r} is not as it was saved: {', '.join(differ)} changed, is missing or is new. "
            "Copy the whole folder again, or train again."
        )


def _read(trees: Path) -> lgb.Booster:
    text = trees.read_text(encoding="utf-8")
    if "end of trees" not in text:  # LightGBM ends the process where it reads on
        raise ValueError(f"{trees.name!r} breaks off before the end of its trees. Copy the whole folder again.")
    return lgb.Booster(model_str=text)


def encode(frame: pd.DataFrame, features: list[FeatureSpec]) -> np.ndarray:
    """Return features as an array in the order of the spec: float32 numbers, categories as codes, NaN for unknown.

    Raises:
        ValueError: a feature is missing, or holds something else than numbers where they are meant.
    """
    missing = [f["name"] for f in features if f["name"] not in frame.columns]
    if missing:
        raise ValueError(f"The model was trained on {', '.join(missing)}, which these rows lack.")
    X = np.empty((len(frame), len(features)), dtype=np.float32)
    plain = _plain_numbers(frame, features)
    for i, feature in enumerate(features):
        if i in plain:
            continue
        column = frame[feature["name"]]
        if feature["dtype"] == "category":
            codes = pd.Categorical(column, categories=feature["levels"]).codes
            X[:, i] = np.where(codes < 0, np.nan, codes)
        else:
            X[:, i] = _numbers(feature["name"], column)
    _write_numbers(X, plain, frame, [features[i]["name"] for i in plain])
    return X


def _plain_numbers(frame: pd.DataFrame, features: list[FeatureSpec]) -> list[int]:
    """Return the places of features whose columns are numbers of numpy."""
    kinds = zip(frame.columns, frame.dtypes, strict=True)
    plain = {name for name, kind in kinds if isinstance(kind, np.dtype) and kind.kind in "fiub"}
    return [i for i, f in enumerate(features) if f["dtype"] != "category" and f["name"] in plain]


def _write_numbers(X: np.ndarray, places: list[int], frame: pd.DataFrame, names: list[str]) -> None:
    """Write columns of numbers to their places, as many rows at a time as a processor's cache holds of all columns."""
    few = len(X) < FEW
    columns = [] if few else [frame[name].to_numpy() for name in names]
    if few:
        X[:, places] = frame[names].to_numpy(dtype=np.float64)
    for begin in range(0, len(X), ROWS):
        part = X[begin : begin + ROWS]
        for place, column in zip(places, columns, strict=False):
            part[:, place] = column[begin : begin + ROWS]
        part[np.isinf(part)] = np.nan  # an infinite amount says nothing that could be learned from


def _numbers(name: str, column: pd.Series) -> np.ndarray:
    """Return a column as numbers, NaN for unknown; an error counts what is none and shows nothing of it."""
    kinds, numbers, odd = pd.api.types, column, len(column)
    if kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column):
        odd = 0
    elif kinds.is_object_dtype(column) or kinds.is_string_dtype(column):
        plain = column.where(column.map(lambda value: isinstance(value, Real | Decimal | str)).astype(bool))
        numbers = pd.to_numeric(plain, errors="coerce")
        odd = int((numbers.isna() & column.notna()).sum())
    if odd:
        raise ValueError(
            f"The column {name!r} must hold numbers, empty where they are unknown; {odd} of {len(column)} values are "
            f"none (its type is {column.dtype}). Mend them, or leave them empty."
        )
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def shares(column: pd.Series, levels: list[str]) -> dict[str, float]:
    """Return how much of a feature a model understands: rows with a known value, and texts among them that it knows.

    Args:
        column: values of the feature.
        levels: the texts that the model knows; none where it is a number.

    >>> shares(pd.Series(["a", "b", "c", None]), ["a", "b", "d"])
    {'known': 0.75, 'seen': 0.6666666666666666}
    """
    known = column[column.notna()]
    if not levels and pd.api.types.is_numeric_dtype(column):
        known = known[np.isfinite(known)]
    seen = known.isin(levels).mean() if levels and len(known) else 1.0
    return {"known": len(known) / max(len(column), 1), "seen": float(seen)}


def current_tiers(bundle: Bundle, X: np.ndarray) -> np.ndarray:
    """Return the place of the tier of the profit of the last horizon: where each customer stands today."""
    answer = bundle.spec["answer"]
    names = [feature["name"] for feature in bundle.spec["features"]]
    earned = X[:, names.index(f"profit_{span_name(answer)}")].astype(np.float64)
    return tier_codes(answer["lows"], earned)


def hazard_curve(bundle: Bundle, X: np.ndarray) -> np.ndarray:
    """Return the chance to have bought by each edge of the horizon, shape (n, edges)."""
    steps = range(len(bundle.spec["answer"]["edges"]) - 1)
    return purchase_curve(np.column_stack([sigmoid(bundle.log_odds(X, step)[:, 0]) for step in steps]))


def cause_shares(answer: TargetSpec, X: np.ndarray) -> np.ndarray:
    """Return the share of each cause in the chance of an end, shape (n, causes)."""
    odds = raw_score(answer["shares"], None, X, None)
    return softmax(odds if odds.shape[1] > 1 else np.column_stack([np.zeros(len(odds)), odds]))


def tier_shares(bundle: Bundle, X: np.ndarray) -> np.ndarray:
    """Return the chance of each tier, worst first, shape (n, tiers)."""
    return softmax(bundle.log_odds(X))


def shape_of(answer: TargetSpec) -> str:
    """Return the shape of the predictions: binary, hazard or ordinal; old kinds do not say theirs."""
    shape = answer.get("shape") or SHAPES.get(answer["kind"], "")
    if shape not in ANSWERS:
        raise ValueError(
            f"The bundle answers {answer['kind']!r}, whose shape {shape!r} is none of {', '.join(ANSWERS)}."
        )
    return shape


def _binary(bundle: Bundle, X: np.ndarray) -> dict[str, np.ndarray]:
    answer, chance = bundle.spec["answer"], sigmoid(bundle.log_odds(X)[:, 0])
    if "settled" in answer:  # who is paid up for the whole horizon does not leave within it
        chance = np.where(X[:, answer["settled"]] >= answer["horizon"], 0.0, chance)
    return {answer.get("column", "churn_probability"): chance}


def _hazard(bundle: Bundle, X: np.ndarray) -> dict[str, np.ndarray]:
    answer, curve = bundle.spec["answer"], hazard_curve(bundle, X)
    if "event" not in answer:
        return waits(answer, curve)
    chances = event_chances(answer, curve)
    if "causes" not in answer:
        return chances
    shares = cause_shares(answer, X)
    event = answer["event"]
    by_cause = {
        f"{event}_by_{c}": chances[f"{event}_probability"] * shares[:, k] for k, c in enumerate(answer["causes"])
    }
    return chances | by_cause


def _ordinal(bundle: Bundle, X: np.ndarray) -> dict[str, np.ndarray]:
    return tiers(bundle.spec["answer"], tier_shares(bundle, X), current_tiers(bundle, X))


SHAPES = {
    "churn": "binary",
    "next_purchase": "hazard",
    "tier": "ordinal",
    "cancellation": "hazard",
    "win_back": "hazard",
}
ANSWERS = {"binary": _binary, "hazard": _hazard, "ordinal": _ordinal}
