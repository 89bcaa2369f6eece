"""Decision section: the values of the part of the page about whom to treat, what it earns, and on what ground."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions import Decisions, Offer
from patron.formatting import money
from patron.reports import plots
from patron.reports.evidence_words import evidence_words
from patron.reports.plan_plots import RUNGS, curve_plot, ladder_plot
from patron.reports.rendering import inline

__all__ = ["decision_section"]

TOP_DECISIONS, EXAMPLES, MOST_REASONS = 25, 10, 2
UNREACHED = ("budget does not reach", "budget or capacity does not reach")
PUSH = re.compile(", (raises|lowers) the risk.*")
QUESTIONS: Mapping[str, str] = {
    "capacity": "Is the process ready?",
    "gain": "Does it pay?",
    "consent": "Is everybody asked who must be?",
    "control": "Will we know what it did?",
}
LEFT_ALONE: Mapping[str, str] = {
    "no value at stake": "nothing is lost with them: their value is zero or below",
    "no consent": "they have not agreed to be reached so, or nobody knows whether they have",
    "not eligible": "they meet the conditions of no offer",
    "contacted too lately": "they were contacted a short time ago and are left to rest",
    "contacted too often": "they have had as many contacts as anybody may have",
    "do not disturb": "past campaigns show that an offer would sooner wake them to leave",
    "no offer earns its cost": "an offer would cost more than it is expected to save",
    "budget does not reach": "worth an offer, but others earn more and the budget ends before them",
    "budget or capacity does not reach": "worth an offer, but others earn more, and budget or capacity end before them",
}


def decision_section(
    decisions: Decisions, offers: Sequence[Offer], preflight: Sequence[str], currency: str
) -> dict[str, Any]:
    """Return the values that the template of decisions names.

    Args:
        decisions: its tables have a pseudonym for each customer.
        offers: what a customer could be given.
        preflight: the answers to four questions before a campaign.
        currency: code or sign of the currency that all money is in, empty where nobody said.
    """
    table, summary = decisions.table.drop(columns="customer", errors="ignore"), decisions.summary
    lossy = decisions.unprofitable
    return {
        "summary": summary,
        "decided": [_row(row) for row in table.head(TOP_DECISIONS).to_dict("records")],
        "examples": _examples(table, {offer.name: offer for offer in offers}),
        "alone": [(n, why, LEFT_ALONE.get(why, why)) for why, n in summary["left_alone"].items() if n],
        "preflight": [(QUESTIONS.get(head, head), text) for head, _, text in (a.partition(": ") for a in preflight)],
        "shortfall": float(lossy.shortfall.sum()) if "shortfall" in lossy else 0.0,
        "offers": _offers(decisions, offers),
        "learned": [offer.name for offer in offers if offer.is_learned],
        "evidence": [evidence_words(kind) for kind in summary["evidence"].split("; ")],
        "effects": _effects(decisions.table),
        "money": inline(plots.money_plot(decisions, currency)),
        "line_end": _line_end(summary, max(offer.cost for offer in offers), currency),
        "curve": inline(curve_plot(summary["curve"], currency)) if summary["curve"] else "",
        "best": next((point for point in summary["curve"] if point["point"] == "best"), None),
        "rungs": [rung | {"words": RUNGS[rung["rung"]]} for rung in summary["ladder"]],
        "past": _past(summary.get("past_ladders", {})),
        "ladder": inline(ladder_plot(summary["ladder"], currency)),
    }


def _past(ladders: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What ever finer strategies brought in past campaigns, by offer."""
    return [
        {"offer": offer, "unit": past["unit"], "ground": evidence_words(past["evidence"])}
        | {"rungs": [rung | {"words": RUNGS[rung["rung"]]} for rung in past["rungs"]]}
        for offer, past in ladders.items()
    ]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the decisions with its reasons apart and what its effect rests on."""
    reasons = {
        side: [text for text in (row.get(side) or "").split("; ") if text]
        for side in ("reasons_for", "reasons_against")
    }
    return row | reasons | {"ground": row["evidence"].split(":")[0]}


def _examples(table: pd.DataFrame, offers: Mapping[str, Offer]) -> list[dict[str, Any]]:
    """Some of the treated, from the highest gain to the lowest, as who speaks with them wants to know them."""
    treated = table[table.group == "treat"]
    places = np.unique(np.linspace(0, len(treated) - 1, min(EXAMPLES, len(treated))).round().astype(int))
    rows = (_row(row) for row in treated.iloc[places].to_dict("records"))
    return [row | _spoken(row) | {"given": offers[row["offer"]], "never": _never(offers[row["offer"]])} for row in rows]


def _spoken(row: Mapping[str, Any]) -> dict[str, list[str]]:
    """The first reasons on both sides, without how far they move the risk."""
    return {
        side: [PUSH.sub("", text) for text in row[side][:MOST_REASONS]] for side in ("reasons_for", "reasons_against")
    }


def _never(offer: Offer) -> str:
    """What not to promise with an offer."""
    if offer.incentive_cost:
        return "anything beyond this offer, or a second one if it is not taken"
    return "a discount or a gift: this offer has none"


def _offers(decisions: Decisions, offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Each offer with what is expected of it, what it must keep to pay, and what half its effect would earn."""
    woken = decisions.summary["do_not_disturb"]["offers"]
    return [
        {"offer": offer} | decisions.summary["offers"][offer.name] | _effects(table) | _effect(offer, table, woken)
        for offer in offers
        for table in [decisions.table[decisions.table.offer == offer.name]]
    ]


def _effect(offer: Offer, table: pd.DataFrame, woken: Mapping[str, int]) -> dict[str, Any]:
    """The share of those who would leave that an offer keeps: as assumed, or as campaigns showed it for the treated."""
    low, middle, high = offer.effects
    if not offer.is_learned:
        return {"effect": middle, "bounds": (low, high), "source": "" if offer.effect == middle else offer.evidence}
    treated = table[table.group == "treat"]
    stake = float((treated.churn_probability * treated.value).sum())
    share = float((treated.expected_gain + treated.cost).sum()) / stake if stake else None
    source = "; ".join(sorted(set(table.evidence))) or f"learned; {woken.get(offer.name, 0):,} would sooner leave by it"
    return {"effect": share, "bounds": (), "source": source}


def _line_end(summary: Mapping[str, Any], dearest: float, currency: str) -> str:
    """Return why the line of gain by money spent ends where it does."""
    withheld, alone = summary["withheld"], summary["left_alone"]
    if not any(alone.get(why) for why in UNREACHED):
        return "The line ends where no other customer is worth an offer."
    if summary["budget"] - summary["spent"] - withheld >= dearest:
        by_lot = summary["exploration"]["customers"] > 0
        first = "what a lot leaves unspent" if by_lot else "a capacity or the cap on contacts"
        return f"The line ends before the budget because of {first}."
    held = f"The line ends before the budget because {money(withheld, currency)} belong to the customers held out."
    return held if withheld else ""


def _effects(table: pd.DataFrame) -> dict[str, float]:
    """Gain of the treated as assumed and at half the effect, and the effect at which it is nothing."""
    treated = table[table.group == "treat"]
    spent, gain = float(treated.cost.sum()), float(treated.expected_gain.sum())
    stake = float((treated.churn_probability * treated.value).sum())
    even = spent / stake if stake else 0.0
    return {"spent": spent, "gain": gain, "half": (gain + spent) / 2 - spent, "break_even": even}
