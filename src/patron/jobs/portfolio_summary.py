"""Portfolio summary: what a relationship portfolio says to machines, key by key."""

from dataclasses import asdict
from typing import Annotated, Any, TypedDict

import pandas as pd

from patron.jobs.portfolio_contacts import (
    ChannelSummary,
    Fit,
    Move,
    Social,
    TypeMove,
    Usage,
    plain_channels,
    plain_moves,
)
from patron.jobs.portfolio_money import (
    CashSummary,
    CoreAlarm,
    HeadroomSummary,
    plain_alarm,
    plain_cash,
    plain_headroom,
)
from patron.jobs.summary_parts import Files, Tables
from patron.portfolio.broken_rules import RULES
from patron.portfolio.letting_go import losses_by_reason
from patron.portfolio.result import Portfolio

__all__ = ["PortfolioSummary", "plain_portfolio"]


class Group(TypedDict):
    """A group of customers, and their money in currency, null where it is not known."""

    name: str
    customers: int
    spend: Annotated[float, "to date, net of returns"]
    profit: Annotated[float, "to date, after the cost to serve"]
    equity: float
    low: Annotated[float, "of the 95 % interval of the equity"]
    high: float


class Step(TypedDict):
    """A part of the bridge from the equity before to that of now."""

    part: str
    customers: int
    money: float


class Age(TypedDict):
    """The profit of a period by how many periods after the first order it lies."""

    age: int
    customers: Annotated[int, "whose change to that age is known"]
    survivors: Annotated[float, "the mean over all who stayed, which is biased"]
    profit: Annotated[float, "that of the same customers"]
    low: float
    high: float
    base: float
    growth: float
    price: float
    service: float
    referrals: float


class Equity(TypedDict):
    """What all customers are expected to bring within the horizon."""

    value: float
    low: float
    high: float
    at_risk: Annotated[float, "the value less its 5 % quantile"]


class CardFigure(TypedDict):
    """One figure of the scorecard of a group."""

    group: Annotated[str, "a segment, or a tier"]
    figure: Annotated[str, "kept, serve, win, begun or requests"]
    customers: int
    value: float | None
    low: float | None
    high: float | None
    before: Annotated[float | None, "that of who was in the group at the earlier cutoff"]


class Loss(TypedDict):
    """Relationships that lose money, by the table that costs most."""

    reason: str
    customers: int
    profit: Annotated[float, "to date"]


class Ending(TypedDict):
    """What a customer of a tier is worth, and what the option to end the relationship is worth on top."""

    tier: str
    value: float
    value_with_option: float
    option: float


class PortfolioSummary(TypedDict):
    """What relationships there are, what they are worth, and how they moved."""

    tables: Tables
    cutoff: str
    earlier: Annotated[str | None, "the cutoff that it is compared with"]
    customers: Annotated[int, "who ordered before the cutoff"]
    equity: Equity | None
    groups: Annotated[dict[str, list[Group]], "by segment, tier, cohort, channel, relationship, type, loyalty stage"]
    moves: Annotated[dict[str, list[Move]], "of segments, tiers, relationships and types"]
    stability: Annotated[dict[str, float], "the adjusted Rand index of the same"]
    bridge: list[Step]
    cash: CashSummary
    headroom: HeadroomSummary
    alarms: list[CoreAlarm]
    channels: ChannelSummary
    scorecard: Annotated[list[CardFigure], "by segment"]
    tier_card: Annotated[list[CardFigure], "by tier: what the best ask for, what the last cost"]
    tenure: Annotated[list[Age], "profit of a period by tenure; what comes after low and high adds up to it"]
    losses: list[Loss]
    type_moves: list[TypeMove]
    fit: list[Fit]
    broken: Annotated[dict[str, int], "customers for whom a rule of their relationship is broken"]
    usage: list[Usage]
    social: Social
    ending: list[Ending]
    tops: Annotated[dict[str, float], "the share of spend that the best customers bring, by their share"]
    herfindahl: Annotated[dict[str, float], "of spend and of profit"]
    ledger: dict[str, float]
    left_out: Annotated[dict[str, str], "what could not be told, and why"]
    files: Files


def plain_portfolio(portfolio: Portfolio) -> dict[str, Any]:
    """Return the figures of a portfolio as plain JSON values, without tables that were read and files."""
    equity = portfolio.equity
    return {
        "cutoff": f"{portfolio.cutoff}",
        "earlier": portfolio.earlier and f"{portfolio.earlier}",
        "customers": len(portfolio.customers),
        "equity": equity
        and {"value": equity.value, "low": equity.low, "high": equity.high, "at_risk": portfolio.at_risk},
        "groups": {name: _groups(table, name) for name, table in portfolio.groups.items()},
        "moves": {name: plain_moves(table) for name, table in portfolio.moved.items()},
        "stability": dict(portfolio.stability),
        "bridge": portfolio.bridge.to_dict("records"),
        "cash": plain_cash(portfolio.cash),
        "headroom": plain_headroom(portfolio),
        "alarms": [plain_alarm(alarm) for alarm in portfolio.alarms],
        "channels": plain_channels(portfolio.channels),
        "scorecard": portfolio.scorecard.rename(columns={"segment": "group"}).to_dict("records"),
        "tier_card": portfolio.tier_card.rename(columns={"tier": "group"}).to_dict("records"),
        "tenure": portfolio.tenure.to_dict("records"),
        "losses": losses_by_reason(portfolio.customers).to_dict("records"),
        "type_moves": portfolio.relational.moved_by.to_dict("records"),
        "fit": portfolio.relational.fit.to_dict("records"),
        "broken": {rule: int(portfolio.customers[rule].sum()) for rule in RULES if rule in portfolio.customers},
        "usage": portfolio.relational.usage.to_dict("records"),
        "social": asdict(portfolio.social),
        "ending": portfolio.ending.rename_axis("tier").reset_index().to_dict("records"),
        "tops": {f"{top:g}": share for top, share in portfolio.tops.items()},
        "herfindahl": dict(portfolio.herfindahl),
        "ledger": dict(portfolio.ledger),
        "left_out": dict(portfolio.left_out),
    }


def _groups(table: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    columns = ["customers", "spend", "profit", "equity", "low", "high"]
    named = table.rename(columns={name: "name"}).astype({"name": str}).reindex(columns=["name", *columns])
    return named.to_dict("records")
