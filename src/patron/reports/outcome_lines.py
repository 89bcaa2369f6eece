"""Outcome lines: what each campaign earned, with its doubt, as lines on the terminal."""

import math
from collections.abc import Sequence
from typing import Any

from patron.decisions.outcomes import Outcomes

__all__ = ["outcome_lines"]


def outcome_lines(outcomes: Outcomes, notes: Sequence[str]) -> list[str]:
    """Return a line for each campaign, what was followed, and what to beware of.

    Args:
        outcomes: what past decisions earned.
        notes: what a reader should know, as sentences.
    """
    lines = [f"outcome   {_campaign(line)}" for line in outcomes.table.itertuples()]
    follow = outcomes.following
    if follow:
        lines.append(
            f"followed  {follow['followed']:,} decisions, {follow['overridden']:,} overridden "
            f"({follow['changed']:,} changed, {follow['skipped']:,} skipped), {follow['unreported']:,} not reported"
        )
    return [*lines, *(f"beware    {note}" for note in notes)]


def _campaign(line: Any) -> str:
    """Return what a campaign earned, in a sentence."""
    parts = [
        f"{line.offer}{' by lot' if line.explored else ''} of {line.cutoff:%Y-%m-%d}: "
        f"{line.treated:,} treated, {line.control:,} held out, "
        f"{line.days:,} days{' so far' if line.early else ''}"
    ]
    if not math.isnan(line.kept_effect):
        points = [100 * value for value in (line.kept_effect, line.kept_effect_low, line.kept_effect_high)]
        parts.append("kept {:+.1f} points [{:+.1f}, {:+.1f}]".format(*points))
    if not math.isnan(line.incremental):
        parts.append(
            f"incremental profit {line.incremental:,.2f} [{line.incremental_low:,.2f}, {line.incremental_high:,.2f}]"
        )
    if not math.isnan(line.promised):
        parts.append(f"promised {line.promised:,.2f} [{line.promised_low:,.2f}, {line.promised_high:,.2f}]")
    if not math.isnan(line.cost):
        parts.append(f"cost {line.cost:,.2f}{'' if math.isnan(line.roi) else f', ROI {line.roi:.2f}'}")
    return "; ".join([*parts, f"evidence {line.evidence}", line.advice])
