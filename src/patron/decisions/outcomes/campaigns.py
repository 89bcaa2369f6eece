"""Campaigns: what one offer at one cutoff earned, as a line with its doubt and what it rests on.

Intention to treat: who was to be treated is compared with who was held out, whatever then happened to them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.outcomes.decision_tables import CONTROL, TREAT
from patron.decisions.outcomes.differences import Difference, difference
from patron.metrics import Estimate

__all__ = ["ONE_IN_A_THOUSAND", "Campaign", "advice", "mismatch"]

FEWEST = 2  # customers in each arm
ONE_IN_A_THOUSAND = 0.001
EXPECTED = 5  # customers in a cell, below which a chi-square says nothing
ROUNDING = 1e-6
KNOWN_BEFORE = ("orders_before", "before", "churn_probability", "value")
PROMISED = {"promised": "expected_gain", "promised_low": "gain_low", "promised_high": "gain_high"}
UNKNOWN = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Campaign:
    """One offer at one cutoff.

    Args:
        rows: its decisions with what came of them (`Window.measure`).
        days: how many days of the horizon are counted.
        is_over: whether that is all of it.
        reached: who got which offer, by the table of offers or of what was done; None where neither says it.
        others: how many of its customers got another offer in that time.
        tied: the held out of the cutoff who are tied to a treated customer; None where no table tells ties.
    """

    rows: pd.DataFrame
    days: int
    is_over: bool
    reached: pd.DataFrame | None = None
    others: int = 0
    tied: pd.Series | None = None

    def line(self) -> dict[str, Any]:
        """Return what it earned, with intervals, evidence and words."""
        treated, kept, earned = self._treated, self._effect("kept"), self._effect("earned")
        cost = self._cost
        profit = _times(earned, len(treated))
        is_promised = not self.explored  # of those whom a lot chose nobody expected a gain
        promised = {
            name: math.fsum(treated[column]) if is_promised and column in treated else math.nan
            for name, column in PROMISED.items()
        }
        return {
            "cutoff": self.rows.cutoff.iloc[0],
            "offer": self.rows.offer.iloc[0],
            "explored": self.explored,
            "treated": len(treated),
            "control": len(self.rows) - len(treated),
            "days": self.days,
            "early": not self.is_over,
            **_named("kept_effect", kept),
            **_named("profit_effect", earned),
            **_named("incremental", profit),
            "cost": cost,
            "roi": profit.value / cost if cost > 0 else math.nan,
            **promised,
            "variance_left": self._variance_left,
            **self._clustered(),
            "evidence": self.evidence,
            **self._strayed(),
            "other_offers": self.others,
            "tied": None if self.tied is None else int(self._held.customer.isin(self.tied).sum()),
            "mismatch": mismatch(self.rows),
            "advice": advice(profit if "earned" in self.rows else kept, self.is_over),
        }

    @property
    def cutoff(self) -> datetime:
        """When it was decided."""
        return self.rows.cutoff.iloc[0].to_pydatetime()

    @property
    def explored(self) -> bool:
        """Whether a lot chose its customers, and no plan did."""
        return bool(self.rows.explored.iloc[0])

    @property
    def reached_nobody(self) -> bool:
        """Whether it is known that nobody got the offer."""
        return self.reached is not None and self._strayed()["not_reached"] == len(self._treated)

    @property
    def is_comparable(self) -> bool:
        """Whether there are enough customers in both arms, or clusters where these were held out together."""
        counts = self.rows.groupby("group").cluster.nunique() if self._by_cluster else self.rows.group.value_counts()
        return min(counts.get(TREAT, 0), counts.get(CONTROL, 0)) >= FEWEST

    @property
    def evidence(self) -> str:
        """What the difference rests on: "randomised" where a declared draw held out about as many as it should.

        Else "observational", and "none" without a hold-out.
        """
        if not self.is_comparable:
            return "none"
        if "propensity" not in self.rows or self.rows.propensity.isna().any():
            return "observational"
        chance = np.where(self.rows.group == TREAT, self.rows.propensity, 1 - self.rows.propensity)
        is_drawn = np.ptp(chance) < ROUNDING and not mismatch(self.rows) < ONE_IN_A_THOUSAND
        return "randomised" if is_drawn else "observational"

    def difference(self, outcome: str) -> Difference:
        """Return the difference of an outcome between the arms, less what was known before."""
        before = self.rows[[name for name in KNOWN_BEFORE if name in self.rows]]
        order = ["before", "orders_before"] if outcome == "earned" else ["orders_before", "before"]
        known = [*(name for name in order if name in before), *(name for name in before if name not in order)]
        together = self.rows.cluster if self._by_cluster else None
        return difference(self.rows[outcome], self.rows.group == TREAT, before[known].fillna(0.0), together)

    def ledger(self) -> list[dict[str, Any]]:
        """Return the profit of these customers within the window, in lines that add up to its total."""
        if "earned" not in self.rows:
            return []
        total = math.fsum(self.rows.earned)
        held = math.fsum(self.rows.earned[self.rows.group == CONTROL])
        gain = self._effect("earned").value * len(self._treated)
        lines = {"profit of the held out": held}
        if math.isfinite(gain):
            lines["profit of the treated without the offer"] = total - held - gain
            lines["earned by the offer before its cost"] = gain + self._cost
        else:
            lines["profit of the treated before the cost of the offer"] = total - held + self._cost
        lines |= {"cost of the offer": -self._cost, "profit of these customers": total}
        about = {"cutoff": self.rows.cutoff.iloc[0], "offer": self.rows.offer.iloc[0], "explored": self.explored}
        return [about | {"line": line, "amount": amount} for line, amount in lines.items()]

    @property
    def _treated(self) -> pd.DataFrame:
        return self.rows[self.rows.group == TREAT]

    @property
    def _held(self) -> pd.DataFrame:
        return self.rows[self.rows.group == CONTROL]

    @property
    def _cost(self) -> float:
        """What offers cost with the treated, as recorded or else as planned."""
        treated = self._treated
        if "earned" in treated:
            return math.fsum(treated.gross - treated.earned)
        return math.fsum(treated.cost) if "cost" in treated else math.nan

    @property
    def _variance_left(self) -> float:
        return self._measured.kept if self.is_comparable else math.nan

    @property
    def _measured(self) -> Difference:
        """The difference of what counts most: profit where it is counted."""
        return self.difference("earned" if "earned" in self.rows else "kept")

    @property
    def _by_cluster(self) -> bool:
        """Whether some were held out only together."""
        return "cluster" in self.rows

    def _clustered(self) -> dict[str, Any]:
        """Count the clusters that were held out as a whole, those split among the arms, and what that widens."""
        if not self._by_cluster:
            return {"clusters": None, "split_clusters": None, "design_effect": math.nan}
        arms = self.rows.groupby("cluster").group.nunique()
        design = self._measured.design if self.is_comparable else math.nan
        return {"clusters": len(arms), "split_clusters": int((arms > 1).sum()), "design_effect": design}

    def _effect(self, outcome: str) -> Estimate:
        if outcome not in self.rows or not self.is_comparable:
            return UNKNOWN
        result = self.difference(outcome)
        return result.interval() if self.is_over else result.anytime()

    def _strayed(self) -> dict[str, Any]:
        """Count the held out who got the offer, and the treated who did not; unknown where nobody says who got it."""
        if self.reached is None:
            return {"contaminated": None, "not_reached": None}
        got = self.rows.customer.isin(self.reached.customer[self.reached.offer == self.rows.offer.iloc[0]])
        held = self.rows.group == CONTROL
        return {"contaminated": int((got & held).sum()), "not_reached": int((~got & ~held).sum())}


def mismatch(rows: pd.DataFrame) -> float:
    """Compute the chance of a hold-out at least so far from its declared size; nan where nothing was declared.

    A chi-square test with one degree of freedom; a cluster that is held out as a whole is one draw. One in a thousand
    says that the draw, or the file, is broken.

    >>> rows = pd.DataFrame({"group": ["treat"] * 80 + ["control"] * 20, "propensity": [0.9] * 80 + [0.1] * 20})
    >>> round(mismatch(rows), 4)
    0.0009
    """
    from scipy.stats import chi2

    if "propensity" not in rows or rows.propensity.isna().any():
        return math.nan
    held = rows.group == CONTROL
    expected = float(np.where(held, rows.propensity, 1 - rows.propensity).sum())
    if min(expected, len(rows) - expected) < EXPECTED:
        return math.nan
    size = rows.groupby("cluster").size() if "cluster" in rows else pd.Series(1, rows.index)
    away = (held.sum() - expected) ** 2 / float((size**2).sum() / size.sum())
    return float(chi2.sf(away / expected + away / (len(rows) - expected), 1))


def advice(profit: Estimate, is_over: bool) -> str:
    """Return what to do with an offer: again, stop or test; wait where the horizon is not over.

    >>> advice(Estimate(5.0, 1.0, 9.0), is_over=True), advice(Estimate(5.0, -1.0, 9.0), is_over=True)
    ('again', 'test')
    """
    if math.isnan(profit.value):
        return "test"
    surely = "again" if profit.low > 0 else "stop" if profit.high < 0 else "test"
    return surely if is_over or surely == "stop" else "wait"


def _times(effect: Estimate, count: int) -> Estimate:
    return Estimate(effect.value * count, effect.low * count, effect.high * count)


def _named(name: str, effect: Estimate) -> Mapping[str, float]:
    return {name: effect.value, f"{name}_low": effect.low, f"{name}_high": effect.high}
