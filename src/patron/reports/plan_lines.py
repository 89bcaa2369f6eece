"""Plan lines: what a plan rests on and what limits it, as lines on the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from patron.decisions import Rung

__all__ = ["plan_lines"]

PAST = ("gain", "more")
Figure = Literal["expected_gain", "gain_low", "gain_high", "more", "more_low", "more_high"]
FIGURES: tuple[tuple[Figure, Figure, Figure], ...] = (
    ("expected_gain", "gain_low", "gain_high"),
    ("more", "more_low", "more_high"),
)


def plan_lines(summary: Mapping[str, Any], preflight: Sequence[str]) -> list[str]:
    """Return what stands beside the figures of a plan: its evidence, its gap, whom it leaves alone, what to beware of.

    Args:
        summary: of the decisions.
        preflight: the answers to four questions before a campaign.

    >>> summary = {"evidence": "assumed", "gap": 0.0, "expected_gain": 9.0, "beware": [], "curve": [], "ladder": []}
    >>> summary |= {"exploration": {"customers": 0}}
    >>> plan_lines(summary | {"do_not_disturb": {"expected": 0, "surely": 0, "offers": {}}}, ["control: none"])
    ['evidence  assumed', 'preflight control: none']
    """
    lines = [f"evidence  {summary['evidence']}"]
    if summary["gap"] > 0.005:
        share = summary["gap"] / max(summary["gap"], summary["expected_gain"])
        lines.append(f"plan      no other plan can gain more by over {summary['gap']:,.2f} ({share:.4%})")
    woken = summary["do_not_disturb"]
    if woken["expected"]:
        lines.append(
            f"disturb   {woken['expected']:,} customers are expected to lose by an offer, {woken['surely']:,} of them "
            "surely: none gets one that would wake them to leave"
        )
    lot = summary["exploration"]
    if lot["customers"]:
        lines.append(
            f"explore   a lot chose for {lot['customers']:,} customers in the plan's place, {lot['treated']:,} of them "
            f"treated for {lot['spent']:,.2f}; that costs {lot['forgone']:,.2f} of expected gain"
        )
    best = next((point for point in summary["curve"] if point["point"] == "best"), None)
    if best:
        lines.append(
            f"curve     the most, {best['expected_gain']:,.2f}, would be gained with {best['customers']:,} customers "
            "treated, without any limits"
        )
    lines += [_rung(rung) for rung in summary["ladder"]]
    for offer, past in summary.get("past_ladders", {}).items():
        lines += [_past(offer, past["unit"], rung) for rung in past["rungs"]]
    lines += [f"preflight {answer}" for answer in preflight]
    return [*lines, *(f"beware    {sentence}" for sentence in summary["beware"])]


def _rung(rung: Rung) -> str:
    gain, more = (f"{rung[name]:,.2f} [{rung[low]:,.2f}, {rung[high]:,.2f}]" for name, low, high in FIGURES)
    step = "" if rung["rung"] == "nobody" else f", {more} more than the rung below"
    return f"ladder    {rung['rung']}: {gain} with {rung['customers']:,} customers for {rung['cost']:,.2f}{step}"


def _past(offer: str, unit: str, rung: Mapping[str, Any]) -> str:
    gain, more = (f"{rung[name]:,.4g} [{rung[f'{name}_low']:,.4g}, {rung[f'{name}_high']:,.4g}]" for name in PAST)
    step = "" if rung["rung"] == "nobody" else f", {more} more than the rung below"
    return f"past      {offer}, {rung['rung']}: {gain} {unit} per contact, {rung['treated']:.0%} treated{step}"
