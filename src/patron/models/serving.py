"""Bundles: trained models as LightGBM text and JSON, and the one way in which their scores are computed.

This file needs only numpy, pandas and lightgbm, and nothing of Patron: a copy of it goes into the registry beside
each bundle, so that a model answers the same in a process where Patron is not installed.

A bundle is a folder with `spec.json` and, where the model has trees, `booster.txt`. Nothing in it is unpickled.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

FORMAT = 1
BOOSTER = "booster.txt"
LONGEST = 10.0
LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9


@dataclass(frozen=True)
class Bundle:
    """A trained model: its description, and its trees where it has any.

    Args:
        spec: question, features, estimator, calibration, answer and outputs, as plain JSON values.
        booster: the LightGBM model, or None.
    """

    spec: dict[str, Any]
    booster: lgb.Booster | None = None

    @classmethod
    def load(cls, path: str | Path) -> "Bundle":
        """Read a bundle from its folder."""
        folder = Path(path)
        spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        if spec["format"] != FORMAT:
            raise ValueError(f"This bundle has format {spec['format']}; this code reads format {FORMAT}.")
        trees = folder / BOOSTER
        return cls(spec, lgb.Booster(model_str=trees.read_text(encoding="utf-8")) if trees.exists() else None)

    def save(self, path: str | Path) -> Path:
        """Write the bundle to a folder, which is made if it is not there."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.spec, indent=1, allow_nan=False)
        (folder / "spec.json").write_text(text, encoding="utf-8")
        if self.booster is not None:
            (folder / BOOSTER).write_text(self.booster.model_to_string(), encoding="utf-8")
        return folder

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the answers for rows of features, whatever the order of the columns.

        Raises:
            ValueError: a feature is missing.
        """
        made = ANSWERS[self.spec["answer"]["kind"]](self, encode(frame, self.spec["features"]))
        return pd.DataFrame(made, index=frame.index)

    def margins(self, X: np.ndarray, step: int | None = None) -> np.ndarray:
        """Return calibrated log-odds, shape (n, classes), or (n, 1) for yes or no, at one step of the horizon."""
        raw = raw_margins(self.spec["estimator"], self.booster, X, step)
        calibration = self.spec["calibration"]
        if calibration is None:
            return raw
        return raw * calibration["slope"] + np.asarray(calibration["intercept"])


def encode(frame: pd.DataFrame, features: list[dict[str, Any]]) -> np.ndarray:
    """Return features as an array in the order of the spec: float32 numbers, categories as codes, NaN for unknown.

    Raises:
        ValueError: a feature is missing.
    """
    missing = [f["name"] for f in features if f["name"] not in frame.columns]
    if missing:
        raise ValueError(f"The model was trained on {', '.join(missing)}, which these rows lack.")
    X = np.empty((len(frame), len(features)), dtype=np.float32)
    for i, feature in enumerate(features):
        column = frame[feature["name"]]
        if feature["dtype"] == "category":
            codes = pd.Categorical(column, categories=feature["levels"]).codes
            X[:, i] = np.where(codes < 0, np.nan, codes)
        else:
            X[:, i] = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    return X


def raw_margins(
    estimator: dict[str, Any], booster: lgb.Booster | None, X: np.ndarray, step: int | None
) -> np.ndarray:
    """Return an estimator's log-odds before calibration, shape (n, classes) or (n, 1)."""
    if estimator["kind"] == "rates":
        return _rates(estimator, X, step)
    if estimator["kind"] == "linear":
        return _linear(estimator, X, step)
    rows = X if step is None else np.column_stack([X, np.full(len(X), step, dtype=np.float32)])
    margins = booster.predict(rows, raw_score=True, num_threads=estimator.get("threads", 0))
    return margins.reshape(len(X), -1)


