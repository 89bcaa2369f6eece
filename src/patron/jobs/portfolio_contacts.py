"""Portfolio contacts: what machines are told of channels, of types of relationships and of ties between customers."""

from typing import Annotated, Any, TypedDict

import pandas as pd

from patron.portfolio.channels import Channels

__all__ = ["ChannelSummary", "Fit", "Move", "Social", "TypeMove", "Usage", "plain_channels", "plain_moves"]


class Move(TypedDict):
    """Customers who were in one group at the earlier cutoff and are in another, or the same, now."""

    before: Annotated[str, "the group, or 'joined since'"]
    now: str
    customers: int


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
    knowledge: Annotated[dict[str, float], "suggestions_accepted, requests_deflected, and their worth, in no profit"]


def plain_channels(channels: Channels) -> dict[str, Any]:
    """Return channels as plain JSON values.

    Args:
        channels: where customers and business met.
    """
    return {
        "mix": channels.records(),
        "hand_over": plain_moves(channels.hand_over) if len(channels.hand_over) else [],
        "repeats": channels.repeats.to_dict("records"),
    }


def plain_moves(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return moves that somebody made as plain JSON values.

    Args:
        table: how many moved from each group (rows) to each (columns).
    """
    counts = table.stack().rename_axis(["before", "now"]).rename("customers").reset_index()
    return counts[counts.customers > 0].to_dict("records")
