"""Learned effects: what an offer would change for the customers of today, as past campaigns showed it.

It is kept as text and JSON beside the model of the risk, so that both score, move and are checked together.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.gains import CAUSES
from patron.decisions.uplift import EffectCard, EffectModel, Effects
from patron.decisions.uplift.campaigns import CampaignTrial
from patron.engines.outputs import write_text
from patron.errors import QuestionError, RegistryError, listed
from patron.questions.matrices import Matrix
from patron.scoring.model import check_definitions

__all__ = ["FOLDER", "LearnedEffect", "effects_today", "kept_effects", "learned_effect"]

FOLDER, CARD = "effects", "card.json"


@dataclass(frozen=True)
class LearnedEffect:
    """What past campaigns showed of one offer.

    Args:
        offer: which offer.
        model: answers for customers; its features have the words and formulas of those that all models look at.
        card: what speaks for and against it, as plain values: evidence, sentences, counts, notes and tables.
    """

    offer: str
    model: EffectModel
    card: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The card as JSON."""
        return json.dumps(self.card, indent=1)

    @property
    def figures(self) -> dict[str, float]:
        """The mean effect with its interval, and how many customers it surely helps or harms."""
        (line,) = self.card["effects"]
        return {name: float(value) for name, value in line.items() if isinstance(value, int | float)}

    def save(self, bundle: Path) -> None:
        """Write it beside a model, below the folder of its bundle."""
        folder = self.model.save(bundle / FOLDER / self.offer)
        write_text(self.text, folder / CARD)


def learned_effect(offer: str, trial: CampaignTrial, effects: Effects) -> LearnedEffect:
    """Return what was learned of an offer, with the meaning of its features.

    Raises:
        QuestionError: the offer has several arms beside control.
    """
    if len(trial.treatments) > 1:
        raise QuestionError(
            f"The offer {offer!r} has several arms beside control ({listed(trial.treatments)}), and a decision makes "
            "one offer. Give each a name of its own in the column of offers, and a section of its own below [offers]."
        )
    meant = {definition.name: definition for definition in trial.definitions}
    features = [
        {**feature, "words": meant[feature["name"]].words, "formula": meant[feature["name"]].formula}
        for feature in effects.model.spec["features"]
    ]
    about = {"question": f"the effect of {offer}", "features": features}
    model = replace(effects.model, spec={**effects.model.spec, **about})
    return LearnedEffect(offer, model, _card(offer, trial, effects.card) | {"unit": _unit(model)})


def kept_effects(bundle: Path, offers: Sequence[str], model: str) -> tuple[LearnedEffect, ...]:
    """Return what a registered model knows of some offers.

    Args:
        bundle: its folder.
        offers: their names.
        model: what it is called, for messages.

    Raises:
        RegistryError: it knows nothing of one of them.
    """
    missing = [offer for offer in offers if not (bundle / FOLDER / offer / CARD).is_file()]
    if missing:
        raise RegistryError(
            f"The effect of {listed(missing)} is to be learned, and {model} was trained without. Train again: "
            'patron train, or write an assumption in place of effect = "learned".'
        )
    folders = {offer: bundle / FOLDER / offer for offer in offers}
    return tuple(
        LearnedEffect(offer, EffectModel.load(folder), json.loads((folder / CARD).read_text(encoding="utf-8")))
        for offer, folder in folders.items()
    )


def effects_today(learned: Sequence[LearnedEffect], rows: Matrix, scores: pd.DataFrame) -> pd.DataFrame:
    """Return what each offer would change for customers, in currency, as `patron.decisions.decide` takes it.

    An uplift of the chance to stay is worth so much of the value at stake. It takes nobody beyond a chance of 0 or 1.

    Args:
        learned: what was learned of each offer.
        rows: features of customers, each once.
        scores: `customer`, `churn_probability` and `value` of the same customers or more.

    Returns:
        customer, offer, `kept` (change of profit before costs) with its interval, evidence, and the widths of the
        interval by causes that customers share (`error_1`, `error_2`, ...).

    Raises:
        ScoreError: a feature is missing, or means something else than where the effect was learned.
    """
    known = rows.take(rows.key.customer.isin(scores.customer).to_numpy())
    about = scores.set_index("customer").loc[known.key.customer]
    table = pd.concat([_of_offer(effect, known, about) for effect in learned], ignore_index=True)
    return table.fillna(dict.fromkeys(table.filter(regex=CAUSES), 0.0))


def _of_offer(learned: LearnedEffect, rows: Matrix, scores: pd.DataFrame) -> pd.DataFrame:
    check_definitions(learned.model, rows)
    table = learned.model.predict(rows.X)
    bounds = table[["effect_low", "effect", "effect_high"]].to_numpy(dtype=np.float64)
    causes = table.filter(regex=CAUSES).reset_index(drop=True)
    if learned.model.spec["outcome"] == "probability":
        risk, value = (scores[[name]].to_numpy(dtype=np.float64) for name in ("churn_probability", "value"))
        bounds, causes = np.sort(np.clip(bounds, risk - 1, risk) * value, axis=1), causes * value
    low, kept, high = bounds.T
    names = {"customer": rows.key.customer.to_numpy(), "offer": learned.offer}
    figures = {"kept": kept, "kept_low": low, "kept_high": high}
    return pd.DataFrame({**names, **figures, "evidence": table.evidence.to_numpy()}).join(causes)


def _card(offer: str, trial: CampaignTrial, card: EffectCard) -> dict[str, Any]:
    tables = {
        name: getattr(card, name) for name in ("effects", "candidates", "policies", "deciles", "placebo", "ladder")
    }
    plain = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
    about = {"offer": offer, "question": trial.question.name if trial.question else "", "outcome": trial.outcome_kind}
    words = {"evidence": card.evidence, "sentences": list(card.sentences), "notes": list(trial.notes)}
    return {**about, **words, "contacts": dict(trial.counts), **plain}


def _unit(model: EffectModel) -> str:
    """What gains on the card are of: money, or customers kept where nobody said what one is worth."""
    is_worth = model.spec["outcome"] != "probability" or model.spec["value"] != 1.0 or any(model.spec["costs"])
    return "money" if is_worth else "customers"
