"""Channels: by which ways customers and business meet, how customers go from one to another, and what that costs them.

A customer who changes the channel and has to ask again within a week was not handed over well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.history.business_contacts import CONTACTS, begun_by_customer
from patron.history.history import History
from patron.metrics.ratios import ratio
from patron.periods import Span

__all__ = ["NOBODY_BEGAN", "NO_CHANNEL", "Channels", "channels_of"]

YEAR, WEEK = Span(365), 7
OTHERS = ("offers", "returns", "lines", "returned_lines")
NO_CHANNEL = "No table but offers has a channel. Declare it at the door (channel = '...')."
NOBODY_BEGAN = (
    "Neither tickets nor contacts with a direction have a channel, so that no contact is known to be begun by a "
    "customer. Declare them at the door (direction = '...', channel = '...')."
)


@dataclass(frozen=True)
class Channels:
    """Where customers and business met in the last year.

    Args:
        mix: how many events each table (columns) has in each channel (rows), the most first.
        hand_over: how often a customer went from each channel (rows) to each (columns) for the next event.
        repeats: requests, and contacts whose direction says that customers began them, by whether they came by the
            same channel as the one before or by `another`: `contacts`, and the `share` that was followed by another
            one within a week, with its 95 % interval over customers `low` to `high`.
    """

    mix: pd.DataFrame = field(default_factory=pd.DataFrame)
    hand_over: pd.DataFrame = field(default_factory=pd.DataFrame)
    repeats: pd.DataFrame = field(default_factory=pd.DataFrame)

    def records(self) -> list[dict[str, Any]]:
        """Return of each `channel` its `events` by table, and its `share` of all events."""
        shares = self.mix.sum(axis=1) / self.mix.to_numpy().sum()
        return [{"channel": name, "events": dict(row), "share": shares[name]} for name, row in self.mix.iterrows()]


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
    tells = [name for name in known if name == "tickets" or (name == CONTACTS and "direction" in history[name].columns)]
    repeats = _repeats([_begun(history, name, cutoff) for name in tells]) if tells else pd.DataFrame()
    return Channels(*mix, repeats)


def _has_channel(history: History, name: str) -> bool:
    return name not in (*OTHERS, *history.attributes) and "channel" in history[name].columns


def _events(history: History, name: str, cutoff: datetime) -> Table:
    return _named(name, history.past(name, cutoff, YEAR))


def _begun(history: History, name: str, cutoff: datetime) -> Table:
    rows = history.past(name, cutoff, YEAR)
    return _named(name, begun_by_customer(rows) if name == CONTACTS else rows)


def _named(name: str, rows: Table) -> Table:
    known = rows.filter(rows.channel.notnull())
    return known.select("customer", "at", "days_ago", "channel", table=ibis.literal(name))


def _mix(events: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    counts = events.group_by(["channel", "table"]).aggregate(count=events.count()).to_pandas()
    mix = counts.pivot_table(index="channel", columns="table", values="count", fill_value=0).astype(int)
    mix = mix.rename_axis(columns=None)
    names = list(mix.sum(axis=1).sort_values(ascending=False, kind="stable").index)
    before = events.channel.lag().over(_in_time())
    steps = events.mutate(before=before).filter(lambda rows: rows.before.notnull())
    pairs = steps.group_by(["before", "channel"]).aggregate(count=steps.count()).to_pandas()
    matrix = pairs.pivot_table(index="before", columns="channel", values="count").reindex(index=names, columns=names)
    return mix.loc[names], matrix.fillna(0).astype(int)


def _in_time() -> ibis.expr.builders.WindowBuilder:
    order = [ibis._["at"], ibis._.channel, ibis._.table]
    return ibis.window(group_by="customer", order_by=order)


def _repeats(tables: Sequence[Table]) -> pd.DataFrame:
    """Return how often a contact of a customer was followed by another within a week, as ratios of sums."""
    contacts, order = reduce(Table.union, tables), _in_time()
    followed = contacts.mutate(
        before=contacts.channel.lag().over(order),
        again=(contacts.days_ago - contacts.days_ago.lead().over(order) <= WEEK).fill_null(False),
    )
    whole = followed.filter(followed.before.notnull(), followed.days_ago >= WEEK)
    channel = (whole.channel == whole.before).ifelse("same", "another")
    each = whole.mutate(change=channel).group_by(["customer", "change"])
    by_customer = each.aggregate(contacts=lambda rows: rows.count(), again=lambda rows: rows.again.sum())
    frame = by_customer.order_by("customer", "change").to_pandas().drop(columns="customer")
    rows = [_share(name, frame[frame.change == name]) for name in ("same", "another")]
    return pd.DataFrame(rows, columns=["change", "contacts", "share", "low", "high"])


def _share(name: str, each: pd.DataFrame) -> tuple[str, int, float, float, float]:
    share, half = ratio(each.again, each.contacts)
    return name, int(each.contacts.sum()), share, *np.clip([share - half, share + half], 0.0, 1.0)
