"""Channels: by which ways customers and business meet, how customers go from one to another, and what that costs them.

A customer who changes the channel and has to ask again within a week was not handed over well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.history.history import History
from patron.metrics.ratios import ratio
from patron.periods import Span

__all__ = ["NO_CHANNEL", "Channels", "channels_of"]

YEAR, WEEK = Span(365), 7
OTHERS = ("offers", "returns", "lines", "returned_lines")
NO_CHANNEL = "No table but offers has a channel. Declare it at the door (channel = '...')."


@dataclass(frozen=True)
class Channels:
    """Where customers and business met in the last year.

    Args:
        mix: by `channel`, how many events each table has there, `all` of them together, and their `share`.
        hand_over: how often a customer went from each channel (rows) to each (columns) for the next event.
        repeats: contacts that customers began, by whether they came by the same channel as the one before or by
            `another`: `contacts`, and the `share` that was followed by another one within a week, with its 95 %
            interval over customers `low` to `high`.
    """

    mix: pd.DataFrame = field(default_factory=pd.DataFrame)
    hand_over: pd.DataFrame = field(default_factory=pd.DataFrame)
    repeats: pd.DataFrame = field(default_factory=pd.DataFrame)


def channels_of(history: History, cutoff: datetime) -> Channels:
    """Return the channels of all events of the last year that have one; empty where none has.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
    """
    known = [name for name in sorted(history.tables) if _has_channel(history, name)]
    if not known:
        return Channels()
    mix = _mix(reduce(Table.union, [_events(history, name, cutoff) for name in known]).cache())
    asked_by = [name for name in known if name != "orders"]
    repeats = _repeats([_events(history, name, cutoff) for name in asked_by]) if asked_by else pd.DataFrame()
    return Channels(*mix, repeats)


def _has_channel(history: History, name: str) -> bool:
    return name not in (*OTHERS, *history.attributes) and "channel" in history[name].columns


def _events(history: History, name: str, cutoff: datetime) -> Table:
    rows = history.past(name, cutoff, YEAR)
    begun = rows.direction.fill_null("in") == "in" if "direction" in rows.columns else ibis.literal(True)
    named = rows.filter(rows.channel.notnull())
    return named.select("customer", "at", "days_ago", "channel", table=ibis.literal(name), begun=begun)


def _mix(events: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    counts = events.group_by(["channel", "table"]).aggregate(count=events.count()).to_pandas()
    mix = counts.pivot_table(index="channel", columns="table", values="count", fill_value=0).astype(int)
    mix = mix.rename_axis(columns=None).assign(all=mix.sum(axis=1)).sort_values(["all"], ascending=False)
    names = list(mix.index)
    before = events.channel.lag().over(_in_time())
    steps = events.mutate(before=before).filter(lambda rows: rows.before.notnull())
    pairs = steps.group_by(["before", "channel"]).aggregate(count=steps.count()).to_pandas()
    matrix = pairs.pivot_table(index="before", columns="channel", values="count").reindex(index=names, columns=names)
    return mix.assign(share=mix["all"] / mix["all"].sum()).reset_index(), matrix.fillna(0).astype(int)


def _in_time() -> ibis.expr.builders.WindowBuilder:
    order = [ibis._["at"], ibis._.channel, ibis._.table]
    return ibis.window(group_by="customer", order_by=order)


def _repeats(tables: Sequence[Table]) -> pd.DataFrame:
    """Return how often a contact of a customer was followed by another within a week, as ratios of sums."""
    events = reduce(Table.union, tables)
    contacts = events.filter(events.begun)
    order = _in_time()
    followed = contacts.mutate(
        before=contacts.channel.lag().over(order),
        again=(contacts.days_ago - contacts.days_ago.lead().over(order) <= WEEK).fill_null(False),
    )
    whole = followed.filter(followed.before.notnull(), followed.days_ago >= WEEK)
    channel = (whole.channel == whole.before).ifelse("same", "another")
    each = whole.mutate(change=channel).group_by(["customer", "change"])
    by_customer = each.aggregate(contacts=lambda rows: rows.count(), again=lambda rows: rows.again.sum())
    frame = by_customer.to_pandas().drop(columns="customer")
    rows = [_share(name, frame[frame.change == name]) for name in ("same", "another")]
    return pd.DataFrame(rows, columns=["change", "contacts", "share", "low", "high"])


def _share(name: str, each: pd.DataFrame) -> tuple[str, int, float, float, float]:
    share, half = ratio(each.again, each.contacts)
    return name, int(each.contacts.sum()), share, *np.clip([share - half, share + half], 0.0, 1.0)
