"""Parts: the events of one part of the customers, who of them is asked about when, and what needs an engine for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.compute.fold.event_arrays import Track
from patron.features.compute.fold.views import DAY, Seen
from patron.features.compute.generic import answered
from patron.features.compute.plan import Pass
from patron.features.measures import ON_CUTOFF, Measure

__all__ = ["Part", "Values"]

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Part:
    """One part of the customers.

    Its rows stand by customer, then cutoff, until a sheet puts them in order.

    Args:
        job: what is computed.
        tracks: the events of these customers, by event table.
        number: which part it is, from 0.
    """

    job: Pass
    tracks: Mapping[str, Track]
    number: int

    @property
    def customers(self) -> pa.Array:
        """The customers with orders, sorted."""
        return self.tracks["orders"].customers

    @cached_property
    def cutoffs(self) -> np.ndarray:
        """The cutoffs, oldest first."""
        return np.array(self.job.cutoffs, "datetime64[us]")

    @cached_property
    def active(self) -> np.ndarray:
        """Who is asked about when, shape (customers, cutoffs)."""
        from patron.features.compute.fold.cutting import active

        orders, moments = self.tracks["orders"], self.cutoffs.astype(np.int64)
        days = self.job.active_in.days
        opens = moments - days * DAY if days is not None else np.full(len(moments), np.iinfo(np.int64).min)
        if orders.known_at is None:
            return np.asarray(active(orders.at, orders.starts, opens, moments))
        known = [orders.known(int(moment)) for moment in moments]
        found = [active(t.at, t.starts, opens[m : m + 1], moments[m : m + 1])[:, 0] for m, t in enumerate(known)]
        return np.stack(found, axis=1)

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The place of each row's customer, and that of its cutoff."""
        who, when = np.nonzero(self.active)
        return who.astype(np.int32), when.astype(np.int32)

    @cached_property
    def offsets(self) -> np.ndarray:
        """Where each customer's rows start, and where the last one's end."""
        return np.concatenate([[0], np.cumsum(self.active.sum(axis=1))])

    @cached_property
    def places(self) -> dict[str, np.ndarray]:
        """The place of each customer in each track; -1 where it has none."""
        found = {
            source: np.asarray(pc.fill_null(pc.index_in(self.customers, value_set=track.customers), -1)).astype(int)
            for source, track in self.tracks.items()
            if source != "orders"
        }
        return {**found, "orders": np.arange(len(self.customers))}

    @cached_property
    def views(self) -> dict[str, tuple[Seen, ...]]:
        """What the loops look at in each track; tracks that depend on the cutoff have none of the whole."""
        walks = self.job.layout.walks
        whole = {source: track for source, track in self.tracks.items() if source in walks and track.known_at is None}
        return {source: walks[source].views(track) for source, track in whole.items()}

    @cached_property
    def generic(self) -> Values:
        """The columns of the generic path."""
        if not self.job.generic:
            return {}
        asked: dict[str, Measure] = {m.column(w): m.over(w) for m, w in self.job.generic}
        who, when = self.rows
        out = {name: np.full(len(who), np.nan, object) for name in asked}
        for c in range(len(self.cutoffs)):
            rows = np.flatnonzero(when == c)
            asking = self.customers.take(pa.array(who[rows]))
            made = self._answered(asking, self.job.cutoffs[c], tuple(asked.values()))
            at = pc.index_in(asking, value_set=made["customer"])
            for name in asked:
                out[name][rows] = made[name].take(at).to_numpy(zero_copy_only=False)
        return {name: v if self.job.is_text(asked[name]) else v.astype(np.float64) for name, v in out.items()}

    def _answered(self, asking: pa.Array, cutoff: datetime, measures: tuple[Measure, ...]) -> pa.Table:
        job = self.job
        spine = ibis.memtable(pa.table({"customer": asking})).mutate(cutoff=ibis.literal(cutoff))
        made = answered(spine, lambda name, window: job.side.door(job.history, name, cutoff, window), measures)
        return made.to_pyarrow().combine_chunks()

    @cached_property
    def seasons(self) -> Values:
        """The measures of the cutoff itself, one value for each cutoff."""
        asked = {m.column(w): m for m, w in self.job.asked.get(ON_CUTOFF, ())}
        if not asked:
            return {}
        spine = ibis.memtable({"cutoff": list(self.job.cutoffs)})
        made = spine.select("cutoff", **{name: m.compute(spine.cutoff).cast("float64") for name, m in asked.items()})
        found = made.order_by("cutoff").to_pyarrow()
        return {name: found[name].to_numpy() for name in asked}
