"""Preflight: four questions before a campaign goes out, each with the figures that answer it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from patron.decisions.offers import Offer
from patron.decisions.rules import Rules
from patron.errors import listed
from patron.metrics.campaign_power import design_effect, power

__all__ = ["preflight"]

CHANCE = 0.8
UNNAMED = "a channel without a name"


def preflight(table: pd.DataFrame, summary: Mapping[str, Any], offers: Sequence[Offer], rules: Rules) -> list[str]:
    """Return answers to four questions: is the process ready, does it pay, is consent kept, is there a control.

    Args:
        table: of the decisions.
        summary: of the decisions.
        offers: what could be done.
        rules: what the plan keeps to.
    """
    treated = table[table.group == "treat"]
    control = _control(table, summary["holdout"])
    return [_ready(treated, offers, rules), _pays(summary, rules), _against(summary, offers), control]


def _ready(treated: pd.DataFrame, offers: Sequence[Offer], rules: Rules) -> str:
    channel = treated.offer.map({offer.name: offer.channel or UNNAMED for offer in offers})
    counts = {name: int((channel == name).sum()) for name in sorted({offer.channel or UNNAMED for offer in offers})}
    known = rules.capacities
    words = [f"{name} {n:,}" + (f" of {known[name]:,}" if name in known else "") for name, n in counts.items()]
    unsaid = [name for name, n in counts.items() if n and name not in known and rules.contacts is None]
    first = next((name for name in unsaid if name != UNNAMED), "mail")
    mend = f"; nobody said how many {listed(unsaid)} can do: [channels.{first}] capacity = 1000" if unsaid else ""
    return f"capacity: contacts by {', '.join(words)}{mend}"


def _pays(summary: Mapping[str, Any], rules: Rules) -> str:
    spent, gain, low = (summary[name] for name in ("spent", "expected_gain", "gain_low"))
    words = f"gain: {gain:,.2f} expected beyond {spent:,.2f} of costs, {low:,.2f} at the lower bound"
    if not summary["treated"]:
        surely = " at the lower bound of its gain, by which robust = true chooses" if rules.robust else ""
        no_offer = f"no offer earns its cost{surely}"
        mend = "the budget is 0: [decisions] budget = 2000.0" if summary["budget"] == 0 else no_offer
        return f"gain: none, as nobody is treated; {mend}"
    return f"{words}; it may lose: ask for robust = true, or try it on few" if low < 0 else words


def _against(summary: Mapping[str, Any], offers: Sequence[Offer]) -> str:
    alone = summary["left_alone"]
    whys = ("no consent", "contacted too lately", "contacted too often", "do not disturb")
    kept = [f"{alone[why]:,} {why}" for why in whys if why in alone]
    unasked = listed(offer.name for offer in offers if not offer.consent)
    left = f"left alone {', '.join(kept)}" if kept else "nobody left alone"
    mend = "" if unasked == "none" else f'; no consent is looked at for {unasked}: consent = "the column"'
    return f"consent: {left}{mend}"


def _control(table: pd.DataFrame, holdout: float) -> str:
    lot, table = table[table.explored], table[~table.explored]
    held = int((table.group == "control").sum())
    drawn = f"; of {len(lot):,} for whom a lot decides it leaves {(lot.group == 'control').sum():,} alone"
    beside = drawn if len(lot) else ""
    if not 0 < held < len(table):
        if len(lot):
            return (
                f"control: none of the plan, so nobody will know what its choice did{beside}; [decisions] holdout = 0.1"
            )
        if holdout and not len(table):
            return "control: none, as nobody is treated"
        return "control: none, so nobody will know what the offers did; [decisions] holdout = 0.1"
    words = f"control: {held:,} of {len(table):,} held out"
    return f"{words}{_seen(table, held)}{beside}"


def _seen(table: pd.DataFrame, held: int) -> str:
    """Return the difference that a hold-out sees; of clusters where they are all alike, which is the most it may be."""
    rate = float(table.churn_probability.mean())
    if not 0 < rate < 1:
        return ""
    sees = partial(power, rate=rate, customers=len(table), chance=CHANCE, holdout=held / len(table))
    words = f"; a difference in leaving of {100 * sees().effect:.1f} points is seen with a chance of {CHANCE:.0%}"
    if "cluster" not in table:
        return words
    most = sees(design=design_effect(table.groupby("cluster").size().tolist(), alike=1.0)).effect
    alike = f"of {100 * most:.1f} if all of a cluster do the same"
    return f"{words} if customers of a cluster are as unlike as others, {alike}"