def _rates(estimator: dict[str, Any], X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds by cell of one feature (or one cell for all), and step: table of shape (steps, cells, classes)."""
    table = np.asarray(estimator["table"])[step or 0]
    if estimator["input"] is None:
        return np.repeat(table[:1], len(X), axis=0)
    return table[np.searchsorted(estimator["edges"], np.nan_to_num(X[:, estimator["input"]]), side="right")]


def _linear(estimator: dict[str, Any], X: np.ndarray, step: int | None) -> np.ndarray:
    return (
        linear_inputs(estimator, X) @ np.asarray(estimator["coef"]).T
        + np.asarray(estimator["intercept"])[step or 0]
    )


def linear_inputs(estimator: dict[str, Any], X: np.ndarray) -> np.ndarray:
    """Return a linear model's inputs: signed logarithms, unknown ones filled, centred and scaled."""
    used = X[:, estimator["inputs"]].astype(np.float64)
    logs = np.sign(used) * np.log1p(np.abs(used))
    filled = np.where(np.isnan(logs), np.asarray(estimator["mean"]), logs)
    return (filled - np.asarray(estimator["mean"])) / np.asarray(estimator["scale"])


def sigmoid(margins: np.ndarray) -> np.ndarray:
    """Return probabilities from log-odds."""
    return 1.0 / (1.0 + np.exp(-np.clip(margins, -40.0, 40.0)))


def softmax(margins: np.ndarray) -> np.ndarray:
    """Return probabilities that add up to one from class margins, shape (n, classes)."""
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _churn(bundle: Bundle, X: np.ndarray) -> dict[str, np.ndarray]:
    return {"churn_probability": sigmoid(bundle.margins(X)[:, 0])}


def _next_purchase(bundle: Bundle, X: np.ndarray) -> dict[str, np.ndarray]:
    answer = bundle.spec["answer"]
    curve = purchase_curve(bundle, X)
    edges = np.asarray(answer["edges"], dtype=np.float64)
    made = {f"purchase_within_{d}d": _within(curve, edges, float(d)) for d in answer["within"]}
    for name, share in (("days_low", LOW), ("days_median", MEDIAN), ("days_high", HIGH)):
        made[name] = _quantile(curve, edges, share)
    return made


def purchase_curve(bundle: Bundle, X: np.ndarray) -> np.ndarray:
    """Return the probability to have bought by each edge of the horizon, shape (n, edges), rising from 0."""
    steps = len(bundle.spec["answer"]["edges"]) - 1
    hazards = np.column_stack([sigmoid(bundle.margins(X, step)[:, 0]) for step in range(steps)])
    survival = np.cumprod(1.0 - hazards, axis=1)
    return np.column_stack([np.zeros(len(X)), 1.0 - survival])


def _within(curve: np.ndarray, edges: np.ndarray, days: float) -> np.ndarray:
    """Interpolate the curve at some days, with a constant hazard between edges."""
    i = min(int(np.searchsorted(edges, days, side="left")), len(edges) - 1)
    share = (days - edges[i - 1]) / (edges[i] - edges[i - 1])
    early, late = 1.0 - curve[:, i - 1], 1.0 - curve[:, i]
    return 1.0 - early * (late / early) ** share


def _quantile(curve: np.ndarray, edges: np.ndarray, share: float) -> np.ndarray:
    """Return the days by which a share has bought; past the horizon the last hazard goes on."""
    beyond = (curve < share).sum(axis=1)
    i = np.clip(beyond, 1, len(edges) - 1)
    rows = np.arange(len(curve))
    early, late = 1.0 - curve[rows, i - 1], 1.0 - curve[rows, i]
    rate = np.maximum(np.log(early / late) / (edges[i] - edges[i - 1]), 1e-12)
    found = edges[i - 1] + np.log(early / (1.0 - share)) / rate
    return np.minimum(found, LONGEST * edges[-1])


def _tier(bundle: Bundle, X: np.ndarray) -> dict[str, np.ndarray]:
    answer = bundle.spec["answer"]
    shares = softmax(bundle.margins(X))
    rank = shares @ np.arange(shares.shape[1])
    tiers = np.asarray(answer["tiers"], dtype=object)[np.searchsorted(answer["cuts"], rank, side="right")]
    profit = np.asarray(answer["profit"])
    gained = np.maximum(1.0 - shares[:, 0], 1e-9)
    made = {
        "tier": tiers,
        "expected_profit": shares @ profit,
        "profit_if_active": shares[:, 1:] @ profit[1:] / gained,
    }
    return made | {f"probability_{name}": shares[:, k] for k, name in enumerate(answer["tiers"])}


ANSWERS = {"churn": _churn, "next_purchase": _next_purchase, "tier": _tier}


def plain_name(name: str) -> str:
    """Return a feature's name with nothing in it that LightGBM would refuse."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
