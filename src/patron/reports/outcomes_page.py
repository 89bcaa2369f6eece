"""The outcomes page: what each campaign earned with doubt, whether promises were kept, what to do with each offer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from markupsafe import Markup

from patron.decisions.outcomes import Outcomes
from patron.decisions.preferred import Preferred
from patron.evaluation.familiarity import Familiarity
from patron.metrics import Estimate
from patron.reports.outcome_plots import MOST_CAMPAIGNS, earned_plot, familiar_plot, promised_plot
from patron.reports.rendering import inline, render

__all__ = ["OutcomesReport", "page"]

BY_LOT = {False: "", True: " by lot"}
ACTIONS = {
    "again": ("Do again", "the interval lies above zero"),
    "stop": ("Stop", "the interval lies below zero"),
    "test": ("Test", "the interval includes zero, or nobody was held out"),
    "wait": ("Wait", "the horizon is not over"),
}


@dataclass(frozen=True)
class OutcomesReport:
    """What past decisions of a business earned.

    Args:
        name: the business.
        made_at: when the page was made.
        currency: code or sign; empty where nobody said.
        outcomes: what they earned.
        notes: what to beware of, as sentences.
        familiarity: how errors about the next purchase go with what was known; None where nobody judged them.
        preferred: what customers prefer, and whether they were treated so; None where no table has what they said.
    """

    name: str
    made_at: datetime
    currency: str
    outcomes: Outcomes
    notes: Sequence[str]
    familiarity: Familiarity | None = None
    preferred: Preferred | None = None

    @property
    def campaigns(self) -> pd.DataFrame:
        """The campaigns, the latest first; those whose customers a lot chose are named so."""
        table = self.outcomes.table
        table = table.assign(offer=table.offer + table.explored.map(BY_LOT))
        return table.sort_values(["cutoff", "offer"], ascending=[False, True], ignore_index=True)

    @property
    def together(self) -> Estimate:
        """What the campaigns that are over, with a hold-out by lot, earned together; their doubts add in squares."""
        table = self.outcomes.table
        sure = table[~table.early & (table.evidence == "randomised") & table.incremental.notna()]
        if sure.empty:
            return Estimate(math.nan, math.nan, math.nan)
        half = math.sqrt(((sure.incremental_high - sure.incremental) ** 2).sum())
        value = math.fsum(sure.incremental)
        return Estimate(value, value - half, value + half)

    @property
    def actions(self) -> list[tuple[str, str, list[str]]]:
        """What to do, why, and the campaigns that it is true of."""
        table = self.campaigns
        named = table.offer.astype(str) + table.cutoff.dt.strftime(" (%-d %b %Y)")
        groups = ((words, why, list(named[table.advice == name])) for name, (words, why) in ACTIONS.items())
        return [group for group in groups if group[2]]

    @property
    def books(self) -> list[tuple[str, pd.DataFrame]]:
        """The ledger of each campaign, the latest first."""
        groups = self.outcomes.ledger.groupby(["cutoff", "offer", "explored"], sort=True)
        return [(f"{offer}{BY_LOT[lot]} of {cutoff:%-d %b %Y}", book) for (cutoff, offer, lot), book in groups][::-1]

    @property
    def latest(self) -> list[dict[str, Any]]:
        """The campaigns of the latest cutoff of which it is known what they earned."""
        known = self.campaigns[self.campaigns.incremental.notna()]
        return known[known.cutoff == known.cutoff.max()].to_dict("records")

    @property
    def plots(self) -> list[Markup]:
        """What each campaign earned beside what was promised, and by how much was promised."""
        known = self.campaigns[self.campaigns.incremental.notna()].head(MOST_CAMPAIGNS)
        thirds = self.outcomes.calibration.dropna()
        plots = [earned_plot(known, self.currency)] if len(known) else []
        plots += [promised_plot(thirds, self.currency)] if len(thirds) else []
        return [inline(plot) for plot in plots]

    @property
    def familiar_plot(self) -> Markup:
        """The errors about the next purchase by interactions."""
        return inline(familiar_plot(self.familiarity.table)) if self.familiarity else Markup()


def page(report: OutcomesReport) -> str:
    """Return the page as HTML."""
    return render("outcomes.html.j2", report.currency, report=report)
