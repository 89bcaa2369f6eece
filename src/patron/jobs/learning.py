"""Learning: the effects of offers from past campaigns, beside the model that they are kept with."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from patron.engines.outputs import write_text
from patron.history.after_contacts import contacts_of
from patron.history.offers import OFFERS
from patron.jobs.job import Job
from patron.jobs.plan_effects import learned_offers
from patron.questions.question import Question

if TYPE_CHECKING:
    from patron.scoring.learned_effects import LearnedEffect

__all__ = ["check_campaigns", "learn_effects", "write_effect_cards"]


def check_campaigns(job: Job) -> None:
    """Refuse an offer of whose past contacts no effect can be learned, long before anything is trained.

    Raises:
        QuestionError: there are no contacts of an offer, or nobody was treated or control.
    """
    for name in learned_offers(job.settings.offers):
        contacts_of(job.history, _in_table(job, name), _question(job).horizon)


def learn_effects(job: Job) -> "tuple[LearnedEffect, ...]":
    """Return the effects of the offers that are to be learned, on the question that offers are for.

    Raises:
        QuestionError: there are no contacts of an offer, or too few to compare.
    """
    return tuple(_learned(job, name) for name in learned_offers(job.settings.offers))


def write_effect_cards(job: Job, learned: "Sequence[LearnedEffect]") -> list[str]:
    """Write what was learned of each offer to the folder of results; return the files."""
    return [str(write_text(effect.text, job.out / f"effects_{effect.offer}.json")) for effect in learned]


def _learned(job: Job, name: str) -> "LearnedEffect":
    """Return what past contacts of an offer show; their costs count where somebody said what a customer is worth."""
    from patron.decisions.uplift import train_effects
    from patron.decisions.uplift.campaigns import campaign_trial
    from patron.scoring.learned_effects import learned_effect

    value = job.settings.value or None
    trial = campaign_trial(_question(job), job.history, _in_table(job, name), memory=job.memory)
    effects = train_effects(trial if value else replace(trial, cost=None), value=value, seed=job.settings.seed)
    learned = learned_effect(name, trial, effects)
    about = f"effects   {name}: {len(trial):,} of {trial.counts['contacts']:,} past contacts"
    job.tell("\n".join([about, *(f"          {line}" for line in _lines(learned))]))
    return learned


def _question(job: Job) -> Question:
    """Return the question that offers are for."""
    part = job.parts[0]
    (question,) = (question for question in part.questions if question.name == part.explained)
    return question


def _in_table(job: Job, name: str) -> str:
    """Return the name by which the table of offers knows one; empty where it has one offer, without a name."""
    has_names = OFFERS in job.history.tables and "offer" in job.history[OFFERS].columns
    return name if has_names else ""


def _lines(learned: "LearnedEffect") -> list[str]:
    """Return what to make of an effect, and which contacts told nothing of it."""
    aside = (f"left out: {n:,} contacts ({why})" for why, n in learned.card["contacts"]["left_out"].items())
    return [*learned.card["sentences"], *learned.card["notes"], *aside]
