"""The relationship portfolio: what relationships a business has at a cutoff, what they are worth, how they move."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from patron.metrics.intervals import Estimate
from patron.portfolio.cash import Cash
from patron.portfolio.channels import Channels
from patron.portfolio.core_alarm import Alarm
from patron.portfolio.headroom import Headroom
from patron.portfolio.relational import Relational
from patron.portfolio.social import Social
from patron.portfolio.terms import PortfolioTerms
from patron.questions.kinds import Tier

__all__ = ["Portfolio"]


@dataclass(frozen=True)
class Portfolio:
    """What relationships there are at a cutoff. What the columns do not suffice for is empty, and named with why.

    Args:
        cutoff: only events before it were looked at.
        earlier: the cutoff it is compared with; None where there is none.
        question: which tiers of which profit; None where no profit is known.
        terms: how it is told.
        customers: a row for each customer: what `patron.portfolio.customers.customers_at` returns, equity with its
            interval, what `patron.portfolio.classification.classified` adds, `loses_by`, the table by which a
            customer loses money, where they do, `try_first`, the gentlest step against it, and the
            `relationship_type` with the rules that are broken.
        before: the same at the earlier cutoff; empty where there is none.
        grid: customers and money in each of the 25 fields of recency and frequency.
        groups: customers, money and equity by cohort, channel, segment, tier, relationship and type.
        moved: for segments, tiers, relationships and types, how many moved from each (rows) to each (columns).
        stability: the adjusted Rand index of the same.
        parts: what each table that earns or costs brought over the horizon of the tiers, by tier.
        tenure: the profit of a period by how many periods after the first order it lies, see `tenure_profile`.
        ending: what a customer of each tier is worth without and with the option to end, see `option_to_end`.
        equity: the sum over customers with its 95 % interval; None where it is not known.
        at_risk: equity less its 5 % quantile.
        bridge: how the equity before became that of now.
        cash: what relationships bring in time: returns, payback, early value, four figures of the cash flow.
        headroom: how well what customers could spend was foreseen a period ago; it stands in `customers`.
        alarms: whether each change of the terms drove the core of the customers away.
        channels: mix, hand-over and repeated contacts of the last year.
        scorecard: the four C's by segment, see `patron.portfolio.scorecard.scorecard`.
        tier_card: the same by tier: what the best ask for, what the last cost.
        curves: the concentration curve of spend and of profit.
        tops: the share of the best customers in spend, by which share of the customers they are.
        herfindahl: the index of spend, and of profit.
        ledger: how the profit of all events comes to that of customers.
        relational: the types of relationships, what moved them, the contacts that fit, and usage after broken rules.
        social: what customers are worth by those whom they brought and by their ties.
        left_out: what could not be told, and why.
    """

    cutoff: datetime
    earlier: datetime | None
    question: Tier | None
    terms: PortfolioTerms
    customers: pd.DataFrame
    before: pd.DataFrame
    grid: pd.DataFrame
    groups: Mapping[str, pd.DataFrame]
    moved: Mapping[str, pd.DataFrame]
    stability: Mapping[str, float]
    parts: pd.DataFrame
    tenure: pd.DataFrame
    ending: pd.DataFrame
    equity: Estimate | None
    at_risk: float | None
    bridge: pd.DataFrame
    cash: Cash
    headroom: Headroom
    alarms: tuple[Alarm, ...]
    channels: Channels
    scorecard: pd.DataFrame
    tier_card: pd.DataFrame
    curves: Mapping[str, pd.DataFrame]
    tops: Mapping[float, float]
    herfindahl: Mapping[str, float]
    ledger: Mapping[str, float]
    relational: Relational
    social: Social
    left_out: Mapping[str, str] = field(default_factory=dict)
