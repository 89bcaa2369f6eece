"""Planning: whom to treat with what, from the answers and reasons of a scoring run."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from patron.decisions import TIES, Decisions, check_plan, columns_needed, lacking, with_risk
from patron.decisions.policy import decided
from patron.engines.memory import give_back
from patron.errors import QuestionError
from patron.history.history import History
from patron.history.ties import tie_clusters
from patron.jobs.kept import ScoredRun
from patron.jobs.plan_effects import past_ladders, plan_effects
from patron.jobs.plan_facts import OF_CONTACTS, plan_facts
from patron.jobs.written_effects import joined_effects, written_effects
from patron.registry import Champion
from patron.settings import Settings

__all__ = ["planned"]

RISKS = ("churn_probability", "cancellation_probability")


def planned(
    settings: Settings,
    scored: Callable[[], ScoredRun],
    reasoned: Callable[[pd.DataFrame], pd.DataFrame],
    value_needed: str,
    history: Callable[[], History],
    champion: Callable[[], Champion],
) -> Decisions:
    """Return the decisions of settings, refused before anything is scored where the settings cannot have any.

    Where a lot explores they have the log of what each customer is given, with the chance of just that.

    Args:
        settings: offers, the budget, and who is left untreated to learn from.
        scored: returns the run that answers.
        reasoned: returns a table of customers with the first reasons of each in words.
        value_needed: what to write where nobody said what a kept customer is worth.
        history: returns the event tables.
        champion: returns the model of the chance to leave, beside which learned effects are kept.

    Raises:
        QuestionError: the settings ask for no chance to leave, or do not say what a customer is worth.
    """
    check_plan(settings.offers, settings.budget, settings.holdout, settings.rules, settings.exploration)
    written = written_effects(settings.effects)
    run = scored()
    if not set(RISKS) & set(run.columns):
        raise QuestionError(
            "Decisions need a probability of churn, but the settings ask no churn question. "
            "Add to [questions]: churn = { horizon = 90 }."
        )
    answers = partial(_answers, run, value_needed)
    offers, rules = settings.offers, settings.rules
    facts = plan_facts(
        [name for name in columns_needed(offers, rules) if name != TIES],
        run,
        history if settings.outcomes or {*OF_CONTACTS} & {*settings.tables} else None,
        lambda name, known: lacking(name, known, offers),
        settings.portfolio,
    )
    if rules.holdout_by == TIES:
        facts = _with_ties(facts, tie_clusters(history(), run.cutoff))
    effects = joined_effects(written, plan_effects(offers, run, answers, champion))
    plan, log = decided(
        answers(),  # which nobody else holds, as they are a row for everybody
        offers,
        settings.budget,
        settings.holdout,
        None,
        settings.seed,
        rules=rules,
        facts=facts,
        effects=effects,
        exploration=settings.exploration,
    )
    given = log() if settings.exploration else plan.log  # without a lot it tells little of other policies
    del log
    give_back()
    past = {"past_ladders": past_ladders(offers, champion)}
    return replace(plan, table=reasoned(plan.table), summary={**plan.summary, **past}, log=given)


def _answers(run: ScoredRun, value_needed: str) -> pd.DataFrame:
    """Return what a plan asks of the answers about those who can leave."""
    scores = with_risk(run.scores([name for name in (*RISKS, "value", "expected_profit") if name in run.columns]))
    give_back()
    if "value" not in scores or scores.value.isna().any():
        raise QuestionError(f"Decisions need to know what a kept customer is worth: {value_needed}.")
    return scores


def _with_ties(facts: pd.DataFrame | None, tied: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return facts with the cluster of each customer who is tied to others, where the tables tell it."""
    if facts is None or tied is None:
        return facts if tied is None else tied.astype(str)
    return facts.merge(tied.astype(str), "left", "customer")
