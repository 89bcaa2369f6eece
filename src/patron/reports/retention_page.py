"""The retention page: who is at risk, why, whom to treat, and how sure all that is.

The page is one HTML file that needs no network and no script, and names customers by their pseudonyms only.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from patron.decisions import Decisions, Offer, with_risk
from patron.decisions.response import ContactResponse
from patron.errors import ScoreError, listed_columns
from patron.evaluation.cards import Card
from patron.formatting import date
from patron.history.receipts import Receipt
from patron.models.serving import FeatureSpec
from patron.portfolio.contract_outlook import ContractOutlook
from patron.questions.profit import CostModel
from patron.reports import plots
from patron.reports.contract_section import contract_section
from patron.reports.decision_section import decision_section
from patron.reports.outcomes_page import OutcomesReport
from patron.reports.quality_page import answer, rates, verdict
from patron.reports.rendering import inline, render
from patron.reports.response_section import response_section

__all__ = ["TOP_CUSTOMERS", "Report", "page", "stake"]

OF_LEAVING = ("churn", "cancellation")
TOP_CUSTOMERS, REASONS, LIKELY, UNLIKE = 10, 3, 3, 0.1
MOST_PAIRS, LEAST_TOGETHER = 3, 0.15


@dataclass(frozen=True)
class Report:
    """The results of one run, as the page shows them.

    Args:
        name: the business.
        made_at: when the page was made.
        currency: code or sign of the currency that all money is in, for example EUR or £; empty where nobody said.
        receipts: what was read of each event table.
        left_out: features that the tables could not give, in words.
        cards: the back-test of each question.
        scores: a row for each customer: cutoff, and those of churn_probability, value and tier that were asked for.
        shown: rows of *scores*, those with the most at stake among them, with pseudonym, and those of expected_profit,
            days_low, days_median, days_high and next_... (likely in the next basket, the likeliest first).
        why: drivers of the scores: pseudonym, side, rank, text, lever, evidence.
        importance: features by how much they move the answers: words, theme, share.
        decisions: whom to treat with what, its table with a pseudonym for each customer; None where nothing is offered,
            and the page has no part about it.
        offers: what a customer could be given.
        costs: what is left of money that comes in, where it was assumed.
        versions: version of the model of each question.
        licence: of the data, where there is one.
        at_stake: what a value is: profit, or revenue where it is the price of contracts.
        contracts: what the next months hold for contracts, its tables with a pseudonym for each customer; None where
            no cancellation was asked.
        dependence: how the answer goes with some measures, see `patron.explanations.dependence`.
        pairs: which measures move the answers only together, see there.
        noun: what is explained, in words.
        preflight: the answers to four questions before a campaign.
        response: how past contacts were answered; None where no table tells of any.
        past: what past decisions earned; None where nothing was learned of any.
    """

    name: str
    made_at: datetime
    currency: str
    receipts: Sequence[Receipt]
    left_out: Sequence[str]
    cards: Sequence[Card]
    scores: pd.DataFrame
    shown: pd.DataFrame
    why: pd.DataFrame
    importance: pd.DataFrame
    decisions: Decisions | None
    offers: Sequence[Offer]
    costs: CostModel | None
    versions: Mapping[str, str]
    licence: str = ""
    at_stake: str = "profit"
    contracts: ContractOutlook | None = None
    dependence: Sequence[tuple[FeatureSpec, pd.DataFrame]] = ()
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    noun: str = "the risk"
    preflight: Sequence[str] = ()
    response: ContactResponse | None = None
    past: OutcomesReport | None = None


def page(report: Report) -> str:
    """Return the page that a retention manager can act on without asking a statistician.

    The same report gives the same page to the last byte.

    Args:
        report: the results of one run.

    Raises:
        ScoreError: a table names its customers by no pseudonym.

    >>> from patron.decisions import decide
    >>> scores = pd.DataFrame({"customer": ["ann"], "cutoff": pd.to_datetime(["2024-05-01"]),
    ...                        "churn_probability": [0.5], "value": [200.0]})
    >>> offers = [Offer("call", contact_cost=4.0, effect=0.2)]
    >>> plan = decide(scores, offers, budget=10.0, holdout=0.0)
    >>> named = Decisions(plan.table.assign(pseudonym="x1"), plan.summary)
    >>> why = pd.DataFrame({"pseudonym": ["x1"], "side": ["for"], "rank": [1], "text": ["Orders placed: 1"],
    ...                     "lever": [""], "evidence": ["association, not a lever"]})
    >>> moved = pd.DataFrame({"words": ["Orders placed"], "theme": ["habit"], "share": [1.0]})
    >>> report = Report("Shop", datetime(2024, 5, 2), "EUR", [], [], [], scores, scores.assign(pseudonym="x1"), why,
    ...                 moved, named, offers, None, {})
    >>> print(page(report)[:15])
    <!doctype html>
    """
    _check_pseudonyms(report)
    report = replace(report, scores=with_risk(report.scores), shown=with_risk(report.shown))
    risk = _risk(report)
    return render(
        "report.html.j2",
        report.currency,
        report=report,
        cutoff=report.scores.cutoff.max(),
        horizon=next((card.ahead for card in report.cards if card.question in OF_LEAVING), None),
        answers=[answer(card, report.currency) for card in report.cards],
        beaten=[card.question for card in report.cards if verdict(card) in ("better", "partly")],
        risk=risk,
        suspects=sorted({name for card in report.cards for name in card.suspects}),
        unlike=_unlike(report, risk),
        customers=_customers(report),
        costs=_costs(report.costs) if report.costs else [],
        contracts=contract_section(report.contracts, report.currency) if report.contracts else None,
        dependence=[inline(plots.dependence_plot(*line)) for line in report.dependence],
        pairs=_pairs(report.pairs),
        **_importance(report.importance),
        **(_decisions(report, report.decisions) if report.decisions else {"summary": None}),
    )


def _decisions(report: Report, decisions: Decisions) -> dict[str, Any]:
    """The values of the part on decisions."""
    section = decision_section(decisions, report.offers, report.preflight, report.currency)
    return section | response_section(report.response)


def _pairs(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """The pairs of measures that move the answers together by more than a little, the strongest first."""
    if pairs.empty:
        return []
    strong = pairs[(pairs.strength >= LEAST_TOGETHER) & (pairs.together != 0)].head(MOST_PAIRS)
    return strong.assign(share=strong.strength**2).to_dict("records")


def _costs(costs: CostModel) -> list[tuple[str, float]]:
    """What each thing is said to cost, of those that cost something."""
    known = {"order": costs.cost_per_order, "return": costs.cost_per_return}
    known |= {f"row of {table}": cost for table, cost in costs.cost_per_event.items()}
    return [(thing, cost) for thing, cost in known.items() if cost]


def _check_pseudonyms(report: Report) -> None:
    tables = {"scores": report.shown, "drivers": report.why}
    if report.decisions:
        tables["decisions"] = report.decisions.table
    for name, table in tables.items():
        if "pseudonym" not in table.columns:
            raise ScoreError(
                f"The page names customers by their pseudonyms, but the {name} lack 'pseudonym'. "
                f"They have: {listed_columns(table.columns)}. Add it: "
                ".assign(pseudonym=pseudonyms(table.customer, key))."
            )


def _unlike(report: Report, risk: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """The lowest and highest rate of leavers seen so far, where the mean risk of today lies far outside of them."""
    known = [rate for card in report.cards if card.question in OF_LEAVING for rate in rates(card)]
    if not risk or not known or min(known) - UNLIKE <= risk["mean"] <= max(known) + UNLIKE:
        return None
    return min(known), max(known)


def _risk(report: Report) -> dict[str, Any] | None:
    """Risk and money at stake of all customers and by tier, or nothing where churn was not asked."""
    if "churn_probability" not in report.scores:
        return None
    scores = report.scores.assign(stake=stake(report.scores))
    aggregates = {
        "customers": ("churn_probability", "size"),
        "chance": ("churn_probability", "mean"),
        "stake": ("stake", "sum"),
    }
    by_tier = scores.groupby("tier").agg(**aggregates) if "tier" in scores else pd.DataFrame(columns=list(aggregates))
    return {
        "leavers": scores.churn_probability.sum(),
        "mean": scores.churn_probability.mean(),
        "stake": scores.stake.sum(),
        "plot": inline(plots.risk_plot(scores)),
        "tiers": by_tier.sort_values("stake", ascending=False).reset_index().to_dict("records"),
    }


def stake(scores: pd.DataFrame) -> pd.Series:
    """Profit that leaves with a customer times the chance that it does; what a loss-maker takes along is none."""
    worth = scores.value if "value" in scores else 0.0
    return (scores.churn_probability * worth).clip(lower=0.0)


def _customers(report: Report) -> list[dict[str, Any]]:
    """The customers with the most at stake, each with reasons and the time of the next order."""
    scores = report.shown
    if "churn_probability" not in scores:
        return []
    ranked = scores.assign(stake=stake(scores)).sort_values(
        ["stake", "churn_probability", "pseudonym"], ascending=[False, False, True]
    )
    top = ranked.head(TOP_CUSTOMERS)
    mine = report.why[report.why.pseudonym.isin(top.pseudonym) & (report.why["rank"] <= REASONS)]
    mine = mine.assign(reason=mine[["text", "lever", "evidence"]].to_dict("records"))
    reasons = mine.sort_values("rank").groupby(["pseudonym", "side"]).reason.agg(list)
    longest = next((card.horizon for card in report.cards if card.question == "next_purchase"), math.inf)
    return [
        row
        | {f"reasons_{side}": reasons.get((row["pseudonym"], side), []) for side in ("for", "against")}
        | {"window": _window(row, longest), "likely": _likely(row)}
        for row in top.to_dict("records")
    ]


def _importance(importance: pd.DataFrame) -> dict[str, Any]:
    """The weight of each theme, and the plot of the features; a model that looks at nothing has neither."""
    weighty = importance[importance.share > 0]
    themes = weighty.groupby("theme").share.sum().sort_values(ascending=False, kind="stable")
    return {"themes": themes, "importance": inline(plots.importance_plot(weighty)) if len(weighty) else ""}


def _likely(row: Mapping[str, Any]) -> str:
    """What the next basket is likely to hold: 'category toys, books; item ball', the likeliest first."""
    held: dict[str, list[str]] = {}
    for name, value in row.items():
        if name.startswith("next_") and pd.notna(value):
            held.setdefault(name.split("_")[1], []).append(str(value))
    return "; ".join(f"{kind} {', '.join(values[:LIKELY])}" for kind, values in held.items())


def _window(row: Mapping[str, Any], longest: float) -> list[str]:
    """Likely day of the next order, then the span it falls in; past the horizon nothing is claimed."""
    if "days_median" not in row:
        return []

    def day_after(days: float) -> str:
        day = date(row["cutoff"] + timedelta(days=min(round(days), longest)))
        return f"after {day}" if days > longest else day

    low, median, high = (day_after(row[f"days_{name}"]) for name in ("low", "median", "high"))
    return [median] if low == median == high else [median, f"{low} to {high}"]
