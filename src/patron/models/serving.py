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
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(24)
NEGLIGIBLE = 37.0  # exp(-37) is below the precision of a double
SURE = 1e-4  # no purchase process is trusted beyond odds of ten thousand to one
LONGEST = 10.0
LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9

Booster = lgb.Booster | None


@dataclass(frozen=True)
class Bundle:
    """A trained model: its description, and its trees where it has any.

    Args:
        spec: question, features, estimator, calibration, answer and outputs, as plain JSON values.
        booster: the LightGBM model, or None.
    """

    spec: dict[str, Any]
    booster: Booster = None

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
    X[np.isinf(X)] = np.nan  # an infinite amount says nothing that could be learned from
    return X


def raw_margins(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Return an estimator's log-odds before calibration, shape (n, classes) or (n, 1)."""
    return np.asarray(MARGINS[estimator["kind"]](estimator, booster, X, step))


def _trees(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    rows = X if step is None else np.column_stack([X, np.full(len(X), step, dtype=np.float32)])
    asked = {"num_threads": estimator.get("threads", 0), "num_iteration": estimator.get("rounds", -1)}
    margins = _grown(booster).predict(rows, raw_score=True, **asked)
    return np.asarray(margins).reshape(len(X), -1)


def _grown(booster: Booster) -> lgb.Booster:
    if booster is None:
        raise ValueError("The bundle's spec tells of trees, but the folder has no booster.txt. Copy the whole folder.")
    return booster


def _rates(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds by cell of one feature (or one cell for all), and step: table of shape (steps, cells, classes)."""
    table = np.asarray(estimator["table"])[step or 0]
    if estimator["input"] is None:
        return np.repeat(table[:1], len(X), axis=0)
    return table[np.searchsorted(estimator["edges"], np.nan_to_num(X[:, estimator["input"]]), side="right")]


def _linear(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    inputs = linear_inputs(estimator, X)
    return inputs @ np.asarray(estimator["coef"]).T + np.asarray(estimator["intercept"])[step or 0]


def _parametric(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """The log-odds of a purchase process, stretched, beside a linear part."""
    odds = life_odds(estimator["life"], X[:, estimator["life"]["inputs"]], step)
    return _linear(estimator["linear"], booster, X, step) + odds[:, None] * np.asarray(estimator["slope"])


def _hybrid(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Trees for what the base leaves over."""
    parts = (raw_margins(estimator[part], booster, X, step) for part in ("base", "rest"))
    return np.asarray(sum(parts))


def _blend(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """The mean log-odds of several."""
    return np.mean([raw_margins(member, booster, X, step) for member in estimator["of"]], axis=0)


def _seasonal(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds moved by what the month of the cutoff usually adds."""
    return raw_margins(estimator["of"], booster, X, step) + season_shifts(estimator, X)


def season_shifts(estimator: dict[str, Any], X: np.ndarray) -> np.ndarray:
    """Return the shift of the month of each row, shape (n, classes) or (n, 1); none where it is unknown."""
    table = np.vstack([np.zeros(len(estimator["shift"][0])), np.asarray(estimator["shift"])])
    return np.asarray(table[np.clip(np.nan_to_num(X[:, estimator["input"]]), 0, 12).astype(int)])


def _carried(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds of one horizon moved to another as a purchase process moves."""
    return raw_margins(estimator["of"], booster, X, step) + carried_shifts(estimator, X)


def _reaching(estimator: dict[str, Any], booster: Booster, X: np.ndarray, step: int | None) -> np.ndarray:
    """Log-odds learned from labels for the first steps, those of a purchase process for steps past all labels."""
    if step is None or step < estimator["steps"]:
        return raw_margins(estimator["of"], booster, X, step)
    odds = life_odds(estimator["life"], X[:, estimator["life"]["inputs"]], step)
    return odds[:, None] * estimator["slope"] + estimator["intercept"]


def carried_shifts(estimator: dict[str, Any], X: np.ndarray) -> np.ndarray:
    """Return by how much the purchase process moves from the horizon of training to the one asked, shape (n, 1)."""
    seen = X[:, estimator["to"]["inputs"]]
    far, near = (life_odds(estimator[part], seen, None) for part in ("to", "from"))
    return (far - near)[:, None] * estimator["slope"]


MARGINS = {
    "trees": _trees,
    "rates": _rates,
    "linear": _linear,
    "parametric": _parametric,
    "hybrid": _hybrid,
    "blend": _blend,
    "seasonal": _seasonal,
    "carried": _carried,
    "reaching": _reaching,
}


def life_odds(life: dict[str, Any], seen: np.ndarray, step: int | None) -> np.ndarray:
    """Return the log-odds that a Pareto/NBD gives to what is asked, shape (n,).

    What is asked is a purchase by the end of the horizon, or within one step of it by those who have not bought
    before, or with the sign -1 its opposite.

    Args:
        life: r, alpha, s and beta, the edges of the horizon in days, and the sign.
        seen: days since the last order, days since the first, and orders, shape (n, 3).
        step: step of the horizon, None for all of it.
    """
    edges = life["edges"]
    late = bought_by(life, seen, edges[-1] if step is None else edges[step + 1])
    early = bought_by(life, seen, edges[step]) if step else np.zeros(len(seen))
    chance = np.clip((late - early) / np.maximum(1.0 - early, 1e-12), SURE, 1.0 - SURE)
    return np.asarray(life["sign"] * np.log(chance / (1.0 - chance)))


def bought_by(life: dict[str, Any], seen: np.ndarray, days: float) -> np.ndarray:
    """Return the chance of a purchase within some days by Pareto/NBD (Schmittlein et al. 1987), shape (n,).

    The integrals over the time of leaving and of the next purchase are sums over Gauss-Legendre nodes, as in
    `patron.models.parametric`, which is tested to agree.
    """
    x, t_x, age = repeats(seen)
    r, alpha, s, beta = (life[name] for name in ("r", "alpha", "s", "beta"))
    wait = age - t_x
    stayed = np.exp(-(r + x) * np.log1p(wait / (alpha + t_x)) - s * np.log1p(wait / (beta + t_x)))
    left = s / (beta + t_x) * _decayed(wait, r + x, alpha + t_x, s + 1.0, beta + t_x)
    soon = (r + x) / (alpha + age) * _decayed(np.full(len(x), days), r + x + 1.0, alpha + age, s, beta + age)
    return np.asarray(stayed / (stayed + left) * np.minimum(soon, 1.0))


def repeats(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return repeat purchases, days from first to last purchase, and days since the first, shape (n,) each.

    Orders at one instant are one purchase; what contradicts itself is mended towards a single purchase.
    """
    recency, tenure, orders = np.maximum(np.nan_to_num(seen.astype(np.float64)), 0.0).T
    age = np.maximum(tenure, recency)
    x = np.where(age > recency, np.maximum(orders - 1.0, 0.0), 0.0)
    return x, np.where(x > 0, age - recency, 0.0), age


def _decayed(length: np.ndarray, power_a: np.ndarray, a: np.ndarray, power_b: float, b: np.ndarray) -> np.ndarray:
    """Integrate (1 + u/a)^-power_a (1 + u/b)^-power_b over (0, length)."""
    with np.errstate(over="ignore"):
        ends = [part * np.expm1(NEGLIGIBLE / np.maximum(power, 1e-3)) for part, power in ((a, power_a), (b, power_b))]
    pace = (power_a + 1.0) / a + (power_b + 1.0) / b
    reach = np.log1p(np.minimum(length, np.minimum(*ends)) * pace)
    total = np.zeros(len(length))
    for node, weight in zip(NODES, NODE_WEIGHTS, strict=True):
        growth = np.exp(reach * (0.5 * (node + 1.0)))
        u = (growth - 1.0) / pace
        total += 0.5 * weight * reach * growth / pace * np.exp(-power_a * np.log1p(u / a) - power_b * np.log1p(u / b))
    return total


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
        made[name] = _quantile(curve, edges, np.full(len(X), share))
    return made | {
        "days_if_back": _quantile(curve, edges, curve[:, -1] * MEDIAN),
        "days_expected": _expected(curve, edges),
    }


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


def _quantile(curve: np.ndarray, edges: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the days by which a share has bought, of shape (n,); past the horizon the last hazard goes on."""
    beyond = (curve < shares[:, None]).sum(axis=1)
    i = np.clip(beyond, 1, len(edges) - 1)
    rows = np.arange(len(curve))
    early, late = 1.0 - curve[rows, i - 1], 1.0 - curve[rows, i]
    rate = np.maximum(np.log(early / late) / (edges[i] - edges[i - 1]), 1e-12)
    found = edges[i - 1] + np.log(early / (1.0 - shares)) / rate
    return np.minimum(found, LONGEST * edges[-1])


def _expected(curve: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the mean days of waiting, none counted beyond the horizon: the area under survival (Irwin 1949)."""
    early, late = 1.0 - curve[:, :-1], 1.0 - curve[:, 1:]
    fallen = np.maximum(np.log(early / late), 1e-9)
    return np.asarray(-early * np.expm1(-fallen) / fallen @ np.diff(edges))


def _tier(bundle: Bundle, X: np.ndarray) -> dict[str, np.ndarray]:
    answer = bundle.spec["answer"]
    shares = softmax(bundle.margins(X))
    rank = shares @ np.arange(shares.shape[1])
    names = np.asarray(answer["tiers"], dtype=object)
    present = stands(bundle, X)
    profit = np.asarray(answer["profit_from"])[present]
    low, high = _profit_spans(shares, present, answer["spread_from"])
    made = {
        "tier": names[np.searchsorted(answer["cuts"], rank, side="right")],
        "present_tier": names[present],
        "expected_profit": (shares * profit).sum(axis=1),
        "profit_if_active": (shares * profit)[:, 1:].sum(axis=1) / np.maximum(1.0 - shares[:, 0], 1e-9),
        "profit_low": low,
        "profit_high": high,
    }
    return made | {f"probability_{name}": shares[:, k] for k, name in enumerate(answer["tiers"])}


def stands(bundle: Bundle, X: np.ndarray) -> np.ndarray:
    """Return the place of the tier of the profit of the last horizon: where each customer stands today."""
    answer = bundle.spec["answer"]
    names = [feature["name"] for feature in bundle.spec["features"]]
    earned = X[:, names.index(f"profit_{answer['horizon']}d")].astype(np.float64)
    return tier_codes(answer["lows"], earned)


def tier_codes(lows: list[float], profit: np.ndarray) -> np.ndarray:
    """Return the tier of each profit, worst first: 0 up to and with the first low (no profit is none), then by low."""
    return (profit > lows[0]) * (1 + np.searchsorted(lows[1:], profit, side="right"))


def _profit_spans(shares: np.ndarray, stands: np.ndarray, spreads: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the 80 % interval of the profit, by the tier where each customer stands."""
    low, high = np.zeros(len(shares)), np.zeros(len(shares))
    for place in np.unique(stands):
        here = stands == place
        low[here], high[here] = _profit_span(shares[here], np.asarray(spreads[place]))
    return low, high


def _profit_span(shares: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where a tenth is reached of the mixture of the tiers' training profits, and where 80 % more is.

    Where many earn the same (most often nothing), a tenth is reached by far more than a tenth of the customers; the
    upper bound is counted from those who really earn less, so that the interval holds 80 %, not 90.
    Shape of *spread*: (tiers, quantiles), rising; every quantile of a tier stands for the same share of it.
    """
    grid = np.unique(spread)
    reached = shares @ np.stack([np.searchsorted(tier, grid, side="right") / len(tier) for tier in spread])
    first = np.argmax(reached >= LOW - 1e-9, axis=1)
    under = np.where(first > 0, reached[np.arange(len(shares)), first - 1], 0.0)
    last = np.argmax(reached >= (under + HIGH - LOW - 1e-9)[:, None], axis=1)
    return grid[first], grid[last]


ANSWERS = {"churn": _churn, "next_purchase": _next_purchase, "tier": _tier}


def plain_name(name: str) -> str:
    """Return a feature's name with nothing in it that LightGBM would refuse."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
