"""Learning: decisions joined with what happened later, as what they earned, promised against delivered, and doubts.

A customer counts as it was decided (intention to treat), from the cutoff on, over the horizon of the question.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from patron.decisions.outcomes.campaigns import Campaign
from patron.decisions.outcomes.decision_tables import checked
from patron.decisions.outcomes.event_rows import offer_rows, outcome_rows
from patron.decisions.outcomes.following import following, with_done
from patron.decisions.outcomes.measured import Window
from patron.decisions.outcomes.notes import notes_of
from patron.decisions.outcomes.promises import promises
from patron.decisions.outcomes.strangers import strangers
from patron.decisions.uplift.campaigns import OUTCOMES
from patron.errors import QuestionError, listed
from patron.formatting import html_table
from patron.history.history import History
from patron.history.offers import OFFERS
from patron.history.point_in_time import is_past
from patron.questions.profit import CostModel
from patron.questions.question import Question

__all__ = ["Outcomes", "TooEarlyError", "learn"]


class TooEarlyError(QuestionError):
    """Nothing has happened since any of the decisions.

    Args:
        message: how many there are, and where the history ends.
        counts: decisions, repeated rows, customers in several groups, overlaps, cutoffs not begun.
    """

    def __init__(self, message: str, counts: Mapping[str, int]) -> None:
        """Keep the counts beside the message."""
        super().__init__(message)
        self.counts = counts


@dataclass(frozen=True, repr=False)
class Outcomes:
    """What past decisions earned.

    Args:
        table: a line for each campaign, which is an offer at a cutoff, with a line of its own (`explored`) for those
            whom a lot chose it for: treated, control, days counted, whether that is `early`, the effects on staying
            (`kept_effect`) and on profit (`profit_effect`, each treated customer, after the offer's cost) and
            `incremental` profit with their bounds, cost, roi, what was promised, evidence, and what to do (again, stop,
            test, wait).
        ledger: the profit of the customers of each campaign, in lines that add up.
        calibration: promised beside delivered gain, by thirds of what was promised.
        following: how many decisions were carried out, and what those earned beside the others; empty where nobody
            said.
        offers: the decisions as an event table of offers, from which effects are learned.
        outcomes: what came of them as an event table, at the time since when that is known.
        counts: decisions, repeated rows, customers in several groups, overlaps.
        notes: what a reader should know, as sentences.
    """

    table: pd.DataFrame
    ledger: pd.DataFrame
    calibration: pd.DataFrame
    following: Mapping[str, Any]
    offers: pd.DataFrame
    outcomes: pd.DataFrame
    counts: Mapping[str, int]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return what all campaigns earned, in a line."""
        early = int(self.table.early.sum())
        return (
            f"Outcomes({len(self.table):,} campaigns, {early:,} of them early; incremental profit "
            f"{self.table.incremental.sum(min_count=1):,.2f} at a cost of {self.table.cost.sum(min_count=1):,.2f})"
        )

    def _repr_html_(self) -> str:
        """Return the campaigns as a notebook shows them, and what to know of them."""
        return html_table(self.table) + "".join(f"<p>{note}</p>" for note in self.notes)


def learn(
    history: History,
    decisions: pd.DataFrame,
    question: Question,
    costs: CostModel | None = None,
    holdout: float | None = None,
) -> Outcomes:
    """Measure what past decisions earned: treated customers beside those held out, from the cutoff over the horizon.

    The effect of an offer is the difference of the means, less what profit, orders and scores before the cutoff
    explain (CUPED), with an interval for arms of unequal spread. While the horizon has not passed, what is known so far
    is measured, marked `early`, with an interval that holds however often somebody looks.

    The history may have two tables about what was really done: `offers` (who was reached), and `done` (customer, at,
    done, and offer, why and team where they are known).

    Args:
        history: the checked event tables, up to today.
        decisions: customer, cutoff, group (treat, control), offer, as `pt.decide(...).table`, of one or many cutoffs;
            cost, expected_gain, gain_low, gain_high, propensity, explored, churn_probability and value where they are
            known.
        question: what the offers should keep from happening, for example pt.churn(horizon=90), with the horizon.
        costs: what is left of money that comes in; without it a customer who stays earns the `value`
            of the decision, and where there is none only the effect on staying is measured.
        holdout: the share that was to be held out, where the decisions have no propensity.

    Raises:
        QuestionError: the question is not about leaving, or profit cannot be told.
        TooEarlyError: nothing has happened since.
        ScoreError: the decisions lack a column, hold what cannot be meant, or are about nobody in the history.
    """
    if question.name not in OUTCOMES or question.name == "tier":
        raise QuestionError(
            f"Outcomes are measured on {listed(name for name in OUTCOMES if name != 'tier')}, got {question.name!r}. "
            "Ask pt.churn(horizon=90); profit is counted where costs=pt.CostModel(...) is given."
        )
    known = checked(decisions, holdout)
    beware = strangers(history, known.table)
    windows = [Window(history, at.to_pydatetime(), question, costs) for at in sorted(known.table.cutoff.unique())]
    begun = [window for window in windows if window.days]
    if not begun:
        raise TooEarlyError(
            f"Nothing is known yet of what came of {len(known.table):,} decisions: the history ends "
            f"{history.ends:%Y-%m-%d}. Read newer events, then learn again.",
            {**known.counts, "decisions": len(known.table), "overlapping": 0, "not_begun": len(windows)},
        )
    outcomes = _outcomes(known.table, known.counts, begun, len(windows) - len(begun))
    return replace(outcomes, notes=(*beware, *outcomes.notes))


def _outcomes(decided: pd.DataFrame, counts: Mapping[str, int], windows: Sequence[Window], unbegun: int) -> Outcomes:
    rows = {window: _rows(window, decided) for window in windows}
    campaigns = [campaign for window in windows for campaign in _campaigns(window, rows[window])]
    ledger = [line for campaign in campaigns for line in campaign.ledger()]
    table = pd.DataFrame([campaign.line() for campaign in campaigns])
    follow = following(list(rows.values()))
    tallies = {**counts, "decisions": len(decided), "overlapping": _overlapping(rows), "not_begun": unbegun}
    return Outcomes(
        table=table,
        ledger=pd.DataFrame(ledger, columns=["cutoff", "offer", "explored", "line", "amount"]),
        calibration=promises(campaigns),
        following=follow,
        offers=offer_rows(campaigns),
        outcomes=outcome_rows(list(_finished(windows, campaigns))),
        counts=tallies,
        notes=(*notes_of(table, tallies, follow), *_unrecorded(rows)),
    )


def _rows(window: Window, decided: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions of a cutoff with what came of them and what was done."""
    some = decided[decided.cutoff == window.cutoff].reset_index(drop=True)
    return with_done(window.measure(some), window.carried_out(), decided)


def _campaigns(window: Window, rows: pd.DataFrame) -> Iterator[Campaign]:
    """Yield the campaigns of a cutoff."""
    tied = window.tied_to_treated(rows)
    for (offer, _), some in rows.groupby(["offer", "explored"], sort=True):
        got = _got(some, str(offer), window.reached)
        others = _others(some, str(offer), window.reached)
        yield Campaign(some.reset_index(drop=True), window.days, window.is_over, got, others, tied)


def _finished(windows: Sequence[Window], campaigns: Sequence[Campaign]) -> Iterator[tuple[datetime, Campaign]]:
    """Yield the campaigns whose horizon is over, each with the end of it."""
    ends = {window.cutoff: window.question.horizon.after(window.cutoff) for window in windows if window.is_over}
    yield from ((ends[campaign.cutoff], campaign) for campaign in campaigns if campaign.cutoff in ends)


def _got(rows: pd.DataFrame, offer: str, reached: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return who got an offer, by the table of offers where it knows this offer, else by what was done."""
    if reached is not None and (reached.offer == offer).any():
        return reached[(reached.offer == offer) & reached.got]
    if "done" in rows and rows.done.notna().any():
        return rows.loc[rows.done.fillna(False).astype(bool), ["customer", "offer"]].assign(accepted=float("nan"))
    return None


def _others(rows: pd.DataFrame, offer: str, reached: pd.DataFrame | None) -> int:
    """Count the customers of a campaign who got another offer within its window."""
    if reached is None:
        return 0
    return int(rows.customer.isin(reached.customer[(reached.offer != offer) & reached.got]).sum())


def _unrecorded(rows: Mapping[Window, pd.DataFrame]) -> Iterator[str]:
    """Yield which offers the table of offers does not know, so that nobody says who got them."""
    for window, decided in rows.items():
        if window.reached is not None and "done" not in decided:
            for offer in sorted({*decided.offer} - {*window.reached.offer}):
                yield (
                    f"the table {OFFERS!r} has no {offer} since {window.cutoff:%Y-%m-%d}, but "
                    f"{window.reached.got.sum():,} contacts with others: nobody says who got it. Write it there "
                    "by this name, its hold-out too"
                )


def _overlapping(rows: Mapping[Window, pd.DataFrame]) -> int:
    """Count the customers who were decided on again before the horizon of an earlier decision was over."""
    ends: dict[str, datetime] = {}
    again = set()
    for window, frame in rows.items():
        within = {c for c in frame.customer if c in ends and is_past(window.cutoff, ends[c])}
        again |= within
        ends |= dict.fromkeys(frame.customer, window.question.horizon.after(window.cutoff))
    return len(again)
