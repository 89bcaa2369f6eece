"""Notes: what a reader of outcomes should know, as sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from patron.decisions.outcomes.campaigns import ONE_IN_A_THOUSAND

__all__ = ["notes_of"]


def notes_of(table: pd.DataFrame, counts: Mapping[str, int], following: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is odd about decisions, or limits what their outcomes tell.

    Args:
        table: a line for each campaign.
        counts: rows that were repeated, customers in several groups, overlaps.
        following: what was carried out.
    """
    yield from _of_counts(counts)
    for line in table.itertuples():
        yield from _of_campaign(line)
    if following.get("overridden"):
        reported = following["followed"] + following["overridden"]
        yield (
            f"{following['overridden']:,} of {reported:,} decisions to treat that were reported were overridden; what "
            "the others earned beside them is observational"
        )
    missing = following.get("capacity", {})
    if missing.get("missing"):
        promised = f", of which a gain of {missing['promised']:,.2f} was expected" if missing["promised"] > 0 else ""
        yield f"capacity was missing for {missing['missing']:,} decisions{promised}; say what there is: capacity = 1000"


def _of_counts(counts: Mapping[str, int]) -> Iterator[str]:
    if counts["repeated"]:
        yield f"{counts['repeated']:,} decisions came twice and count once"
    if counts["in_several"]:
        yield (
            f"{counts['in_several']:,} customers are in several groups or offers of one cutoff; none of their "
            "decisions there counts"
        )
    if counts["overlapping"]:
        yield (
            f"{counts['overlapping']:,} customers were decided on again before the horizon of an earlier decision was "
            "over; what came of both is mixed in their outcome"
        )
    if counts["not_begun"]:
        yield f"of {counts['not_begun']:,} cutoffs nothing is known yet"


def _of_campaign(line: Any) -> Iterator[str]:
    name = f"{line.offer}{' by lot' if line.explored else ''} of {line.cutoff:%Y-%m-%d}"
    if line.evidence == "none":
        yield (
            f"{name} has {line.control:,} held out and {line.treated:,} treated: what these customers earned is known, "
            "what the offer did is not; hold some out (holdout = 0.1)"
        )
    if line.mismatch < ONE_IN_A_THOUSAND:
        yield (
            f"{name} holds out {line.control:,} of {line.control + line.treated:,}, which the declared draw does in "
            "less than one of a thousand cases: the draw or a file is broken, so its effect is observational"
        )
    if line.early:
        yield f"{name} is early: {line.days:,} days are counted, and its intervals hold however often somebody looks"
    if line.contaminated:
        yield f"{line.contaminated:,} of {line.control:,} held out of {name} got the offer, which hides its effect"
    if line.not_reached and line.not_reached == line.treated:
        yield f"{name} reached nobody, so that its difference is chance"
    elif line.not_reached:
        yield f"{line.not_reached:,} of {line.treated:,} to be treated by {name} were not reached, and count as decided"
    if line.tied:
        share = f"{line.tied:,} of {line.control:,} held out of {name} ({line.tied / line.control:.0%})"
        yield (
            f"{share} are tied to somebody who was to be treated, and may have been reached through them, which hides "
            "its effect"
        )
    if line.split_clusters:
        yield (
            f"{line.split_clusters:,} of {line.clusters:,} clusters of {name} are in both groups, though a cluster is "
            "held out as a whole: what reaches the held out hides the effect, and the interval is not theirs"
        )
    if line.other_offers:
        count = line.control + line.treated
        yield f"{line.other_offers:,} of {count:,} customers of {name} got another offer within the days counted"
    low, high = (
        (line.incremental_low, line.incremental_high)
        if line.incremental == line.incremental
        else (line.kept_effect_low, line.kept_effect_high)
    )
    if low <= 0 <= high:
        yield f"the interval of {name} includes zero: this does not show that it earned or lost anything"
