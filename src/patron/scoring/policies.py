"""Policies: risk, effects, offers and prices as one model, which decides where Patron is not installed.

It decides for one customer at a time: a budget comes in as the price of each offer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from patron.decisions import Offer, Rules
from patron.decisions.former_contacts import FormerContacts, contacts_within
from patron.decisions.permission import cap, columns_needed, limits
from patron.errors import SettingsError, listed
from patron.models.serving import Bundle, Policy
from patron.scoring.learned_effects import LearnedEffect

__all__ = ["policy_of"]

FREE: Mapping[str, float] = MappingProxyType({})
BEGUN = "business_"  # before the name of former contacts where a feature has it, which counts what customers began too
RISKS = ("cancellation_probability", "churn_probability")
NO_RULES = Rules()
OUTPUTS = {
    "action": "string",
    "expected_gain": "float64",
    "gain_low": "float64",
    "gain_high": "float64",
    "evidence": "string",
    "reasons": "string",
}


def policy_of(
    risk: Bundle,
    learned: Sequence[LearnedEffect],
    offers: Sequence[Offer],
    price: Mapping[str, float] = FREE,
    rules: Rules = NO_RULES,
) -> Policy:
    """Return the policy that gives each customer the offer that gains most beyond its price, of those they may get.

    Consent, conditions, rest, fatigue and the cap on contacts become inputs, as a plan looks at them; a condition of
    the chance to leave takes that of the model. Former contacts are named `business_last_contact` and the like where a
    feature of the models has their name.

    Args:
        risk: the model of the chance to leave.
        learned: what past campaigns showed of the offers whose effect is learned.
        offers: what can be done, and what it costs.
        price: of an offer, what it must gain beyond its own cost, in currency (`prices` of a plan); 0 unless given.
        rules: the cap on a customer's contacts, and whether the lower bound of the gain counts.

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
    looked_at = columns_needed(offers, replace(rules, holdout_by=""))
    specs = [risk.spec, *(effect.model.spec for effect in used.values())]
    former = _former(looked_at, specs)
    others = {former.get(name, name): "float64" if name in former else "any" for name in looked_at}
    spec = {
        "format": 1,
        "kind": "policy",
        "risk": column,
        "risk_names": [name for name in RISKS if name in looked_at],
        "features": _features(specs, others),
        "outputs": [{"name": name, "dtype": dtype} for name, dtype in OUTPUTS.items()],
        "robust": rules.robust,
        "cap": _named(cap(rules), former),
        "offers": [
            _plain(offer, used.get(offer.name), price.get(offer.name, 0.0), former) | {"trees": f"offer_{number}"}
            for number, offer in enumerate(offers, start=1)
        ],
    }
    return Policy(spec, risk, {name: effect.model.boosters for name, effect in used.items()})


def _former(looked_at: Sequence[str], specs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of former contacts in the policy: others, where their own are those of features."""
    features = {feature["name"] for spec in specs for feature in spec["features"]}
    return {name: f"{BEGUN * (name in features)}{name}" for name in FormerContacts.among(looked_at).columns}


def _features(specs: Sequence[Mapping[str, Any]], looked_at: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the columns that any of the models looks at, the value, and what says who may get an offer."""
    names = {feature["name"]: feature for spec in reversed(specs) for feature in spec["features"]}
    kept = [{key: feature[key] for key in ("name", "dtype", "levels")} for feature in names.values()]
    value = [] if "value" in names else [{"name": "value", "dtype": "float64", "levels": []}]
    others = {name: dtype for name, dtype in looked_at.items() if name not in (*names, *RISKS, "value")}
    return [*kept, *value, *({"name": name, "dtype": dtype, "levels": []} for name, dtype in others.items())]


def _plain(offer: Offer, learned: LearnedEffect | None, price: float, former: Mapping[str, str]) -> dict[str, Any]:
    effect = list(offer.effects) if learned is None else dict(learned.model.spec)
    evidence = offer.evidence if learned is None else learned.model.spec["evidence"]
    known = {"name": offer.name, "cost": offer.cost, "price": price, "evidence": evidence, "effect": effect}
    may, fatigue = limits(offer), {"column": contacts_within(offer.fatigue_days), "each": offer.fatigue}
    return known | {
        "consent": may["consent"],
        "eligible": [_named(condition, former) for condition in may["eligible"]],
        "rest": _named(may["rest"], former),
        "fatigue": _named(fatigue, former) if offer.fatigue else None,
    }


def _named(limit: Mapping[str, Any] | None, former: Mapping[str, str]) -> dict[str, Any] | None:
    """Return a limit that looks at its column under the name that it has in the policy."""
    return None if limit is None else {**limit, "column": former.get(limit["column"], limit["column"])}
