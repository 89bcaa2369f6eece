"""Plan effects: what the offers of a plan were seen to change in past campaigns, for the customers of a scoring run."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypedDict

import pandas as pd

from patron.decisions import Offer
from patron.jobs.kept import ScoredRun, read_matrix, rows_name
from patron.registry import Champion

__all__ = ["PastLadder", "PastRung", "learned_offers", "past_ladders", "plan_effects"]


class PastRung(TypedDict):
    """What one strategy brought per contact of past campaigns, and how much more than the one before it."""

    rung: str
    treated: Annotated[float, "share of the contacts"]
    gain: float
    gain_low: float
    gain_high: float
    more: float
    more_low: float
    more_high: float


class PastLadder(TypedDict):
    """What ever finer strategies brought with past contacts of one offer."""

    evidence: str
    unit: Annotated[str, "of the gains: money, or customers kept"]
    rungs: list[PastRung]


def learned_offers(offers: Sequence[Offer]) -> list[str]:
    """Return the names of the offers whose effect is learned from past campaigns."""
    return [offer.name for offer in offers if offer.is_learned]


def plan_effects(
    offers: Sequence[Offer], run: ScoredRun, scores: Callable[[], pd.DataFrame], champion: Callable[[], Champion]
) -> pd.DataFrame | None:
    """Return what each learned offer would change for the customers of a run; None where no offer is learned.

    Args:
        offers: of the plan.
        run: whose rows are asked about, part by part: those of the customers whom the offers are for.
        scores: returns `customer`, `churn_probability` and `value` of the customers that are decided on.
        champion: returns the model that the effects were learned beside.

    Raises:
        RegistryError: the model was trained without one of these effects.
        ScoreError: a feature is missing, or means something else than where the effect was learned.
    """
    names = learned_offers(offers)
    if not names:
        return None
    from patron.scoring.learned_effects import effects_today, kept_effects

    model = champion()
    learned = kept_effects(model.bundle, names, f"model {model.name!r} version {model.version}")
    tables, about = [], scores()
    for path in run.staging.paths(rows_name(0)):
        rows = read_matrix(path, run.facts.definitions[0])
        tables.append(effects_today(learned, rows.take(rows.at(run.cutoff)), about))
    return pd.concat(tables, ignore_index=True)


def past_ladders(offers: Sequence[Offer], champion: Callable[[], Champion]) -> dict[str, PastLadder]:
    """Return what ever finer strategies brought in the past campaigns of each learned offer, where its card says so."""
    names = learned_offers(offers)
    if not names:
        return {}
    from patron.scoring.learned_effects import kept_effects

    model = champion()
    cards = {effect.offer: effect.card for effect in kept_effects(model.bundle, names, model.name)}
    return {
        name: {"evidence": card["evidence"], "unit": card["unit"], "rungs": card["ladder"]}
        for name, card in cards.items()
        if "ladder" in card
    }
