"""Policies: risk, effects, offers and prices as one model, which decides where Patron is not installed.

It decides for one customer at a time: a budget comes in as the price of each offer.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from patron.decisions import Offer
from patron.errors import SettingsError, listed
from patron.models.serving import Bundle, Policy
from patron.scoring.learned_effects import LearnedEffect

__all__ = ["policy_of"]

FREE: Mapping[str, float] = MappingProxyType({})
RISKS = ("cancellation_probability", "churn_probability")
OUTPUTS = {"action": "string", "expected_gain": "float64", "gain_low": "float64", "gain_high": "float64"}


def policy_of(
    risk: Bundle, learned: Sequence[LearnedEffect], offers: Sequence[Offer], price: Mapping[str, float] = FREE
) -> Policy:
    """Return the policy that gives each customer the offer that gains most beyond its price, or none.

    Args:
        risk: the model of the chance to leave.
        learned: what past campaigns showed of the offers whose effect is learned.
        offers: what can be done, and what it costs.
        price: of an offer, what it must gain beyond its own cost, in currency (`prices` of a plan); 0 unless given.

    Raises:
        SettingsError: the model knows no chance to leave, an effect is to be learned and was not, or a price is of
            another offer.
    """
    names, known = [offer.name for offer in offers], {effect.offer: effect for effect in learned}
    answers = [output["name"] for output in risk.spec["outputs"]]
    column = next((name for name in RISKS if name in answers), None)
    if column is None:
        raise SettingsError(f"A policy needs a chance to leave, and the model answers {listed(answers)}. Give churn's.")
    missing = [offer.name for offer in offers if offer.is_learned and offer.name not in known]
    if missing:
        raise SettingsError(
            f"The effect of {listed(missing)} is to be learned, and what was learned is of {listed(known)}. "
            "Give it (learned=...), or write an assumption: effect = 0.1."
        )
    strange = sorted(set(price) - set(names))
    if strange:
        raise SettingsError(f"The price is of {strange[0]!r}, which is no offer of {listed(names)}. Leave it out.")
    used = {offer.name: known[offer.name] for offer in offers if offer.is_learned}
    spec = {
        "format": 1,
        "kind": "policy",
        "risk": column,
        "features": _features([risk.spec, *(effect.model.spec for effect in used.values())]),
        "outputs": [{"name": name, "dtype": dtype} for name, dtype in (OUTPUTS | {"evidence": "string"}).items()],
        "offers": [
            _plain(offer, used.get(offer.name), price.get(offer.name, 0.0)) | {"trees": f"offer_{number}"}
            for number, offer in enumerate(offers, start=1)
        ],
    }
    return Policy(spec, risk, {name: effect.model.boosters for name, effect in used.items()})


def _features(specs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the columns that any of the models looks at, and the value."""
    names = {feature["name"]: feature for spec in reversed(specs) for feature in spec["features"]}
    kept = [{key: feature[key] for key in ("name", "dtype", "levels")} for feature in names.values()]
    return [*kept, *([] if "value" in names else [{"name": "value", "dtype": "float64", "levels": []}])]


def _plain(offer: Offer, learned: LearnedEffect | None, price: float) -> dict[str, Any]:
    effect = list(offer.effects) if learned is None else dict(learned.model.spec)
    evidence = offer.evidence if learned is None else learned.model.spec["evidence"]
    return {"name": offer.name, "cost": offer.cost, "price": price, "evidence": evidence, "effect": effect}
