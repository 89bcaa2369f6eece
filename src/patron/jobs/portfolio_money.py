"""Portfolio money: what machines are told of money in time, of headroom and of changes that drove customers away."""

from typing import Annotated, Any, TypedDict

from patron.portfolio.cash import Cash
from patron.portfolio.core_alarm import Alarm
from patron.portfolio.headroom import headroom_by
from patron.portfolio.result import Portfolio

__all__ = ["CashSummary", "CoreAlarm", "HeadroomSummary", "plain_alarm", "plain_cash", "plain_headroom"]


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

    by: Annotated[str | None, "channel or year of the first order; null for all customers"]
    group: Annotated[str | None, "the channel or year"]
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


def plain_cash(cash: Cash) -> dict[str, Any]:
    """Return money in time as plain JSON values.

    Args:
        cash: what relationships bring in time.
    """
    named = {by: table.rename(columns={by: "name"}) for by, table in cash.payback.items()}
    return {
        "flow": dict(cash.flow),
        "curves": [
            *({"by": None, "group": None, **row} for row in cash.curve.to_dict("records")),
            *cash.channels.rename(columns={"channel": "group"}).assign(by="channel").to_dict("records"),
            *cash.years.rename(columns={"year": "group"}).assign(by="year").to_dict("records"),
        ],
        "payback": {by: table.to_dict("records") for by, table in named.items()},
        "returns": cash.returns.to_dict("records"),
    }


def plain_headroom(portfolio: Portfolio) -> dict[str, Any]:
    """Return the headroom by segment as plain JSON values.

    Args:
        portfolio: what relationships there are.
    """
    table, above = headroom_by(portfolio.customers, "segment"), portfolio.headroom.above
    return {
        "segments": table.reindex(columns=list(Room.__annotations__)).to_dict("records"),
        "above": above and above.value,
        "better": portfolio.headroom.better,
    }


def plain_alarm(alarm: Alarm) -> dict[str, Any]:
    """Return a core alarm as plain JSON values.

    Args:
        alarm: what a change did to the core.
    """
    dates = alarm.table.assign(date=alarm.table.date.astype(str)).to_dict("records")
    figures = {"rings": alarm.rings, "effect": alarm.effect, "low": alarm.low, "high": alarm.high}
    return {"name": alarm.change.name, **figures, "dates": dates}
