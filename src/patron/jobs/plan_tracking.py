"""Plan tracking: what of one plan goes into MLflow: the campaign, what it promises, and the policy as a model.

No customer's key goes there: the table has pseudonyms and no texts, or a line for each offer where it is long.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from patron.decisions import Decisions
from patron.formatting import json_values
from patron.jobs.decision_log import KeptPlan, keep_decisions, latest_plan
from patron.jobs.job import Job
from patron.jobs.plan_effects import learned_offers
from patron.jobs.tracking import NOTE, USER
from patron.jobs.unlogged_plans import PlanRun, hold_plan
from patron.jobs.users import user
from patron.models.serving import Bundle, Policy
from patron.registry import Champion
from patron.scoring.learned_effects import kept_effects
from patron.scoring.policies import policy_of
from patron.settings import Settings, describe

__all__ = ["keep_plan"]

LONGEST = 10_000  # rows of a table that is kept whole
LONGEST_PARAM = 500  # letters, as MLflow has long allowed; the whole text is in the campaign
CAMPAIGN = ("offers", "budget", "holdout", "exploration", "rules", "value", "effects", "seed", "currency")
FIGURES = (
    *("asked", "worth_treating", "chosen", "treated", "control", "spent", "withheld"),
    *("expected_gain", "gain_low", "gain_high", "gap", "unprofitable", "ties"),
)
SHOWN = (
    *("pseudonym", "cutoff", "group", "offer", "channel", "propensity", "explored"),
    *("churn_probability", "value", "cost", "fatigue"),
    *("expected_gain", "gain_low", "gain_high", "break_even", "evidence"),
)
SUMS = ("cost", "expected_gain", "gain_low", "gain_high")


def keep_plan(job: Job, preflight: Sequence[str]) -> KeptPlan:
    """Keep the plan that was just written in the decision log, what MLflow is to have of it first; return it.

    Args:
        job: whose plan it is.
        preflight: the answers to the four questions before a campaign.
    """
    plan = latest_plan(job.out)
    if plan.is_new:
        risk = job.champions[job.parts[0].explained]
        hold_plan(job.out, plan.name, _run(job, preflight, risk), _policy(job.settings, risk, job.plan.prices))
        keep_decisions(job.out, plan, job.settings.holdout, job.now)
    return plan


def _run(job: Job, preflight: Sequence[str], risk: Champion) -> PlanRun:
    plan = job.plan
    campaign = {name: v for name, v in describe(job.settings).items() if name.split(".")[0] in CAMPAIGN}
    texts = {
        "campaign.json": json.dumps(campaign, indent=1, default=str),
        "summary.json": json.dumps(json_values({**plan.summary, "preflight": preflight}), indent=1, default=str),
        **_table_text(plan.table.assign(pseudonym=job.named(plan.table))),
    }
    return PlanRun(
        f"{job.settings.name}-decisions",
        f"plan {job.scored.cutoff:%Y-%m-%d}, made {job.now:%Y-%m-%d %H:%M}",
        {_key(name): str(value)[:LONGEST_PARAM] for name, value in campaign.items()},
        _figures(plan),
        texts,
        _words(job, risk),
    )


def _policy(settings: Settings, risk: Champion, prices: Mapping[str, float]) -> Policy:
    """Return the policy of a plan as a model: the champion of the chance to leave, learned effects, offers, prices."""
    learned = kept_effects(risk.bundle, learned_offers(settings.offers), f"model {risk.name!r} version {risk.version}")
    return policy_of(Bundle.load(risk.bundle), learned, settings.offers, prices, settings.rules)


def _words(job: Job, risk: Champion) -> dict[str, str]:
    """Return what runs are searched by, and what the model leaves to the plan."""
    summary, cutoff = job.plan.summary, f"{job.scored.cutoff:%Y-%m-%d}"
    note = (
        f"**Plan** for {job.settings.name} at {cutoff}: {summary['treated']:,} treated, {summary['control']:,} held "
        f"out, expected gain {summary['expected_gain']:,.2f} [{summary['gain_low']:,.2f}, {summary['gain_high']:,.2f}]"
    )
    return {
        "business": job.settings.name,
        "cutoff": cutoff,
        "evidence": summary["evidence"],
        "risk_model": f"{risk.name}/{risk.version}",
        "scores": job.scored.manifest.run_id,
        "policy_leaves_out": ", ".join(_left_out(job.settings)) or "nothing",
        NOTE: note,
        USER: user(),
    }


def _left_out(settings: Settings) -> list[str]:
    """Return what of the campaign the plan looks at and the policy as a model does not."""
    looked_at = {
        "effects of a file": settings.effects is not None,
        "holdout": settings.holdout > 0,
        "holdout_by": bool(settings.rules.holdout_by),
        "exploration": settings.exploration > 0,
    }
    return [name for name, is_looked_at in looked_at.items() if is_looked_at]


def _figures(plan: Decisions) -> dict[str, float]:
    summary: Mapping[str, Any] = plan.summary
    figures = {name: float(summary[name]) for name in FIGURES}
    for name, group in summary["offers"].items():
        figures |= {_key(f"offers.{name}.{key}"): float(count) for key, count in group.items()}
    return figures | {_key(f"offers.{name}.price"): price for name, price in plan.prices.items()}


def _key(name: str) -> str:
    """Return a name without the characters that MLflow refuses in names."""
    return re.sub(r"[^/\w.\- :]", "_", name)


def _table_text(table: pd.DataFrame) -> dict[str, str]:
    """Return the decisions as a file: whole, or a line for each offer and group where they are many."""
    if len(table) <= LONGEST:
        return {"decisions.csv": table[list(SHOWN)].to_csv(index=False)}
    groups = table.groupby(["offer", "group", "evidence"], sort=True)
    lines = groups[list(SUMS)].sum().assign(customers=groups.size()).reset_index()
    return {"decisions_by_offer.csv": lines.to_csv(index=False)}
