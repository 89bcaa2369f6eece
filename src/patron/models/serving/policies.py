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

from patron.models.serving.bundles import Bundle
from patron.models.serving.effects import effect_bounds

RiskModel = Bundle  # by another name, as a served policy takes that of the bundle
RISK, NO_OFFER = "risk", "none"
POLICY_OUTPUTS = ("action", "expected_gain", "gain_low", "gain_high", "evidence")


@dataclass(frozen=True)
class Policy:
    """A policy: the offer that gains most beyond its price, or none.

    Args:
        spec: features, outputs, the column of the risk and the offers (name, cost, price, evidence and effect), as
            plain JSON values.
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
        """Return for each row the action (an offer, or "none"), what it is to gain with its interval, and the evidence.

        Args:
            frame: the features, and `value`: the profit at stake if the customer is kept, in currency.

        Raises:
            ValueError: a feature is missing.
        """
        risk = self.risk.predict(frame)[self.spec["risk"]].to_numpy(np.float64)
        value = frame["value"].to_numpy(np.float64)
        offers = self.spec["offers"]
        bounds = np.stack([self._gains(offer, frame, risk, value) for offer in offers], axis=2)
        beyond = np.nan_to_num(bounds[0] - np.array([offer["price"] for offer in offers]), nan=-np.inf)
        best, rows = beyond.argmax(axis=1), np.arange(len(frame))
        treated = beyond[rows, best] > 0
        gain, low, high = (np.where(treated, part[rows, best], 0.0) for part in bounds)
        names, evidence = (np.array([offer[key] for offer in offers], object)[best] for key in ("name", "evidence"))
        columns = (np.where(treated, names, NO_OFFER), gain, low, high, np.where(treated, evidence, ""))
        return pd.DataFrame(dict(zip(POLICY_OUTPUTS, columns, strict=True)), index=frame.index)

    def _gains(self, offer: Mapping[str, Any], frame: pd.DataFrame, risk: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Return the expected gain of an offer and its bounds, shape (3, n)."""
        effect = offer["effect"]
        if isinstance(effect, list):
            low, kept, high = (share * risk * value for share in effect)
        else:
            middle, least, most = effect_bounds(effect, self.trees[offer["name"]], frame)
            parts = np.stack([least, middle, most])
            if effect["outcome"] == "probability":
                parts = np.sort(np.clip(parts, risk - 1, risk) * value, axis=0)
            low, kept, high = parts
        return np.stack([kept, low, high]) - offer["cost"]


def _folder(offer: Mapping[str, Any]) -> str:
    return str(offer.get("trees", offer["name"]))
