"""The model of effects: LightGBM text and JSON numbers, and the one way in which effects and arms follow from them.

Nothing in it is unpickled. As a folder it is `spec.json` and a text file for each group of trees.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.decisions.uplift.assignments import (
    POLICIES,
    RULE,
    Money,
    Rule,
    Scores,
    contrast_bounds,
    contrast_errors,
    rule_arms,
)
from patron.decisions.uplift.lines import Line
from patron.errors import RegistryError, ScoreError, listed
from patron.models.serving import effects_of, encode

__all__ = ["FORMAT", "EffectModel"]

FORMAT = 1
SPEC = "spec.json"


@dataclass(frozen=True)
class EffectModel:
    """Effects of several arms, and the policy that follows from them.

    Args:
        spec: arms, features, learners, lines, costs, policy and evidence, as plain JSON values.
        boosters: LightGBM models by the names that the learners know them by.
    """

    spec: Mapping[str, Any]
    boosters: Mapping[str, lgb.Booster]

    @classmethod
    def load(cls, path: str | Path) -> "EffectModel":
        """Read a model from its folder.

        Raises:
            RegistryError: it is no such folder, or of another format.
        """
        folder = Path(path)
        if not (folder / SPEC).exists():
            raise RegistryError(f"There is no model of effects in {folder.name!r}: it lacks {SPEC}. Name its folder.")
        spec = json.loads((folder / SPEC).read_text(encoding="utf-8"))
        if spec.get("format") != FORMAT or spec.get("kind") != "effects":
            raise RegistryError(
                f"{folder.name!r} holds a model of kind {spec.get('kind')!r}, format {spec.get('format')!r}; this "
                f"reads 'effects', format {FORMAT}. Learn it again: pt.train_effects(trial).model.save(...)."
            )
        texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.txt"))}
        return cls.of({"spec": spec, "trees": texts})

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "EffectModel":
        """Return the model of plain values, as `plain` gives them.

        Raises:
            RegistryError: trees are missing or break off.
        """
        names = [
            name for fitted in plain["spec"]["learners"].values() for part in fitted for name in part["trees"] if name
        ]
        broken = [name for name in names if "end of trees" not in plain["trees"].get(name, "")]
        if broken:
            raise RegistryError(
                f"The model of effects lacks trees, or they break off: {listed(broken)}. Copy the whole folder again."
            )
        return cls(plain["spec"], {name: lgb.Booster(model_str=plain["trees"][name]) for name in names})

    def plain(self) -> dict[str, Any]:
        """Return the model as plain values: numbers and texts only."""
        return {
            "spec": dict(self.spec),
            "trees": {name: trees.model_to_string() for name, trees in self.boosters.items()},
        }

    def save(self, path: str | Path) -> Path:
        """Write the model to a folder, which is made if it is not there."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        for name, trees in self.plain()["trees"].items():
            (folder / f"{name}.txt").write_text(trees, encoding="utf-8")
        (folder / SPEC).write_text(json.dumps(self.spec, indent=1, allow_nan=False), encoding="utf-8")
        return folder

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the effect of each offer on each customer: a row for each row of the frame and treatment.

        Columns: `customer` where the frame has it, `arm`, `effect` (over the control, in the unit of the outcome),
        `effect_low`, `effect_high` and `evidence`. The interval is that of the mean effect on customers like this: it
        holds what is not known of the calibration line, and how far learners differ that left out a part of customers.
        `error_1`, `error_2`, ... are half of it by these causes, which customers share: their squares add up to its
        own, and summed up over customers by cause they tell how sure the effect on all of them together is.

        Raises:
            ScoreError: a feature is missing, or holds something else than in training.
        """
        scores, arms = self.scores(frame), self.spec["arms"]
        by_arm = [self._by_arm(frame, scores, arm) for arm in range(1, len(arms))]
        return pd.concat(by_arm).sort_index(kind="stable")

    def recommend(self, frame: pd.DataFrame, rule: Rule | None = None) -> pd.DataFrame:
        """Return which arm each customer is to get.

        Columns: `customer` where the frame has it, `arm`, `base` (what the best single arm or the rule would give),
        `gain` over the control with its costs taken off, `gain_low`, `gain_high` (the interval of `predict`), and
        `evidence`.

        Args:
            frame: features of customers.
            rule: the user's own rule, where the policy starts from it: a column of arms, or a function of the frame.

        Raises:
            ScoreError: a feature is missing, or the rule names an arm that was never tried.
        """
        scores, spec = self.scores(frame), self.spec
        base = self._base(frame, rule)
        arm = POLICIES[spec["policy"]](scores, base, self.lines, self.money)
        gain, low, high = (np.zeros(len(frame)) for _ in range(3))
        for place in range(1, len(spec["arms"])):
            rows = arm == place
            bounds = contrast_bounds(scores, self.lines[place, 0], place, 0, spec["level"])
            for column, effect in zip((gain, low, high), bounds, strict=True):
                column[rows] = (spec["value"] * effect - spec["costs"][place])[rows]
        names = np.array(spec["arms"], dtype=object)
        columns = {"arm": names[arm], "base": names[base], "gain": gain, "gain_low": low, "gain_high": high}
        return pd.DataFrame({**_customer(frame), **columns, "evidence": spec["evidence"]}, index=frame.index)

    @property
    def money(self) -> Money:
        """What outcomes are worth and arms cost."""
        return Money(self.spec["value"], self.spec["costs"], self.spec["level"])

    @property
    def lines(self) -> dict[tuple[int, int], Line]:
        """The calibrated contrast of each pair of arms, the later one over the earlier."""
        return {(line["arm"], line["base"]): Line.of(line) for line in self.spec["lines"]}

    def scores(self, frame: pd.DataFrame) -> Scores:
        """Return what the learners promise of some customers.

        Raises:
            ScoreError: a feature is missing, or holds something else than in training.
        """
        try:
            X = encode(frame, self.spec["features"])
        except ValueError as error:
            raise ScoreError(f"{error} Give the columns that the trial had: {_names(self.spec)}.") from error
        by_arm = [self._promised(arm, X) for arm in self.spec["arms"]]
        parts = np.stack(by_arm, axis=2)
        return Scores(parts.mean(axis=0), parts)

    def _promised(self, arm: str, X: np.ndarray) -> np.ndarray:
        """Return what each fold's learner promises of an arm, shape (folds, n); control promises nothing."""
        learners = self.spec["learners"].get(arm)
        if learners is None or not len(X):
            return np.zeros((self.spec["folds"], len(X)))
        return np.stack([effects_of(part, [self.boosters.get(name) for name in part["trees"]], X) for part in learners])

    def _by_arm(self, frame: pd.DataFrame, scores: Scores, arm: int) -> pd.DataFrame:
        effect, low, high = contrast_bounds(scores, self.lines[arm, 0], arm, 0, self.spec["level"])
        columns = {"arm": self.spec["arms"][arm], "effect": effect, "effect_low": low, "effect_high": high}
        errors = contrast_errors(scores, self.lines[arm, 0], arm, 0, self.spec["level"]).T
        causes = {f"error_{number}": error for number, error in enumerate(errors, start=1)}
        about = {**_customer(frame), **columns, "evidence": self.spec["evidence"], **causes}
        return pd.DataFrame(about, index=frame.index)

    def _base(self, frame: pd.DataFrame, rule: Rule | None) -> np.ndarray:
        if self.spec["base"] != RULE:
            return np.full(len(frame), self.spec["arms"].index(self.spec["base"]))
        if rule is None:
            raise ScoreError(
                "The policy starts from the user's own rule, which was not given. "
                "Give the column of arms, or the function: recommend(frame, rule='...')."
            )
        return rule_arms(rule, frame, self.spec["arms"])


def _customer(frame: pd.DataFrame) -> dict[str, Any]:
    return {"customer": frame["customer"]} if "customer" in frame.columns else {}


def _names(spec: Mapping[str, Any]) -> str:
    return listed(feature["name"] for feature in spec["features"])
