"""Policies: which offer each customer is to get, from the chance to leave, what offers change and what they cost.

A policy is a folder: `spec.json`, the model of the chance to leave in `risk`, and the trees of each learned offer in a
folder that the offer names as `trees` (of an earlier release, as itself): what an offer is called need be no file name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.models.serving.allowances import Allowances, contacts_known, who_may
from patron.models.serving.bundles import Bundle
from patron.models.serving.effects import effect_bounds

RiskModel = Bundle  # by another name, as a served policy takes that of the bundle
RISK, NO_OFFER = "risk", "none"
POLICY_OUTPUTS = ("action", "expected_gain", "gain_low", "gain_high", "evidence", "reasons")


@dataclass(frozen=True)
class Policy:
    """A policy: the offer that gains most beyond its price, or none.

    Args:
        spec: features, outputs, the column of the risk, the offers (name, cost, price, evidence, effect, and who may
            get it), the cap on contacts, and whether the lower bound of the gain counts, as plain JSON values.
        risk: the model of the chance to leave.
        trees: of each learned offer by its name, LightGBM models by theirs.
    """

    spec: Mapping[str, Any]
    risk: RiskModel
    trees: Mapping[str, Mapping[str, lgb.Booster]]

    @classmethod
    def load(cls, path: str | Path) -> "Policy":
        """Read a policy from its folder."""
        folder = Path(path)
        spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        texts = {offer["name"]: sorted((folder / _folder(offer)).glob("*.txt")) for offer in spec["offers"]}
        trees = {
            name: {file.stem: lgb.Booster(model_str=file.read_text(encoding="utf-8")) for file in files}
            for name, files in texts.items()
        }
        return cls(spec, RiskModel.load(folder / RISK), trees)

    def save(self, path: str | Path) -> Path:
        """Write the policy to a folder, which is made if it is not there."""
        folder = Path(path)
        self.risk.save(folder / RISK)
        for offer in self.spec["offers"]:
            for tree, booster in self.trees.get(offer["name"], {}).items():
                (folder / _folder(offer)).mkdir(exist_ok=True)
                (folder / _folder(offer) / f"{tree}.txt").write_text(booster.model_to_string(), encoding="utf-8")
        (folder / "spec.json").write_text(json.dumps(self.spec, indent=1, allow_nan=False), encoding="utf-8")
        return folder

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return for each row the action (an offer, or "none"), what it gains with its interval, evidence and reasons.

        Args:
            frame: the features, `value` (the profit at stake if the customer is kept, in currency), and the columns
                that consent, conditions and former contacts look at.

        Raises:
            ValueError: a feature, or a column that says who may get an offer, is missing.
        """
        frame = self._known(frame)
        risk, value = self._stake(frame)
        offers = self.spec["offers"]
        kept = np.stack([self._changes(offer, frame) for offer in offers], axis=2)
        cost = np.column_stack([_cost(offer, frame) for offer in offers])
        may = who_may(frame, offers, self.spec.get("cap"))
        gains = kept - cost
        worth = np.nan_to_num(gains[1 if self.spec.get("robust") else 0], nan=-np.inf)
        worth[~may.allowed] = -np.inf
        beyond = worth - np.array([offer["price"] for offer in offers])
        best, rows = beyond.argmax(axis=1), np.arange(len(frame))
        treated = beyond[rows, best] > 0
        names, evidence = (np.array([offer[key] for offer in offers], object)[best] for key in ("name", "evidence"))
        words = _worded(risk, value, kept[0][rows, best], cost[rows, best])
        why = np.where(treated, words, self._left_alone(risk * value, kept[0], may, worth))
        figures = (np.where(treated, part[rows, best], 0.0) for part in gains)
        columns = (np.where(treated, names, NO_OFFER), *figures, np.where(treated, evidence, ""), why)
        answers = pd.DataFrame(dict(zip(POLICY_OUTPUTS, columns, strict=True)), index=frame.index)
        return answers[[output["name"] for output in self.spec["outputs"]]]

    def _known(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with the chance to leave, by every name that a condition may have for it."""
        missing = [feature["name"] for feature in self.spec["features"] if feature["name"] not in frame]
        if missing:
            raise ValueError(f"Columns are missing: {', '.join(missing)}. Give all inputs that the policy names.")
        risk = self.risk.predict(frame)[self.spec["risk"]]
        return frame.assign(**dict.fromkeys((*self.spec.get("risk_names", ()), self.spec["risk"]), risk))

    def _stake(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return the chance to leave, and the value that is at stake by it."""
        return frame[self.spec["risk"]].to_numpy(np.float64), frame["value"].to_numpy(np.float64)

    def _changes(self, offer: Mapping[str, Any], frame: pd.DataFrame) -> np.ndarray:
        """Return the expected change of profit by an offer and its bounds, before costs, shape (3, n)."""
        risk, value = self._stake(frame)
        effect = offer["effect"]
        if isinstance(effect, list):
            low, kept, high = (share * risk * value for share in effect)
        else:
            middle, least, most = effect_bounds(effect, self.trees[offer["name"]], frame)
            parts = np.stack([least, middle, most])
            if effect["outcome"] == "probability":
                parts = np.sort(np.clip(parts, risk - 1, risk) * value, axis=0)
            low, kept, high = parts
        return np.stack([kept, low, high])

    def _left_alone(self, stake: np.ndarray, kept: np.ndarray, may: Allowances, worth: np.ndarray) -> np.ndarray:
        """Return why each customer would be left alone: the first reason after which no offer was left."""
        learned = np.array([not isinstance(offer["effect"], list) for offer in self.spec["offers"]])
        alone = {
            "no value at stake": (stake <= 0) & ~learned.any(),
            **may.exhausted,
            "do not disturb": (~may.allowed | (learned & (kept < 0))).all(axis=1),
            "no offer earns its cost": ~(worth > 0).any(axis=1),
        }
        return np.select([*alone.values()], [*alone], "budget or capacity does not reach").astype(object)


def _cost(offer: Mapping[str, Any], frame: pd.DataFrame) -> np.ndarray:
    """Return what an offer costs each customer, with what former contacts make it less worth, shape (n,)."""
    fatigue = offer.get("fatigue")
    more = fatigue["each"] * contacts_known(frame[fatigue["column"]]) if fatigue else 0.0
    return np.asarray(offer["cost"] + more + np.zeros(len(frame)))


def _worded(risk: np.ndarray, value: np.ndarray, change: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Return in words what an offer rests on, shape (n,)."""
    figures = zip(100 * risk, value, change, cost, strict=True)
    words = [
        f"chance to leave {p:.0f} %, {v:,.2f} at stake; changes {k:,.2f}, costs {c:,.2f}" for p, v, k, c in figures
    ]
    return np.array(words, dtype=object)


def _folder(offer: Mapping[str, Any]) -> str:
    return str(offer.get("trees", offer["name"]))
