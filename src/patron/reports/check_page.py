"""The check page: what was read and how, where data are missing, who came when, and what a cutoff is.

The page is one HTML file that needs no network and no script, and shows no key of a customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from patron.formatting import date
from patron.history.example import Example
from patron.history.receipts import Receipt
from patron.periods import Span, Split
from patron.reports.check_plots import Timeline, cutoff_plot, timeline_plot
from patron.reports.rendering import inline, render

__all__ = ["CheckReport", "page"]

SPIKE, LEAST, AROUND = 3, 20, 6
LABELS = {"month": "%b %y", "year": "%Y"}


@dataclass(frozen=True)
class CheckReport:
    """What a check saw, as the page shows it.

    Args:
        name: the business.
        made_at: when the page was made.
        currency: code or sign of the currency that all money is in; empty where nobody said.
        receipts: what was read of each table.
        timelines: the events of each table over time.
        unit: the length of a period of the timelines, for example "week".
        split: the cutoffs by what they are used for.
        horizon: how far ahead the labels look.
        today: the cutoff that is scored.
        cohorts: what `patron.history.cohorts.cohorts` gives; empty where there are no orders.
        cohort_unit: the length of a period of the cohorts.
        shared: the share of each table's customers (rows) that are in each other table (columns).
        example: one customer's events around a cutoff, with a pseudonym for the key; None where there is nobody.
        windows: the days that the windows of features look back.
        rhythm: the usual gap between orders in days, which chose the windows; None where it did not.
        features: the features that can be computed, in words, by theme.
        attributes: what is known of customers, by table.
        left_out: features that the tables cannot give, in words.
        beware: what the cutoffs look back on.
        refused: why the cutoffs are refused; empty where they are not.
        ledger: how amounts become profit; empty where no question asks for it.
        sensitivity: the profit if an assumed cost were otherwise.
    """

    name: str
    made_at: datetime
    currency: str
    receipts: Sequence[Receipt]
    timelines: Sequence[Timeline]
    unit: str
    split: Split
    horizon: Span
    today: datetime
    cohorts: pd.DataFrame
    cohort_unit: str
    shared: pd.DataFrame
    example: Example | None = None
    windows: Sequence[int] = ()
    rhythm: float | None = None
    features: Mapping[str, Sequence[str]] = field(default_factory=dict)
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    beware: Sequence[str] = ()
    refused: str = ""
    ledger: Mapping[str, float] = field(default_factory=dict)
    sensitivity: Mapping[str, float] = field(default_factory=dict)


def page(report: CheckReport) -> str:
    """Return the page that tells whoever brought the tables what was understood of them, and what to look at.

    The same report gives the same page to the last byte.
    """
    timeline = timeline_plot(report.timelines, report.unit, report.split, report.horizon, report.today)
    return render(
        "check.html.j2",
        report.currency,
        report=report,
        timeline=inline(timeline),
        usual=[_usual(line) for line in report.timelines],
        holes=[(r.table, first, after) for r in report.receipts for first, after in r.holes],
        cohorts=_cohorts(report.cohorts, report.cohort_unit),
        cutoff=inline(cutoff_plot(report.example, report.windows)) if report.example else "",
        seen=_seen(report.example) if report.example else {},
        doubts=sum(len(receipt.notes) for receipt in report.receipts),
    )


def _usual(line: Timeline) -> dict[str, Any]:
    """The usual number of events in a period, and the most there were, with the first day of that period.

    A spike stands out from the periods around it too; a table that begins with many events has none.
    """
    events = line.counts.events
    most = int(events.argmax())
    usual, peak, when = float(events.median()), int(events.iloc[most]), line.counts.period.iloc[most]
    around = float(events.iloc[max(most - AROUND, 0) : most + AROUND + 1].median())
    spike = peak >= max(LEAST, SPIKE * usual, SPIKE * around)
    return {"table": line.table, "usual": usual, "most": peak, "when": when, "spike": spike}


def _cohorts(cohorts: pd.DataFrame, unit: str) -> list[dict[str, Any]]:
    """Each cohort up to the last in which anybody came: its size, and the share of it that ordered in each period."""
    if cohorts.empty or not cohorts[0].any():
        return []
    sizes = cohorts[0]
    came = cohorts.loc[: sizes[sizes > 0].index[-1]]
    later = came.drop(columns=0).div(sizes.where(sizes > 0), axis=0)
    return [
        {"name": _label(start, unit), "size": sizes[start], "shares": later.loc[start][came.loc[start, 1:].notna()]}
        for start in came.index
    ]


def _label(start: datetime, unit: str) -> str:
    if unit == "quarter":
        return f"Q{(start.month + 2) // 3} {start:%Y}"
    return f"{start:{LABELS[unit]}}" if unit in LABELS else date(start)


def _seen(example: Example) -> dict[str, dict[str, int]]:
    """The number of the example's events in each part, by table."""
    counts = example.events.groupby(["part", "table"], sort=False).size()
    return {part: counts[part].to_dict() for part in dict.fromkeys(example.events.part)}
