"""Portfolio summary: what a relationship portfolio says to machines, key by key."""

from dataclasses import asdict
from typing import Annotated, Any, TypedDict

import pandas as pd

from patron.jobs.summary_parts import Files, Tables
from patron.portfolio.broken_rules import RULES
from patron.portfolio.cash import Cash
from patron.portfolio.channels import Channels
from patron.portfolio.core_alarm import Alarm
from patron.portfolio.headroom import headroom_by
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


class Move(TypedDict):
    """Customers who were in one group at the earlier cutoff and are in another, or the same, now."""

    before: Annotated[str, "the group, or 'joined since'"]
    now: str
    customers: int


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


class Equity(TypedDict):
    """What all customers are expected to bring within the horizon."""

    value: float
    low: float
    high: float
    at_risk: Annotated[float, "the value less its 5 % quantile"]


class Payback(TypedDict):
    """When customers of a group have brought what it cost to win them; null is not yet, or not known."""

    name: str
    customers: int
    cost: Annotated[float | None, "to win a customer, in currency"]
    months: float | None
    soonest: Annotated[float | None, "months by the upper bound of what they brought"]
    latest: float | None
    observed: Annotated[int, "months that are looked at"]


class Return(TypedDict):
    """What came back since the earlier cutoff for what relationships cost in the same time."""

    tier: Annotated[str | None, "of the earlier cutoff; null for all customers"]
    customers: int
    profit: float
    equity: Annotated[float, "its change"]
    cost: float
    value: Annotated[float | None, "(profit + equity) / cost"]
    low: float | None
    high: float | None


class ValueInTime(TypedDict):
    """What a customer has brought on average within so many months of the first order."""

    group: Annotated[str | None, "a channel of the first order; null for all customers"]
    months: int
    customers: int
    value: float
    low: float
    high: float


class CashSummary(TypedDict):
    """What relationships bring in time."""

    flow: Annotated[dict[str, float], "speed (months), size and residual (currency), volatility (a share)"]
    curves: Annotated[list[ValueInTime], "of profit, or of spend where no profit is known"]
    payback: Annotated[dict[str, list[Payback]], "by channel and by cohort"]
    returns: list[Return]


class ChannelEvents(TypedDict):
    """The events of a channel."""

    channel: str
    events: Annotated[dict[str, int], "by table"]
    share: Annotated[float, "of the events of all channels"]


class Repeat(TypedDict):
    """How often contacts of customers were followed by another one within a week."""

    change: Annotated[str, "the same channel as the contact before, or another"]
    contacts: int
    share: float | None
    low: float | None
    high: float | None


class ChannelSummary(TypedDict):
    """Where customers and business met in the last year."""

    mix: list[ChannelEvents]
    hand_over: Annotated[list[Move], "from the channel of an event to that of the customer's next one; counts events"]
    repeats: list[Repeat]


class CardFigure(TypedDict):
    """One figure of the scorecard of a segment."""

    segment: str
    figure: Annotated[str, "kept, serve, win, begun or requests"]
    customers: int
    value: float | None
    low: float | None
    high: float | None
    before: Annotated[float | None, "that of who was in the segment at the earlier cutoff"]


class Room(TypedDict):
    """How much more the customers of a segment could spend in a period; null where it is not known."""

    segment: str
    customers: int
    potential: Annotated[float | None, "what one in ten of the like of them exceeds, in currency"]
    headroom: Annotated[float | None, "by how much that lies above the spend of the last period"]
    share_of_customer: Annotated[float | None, "mean share of what they spend anywhere"]


class HeadroomSummary(TypedDict):
    """How much more customers could spend, and how well that was foreseen a period ago."""

    segments: list[Room]
    above: Annotated[float | None, "share who spent more than was predicted; .1 where it is right"]
    better: Annotated[float | None, "share by which the error is smaller than that of one quantile for all"]


class AlarmDate(TypedDict):
    """How the share who order changed in the core and among others around a day."""

    date: str
    core: int
    others: int
    core_change: float
    others_change: float
    effect: float
    low: float
    high: float


