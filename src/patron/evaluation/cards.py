"""Cards: the results of a back-test for one question, as values that survive the trip through JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from patron.formatting import html_table, json_values
from patron.metrics import Estimate
from patron.models.selection import BASELINES

__all__ = ["Card"]

FRAMES = ("reliability", "lift", "segments", "deciles", "intervals", "waits", "stable")
FEW = 0.05


@dataclass(frozen=True, repr=False)
class Card:
    """The results of a back-test for one question.

    Args:
        question: its name.
        horizon: days ahead.
        cutoffs: test cutoffs.
        rows: customers at cutoffs that were judged.
        customers: different customers among them.
        base: what happened on average, by name (a rate, or money).
        measured: each metric of each candidate with its 95 % interval over customers.
        differences: each metric of the challenger less that of the best baseline, on the same draws of customers.
        better: whether the challenger is better, worse or tied there, by metric.
        champion: the candidate to use, chosen before these figures were known.
        best_baseline: the best baseline, chosen before too.
        reason: why that champion.
        reliability: predicted and observed rates of the champion, by bins of equal count.
        gains: share of customers contacted and share of events found, by candidate.
        challenger: the champion, or the best other candidate where the champion is a baseline.
        shift: how often it happened at the cutoffs of training (`trained`, by date), and at these cutoffs the mean
            prediction and what came true (`predicted`, `observed`, by date).
        lift: of the champion, by tenths.
        segments: where the champion is off, see `patron.evaluation.segments.by_segment`.
        deciles: of a tier question, expected and realised profit by tenths, see `patron.metrics.curves.earned`.
        intervals: of a tier question, how often the champion's 80 % intervals of profit hold, see
            `patron.metrics.curves.intervals`.
        waits: of a next purchase, how many were back by the days of the champion, see
            `patron.metrics.curves.reached`.
        persistence: of a tier question, each metric of the champion less that of keeping everybody in their tier.
        stability: where reasons are told, how they stay over refits of the champion: `refits` (how many), `first`,
            `kept` and `agreement`, see `patron.explanations.stability.Stability`.
        stable: the same of each theme and measure.
        suspects: features that tell so much alone that they must know the outcome, and why, see
            `patron.evaluation.leakage`.
        beware: what nobody could check, and faults of the rows, each a sentence.
    """

    question: str
    horizon: int
    cutoffs: tuple[datetime, ...]
    rows: int
    customers: int
    base: Mapping[str, float]
    measured: Mapping[str, Mapping[str, Estimate]]
    differences: Mapping[str, Estimate]
    better: Mapping[str, str]
    champion: str
    best_baseline: str
    reason: str
    reliability: pd.DataFrame
    gains: Mapping[str, pd.DataFrame]
    challenger: str = "lightgbm"
    length: str = ""
    shift: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lift: pd.DataFrame = field(default_factory=pd.DataFrame)
    segments: pd.DataFrame = field(default_factory=pd.DataFrame)
    deciles: pd.DataFrame = field(default_factory=pd.DataFrame)
    intervals: pd.DataFrame = field(default_factory=pd.DataFrame)
    waits: pd.DataFrame = field(default_factory=pd.DataFrame)
    persistence: Mapping[str, Estimate] = field(default_factory=dict)
    stability: Mapping[str, float] = field(default_factory=dict)
    stable: pd.DataFrame = field(default_factory=pd.DataFrame)
    suspects: Mapping[str, str] = field(default_factory=dict)
    beware: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return what was judged, and which candidate is used, in a line."""
        dates = ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in self.cutoffs)
        ahead = f" over {self.ahead}" if self.horizon else ""
        where = f"at {dates}" if dates else "held out"
        judged = f"{self.rows:,} rows of {self.customers:,} customers {where}"
        return f"Card({self.question}{ahead}: {judged}; champion {self.champion})"

    def _repr_html_(self) -> str:
        """Return the card as a notebook shows it: what was judged, what happened, why that champion, figures."""
        happened = "; ".join(f"{name} {value:,.3f}" for name, value in self.base.items())
        lines = (repr(self)[5:-1], happened, f"Why: {self.reason}", *(f"Beware: {why}" for why in self._doubts()))
        figures = self.table().rename_axis("metric").reset_index()
        return "".join(f"<p>{escape(line)}</p>" for line in lines) + html_table(figures)

    def _doubts(self) -> list[str]:
        return [text for text in (self.too_short, self.beaten, *self.suspects.values(), *self.beware) if text]

    @property
    def ahead(self) -> str:
        """The horizon in words; cards of older models have its days alone."""
        return self.length or f"{self.horizon} days"

    @property
    def too_short(self) -> str:
        """Return why the horizon is too short, where hardly anybody buys within it; elsewhere an empty text."""
        stayed = 1.0 - self.base.get("churn rate", 0.0)
        bought = self.base.get(f"bought within {self.ahead}", stayed)
        if bought >= FEW:
            return ""
        return (
            f"only {bought:.1%} of the customers bought within the horizon of {self.ahead}, which is shorter "
            "than the rhythm of purchases: ask for more days, or of customers who bought lately (active_in)"
        )

    @property
    def beaten(self) -> str:
        """Return which baseline tells customers apart better than the champion beyond noise; else an empty text.

        What decides is the first metric of the question: the ranking within the first days asked, or the tier.
        """
        first = next(iter(self.differences), "")
        worse = [name for name in BASELINES if name != self.champion and self._loses(name, first)]
        if not worse:
            return ""
        ours, theirs = self.measured[self.champion][first], self.measured[worse[0]][first]
        return (
            f"{worse[0]} was better than the champion ({self.champion}) here: {first} {theirs} against {ours}; the "
            "champion was chosen by its log loss at earlier cutoffs, over all that the question asks. Look at more "
            "cutoffs before you rely on its ranking"
        )

    def _loses(self, baseline: str, metric: str) -> bool:
        """Check whether the champion is behind a baseline: paired where it was, else beyond its own interval."""
        if self.champion == self.challenger and baseline == self.best_baseline:
            return self.better[metric] == "worse"
        known = baseline in self.measured and metric in self.measured[baseline] and self.champion in self.measured
        return known and self.measured[baseline][metric].value > self.measured[self.champion][metric].high

    def table(self) -> pd.DataFrame:
        """Return the figures as text: a row for each metric, a column for each candidate, and the difference."""
        frame = pd.DataFrame({name: _texts(estimates) for name, estimates in self.measured.items()})
        frame[f"{self.challenger} - {self.best_baseline}"] = _texts(self.differences)
        frame["verdict"] = pd.Series(self.better)
        return frame.fillna("")

    @cached_property
    def text(self) -> str:
        """The card as JSON, a line for each of its parts."""
        parts = (f"{json.dumps(name)}: {json.dumps(part)}" for name, part in self.plain().items())
        return "{\n" + ",\n".join(parts) + "\n}"

    def plain(self) -> dict[str, Any]:
        """Return the card as plain JSON values."""
        plain = asdict(replace(self, gains={})) | {"cutoffs": [f"{c:%Y-%m-%d}" for c in self.cutoffs]}
        plain |= {name: getattr(self, name).to_dict("records") for name in FRAMES}
        # These have a point for each customer, so they are not looked at one by one.
        gains = {name: {column: _known(curve[column]) for column in curve} for name, curve in self.gains.items()}
        return json_values(plain) | {"gains": gains}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Card":
        """Return the card that `plain` was made from."""
        values = {f.name: plain[f.name] for f in fields(cls) if f.name in plain} | {
            "cutoffs": tuple(datetime.fromisoformat(c) for c in plain["cutoffs"]),
            "beware": tuple(plain.get("beware", ())),
            "measured": {name: _estimates(bounds) for name, bounds in plain["measured"].items()},
            "differences": _estimates(plain["differences"]),
            "persistence": _estimates(plain.get("persistence", {})),
            "gains": {name: pd.DataFrame(curve) for name, curve in plain["gains"].items()},
        }
        return cls(**values | {name: pd.DataFrame(plain[name]) for name in FRAMES if name in plain})


def _texts(estimates: Mapping[str, Estimate]) -> dict[str, str]:
    return {metric: str(estimate) for metric, estimate in estimates.items()}


def _estimates(plain: Mapping[str, Mapping[str, float | None]]) -> dict[str, Estimate]:
    known = {name: {k: float("nan") if v is None else v for k, v in bounds.items()} for name, bounds in plain.items()}
    return {name: Estimate(**bounds) for name, bounds in known.items()}


def _known(values: pd.Series) -> list[float | None]:
    return values.astype("object").where(np.isfinite(values), None).tolist()