class CoreAlarm(TypedDict):
    """Whether a change drove the core away."""

    name: str
    rings: bool
    effect: Annotated[float, "change of the share who order, beside others and beside days when nothing changed"]
    low: float
    high: float
    dates: Annotated[list[AlarmDate], "the day of the change, then days when nothing changed"]


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


class TypeMove(TypedDict):
    """Customers who moved from one type of relationship to another, and what changed first."""

    before: str
    now: str
    by: Annotated[str, "the facet of the rule that holds no longer, or holds now"]
    customers: int


class Fit(TypedDict):
    """Contacts of the business in a month that fit the type of their customer."""

    month: Annotated[str, "its first day"]
    relationship_type: str
    contacts: int
    fitting: int


class Usage(TypedDict):
    """Orders of a customer after a rule was broken, beside those of customers like them whose rule was kept."""

    rule: str
    period: Annotated[int, "months, below zero before it was broken; 0 is all after it"]
    customers: int
    broken: float
    kept: float
    difference: float
    low: Annotated[float, "of the 95 % interval"]
    high: float
    p: float | None


class Spread(TypedDict):
    """Whether customers leave along ties."""

    pairs: Annotated[int, "ties between customers who were active before"]
    both: Annotated[int, "of which both left"]
    expected: Annotated[float, "by chance"]
    p: float
    after: Annotated[float, "share that left of those with a tie who left"]
    otherwise: Annotated[float, "share that left of the others with ties"]


class Social(TypedDict):
    """What relationships between customers come to."""

    ties: int
    referred: int
    referrers: int
    longest: Annotated[int, "customers above the last in the longest chain"]
    cut: Annotated[dict[str, int], "referrals that carry nothing, by whom they lead to"]
    profit: Annotated[dict[str, float], "kept, credited to who referred, and all"]
    spread: Spread | None


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
    scorecard: list[CardFigure]
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
        "moves": {name: _moves(table) for name, table in portfolio.moved.items()},
        "stability": dict(portfolio.stability),
        "bridge": portfolio.bridge.to_dict("records"),
        "cash": _cash(portfolio.cash),
        "headroom": _headroom(portfolio),
        "alarms": [_alarm(alarm) for alarm in portfolio.alarms],
        "channels": _channels(portfolio.channels),
        "scorecard": portfolio.scorecard.to_dict("records"),
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


def _cash(cash: Cash) -> dict[str, Any]:
    named = {by: table.rename(columns={by: "name"}) for by, table in cash.payback.items()}
    return {
        "flow": dict(cash.flow),
        "curves": [
            *({"group": None, **row} for row in cash.curve.to_dict("records")),
            *cash.channels.rename(columns={"channel": "group"}).to_dict("records"),
        ],
        "payback": {by: table.to_dict("records") for by, table in named.items()},
        "returns": cash.returns.to_dict("records"),
    }


def _channels(channels: Channels) -> dict[str, Any]:
    return {
        "mix": channels.records(),
        "hand_over": _moves(channels.hand_over) if len(channels.hand_over) else [],
        "repeats": channels.repeats.to_dict("records"),
    }


def _headroom(portfolio: Portfolio) -> dict[str, Any]:
    table, above = headroom_by(portfolio.customers, "segment"), portfolio.headroom.above
    return {
        "segments": table.reindex(columns=list(Room.__annotations__)).to_dict("records"),
        "above": above and above.value,
        "better": portfolio.headroom.better,
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    dates = alarm.table.assign(date=alarm.table.date.astype(str)).to_dict("records")
    figures = {"rings": alarm.rings, "effect": alarm.effect, "low": alarm.low, "high": alarm.high}
    return {"name": alarm.change.name, **figures, "dates": dates}


def _groups(table: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    columns = ["customers", "spend", "profit", "equity", "low", "high"]
    named = table.rename(columns={name: "name"}).astype({"name": str}).reindex(columns=["name", *columns])
    return named.to_dict("records")


def _moves(table: pd.DataFrame) -> list[dict[str, Any]]:
    counts = table.stack().rename_axis(["before", "now"]).rename("customers").reset_index()
    return counts[counts.customers > 0].to_dict("records")
