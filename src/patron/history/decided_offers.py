"""Decided offers: decisions of the past beside the offers that a business has written down, each contact once."""

from dataclasses import replace
from pathlib import Path

import ibis
import pyarrow.parquet
from ibis.expr.types import Table

from patron.history.event_tables import Events
from patron.history.offers import CONTROL, declared_offers
from patron.history.point_in_time import in_window, is_past
from patron.history.sources import events

__all__ = ["decided_offers", "with_decided"]

SAME = 31  # days after a decision within which a contact with its offer is the one that was decided


def decided_offers(path: Path) -> Events | None:
    """Return the offers that `patron learn` wrote, declared; none where there are none yet.

    Their cost is a plan and no booking: it is no cost of the customer, so that profit means what it meant before.
    """
    if not path.is_file() or not pyarrow.parquet.read_metadata(path).num_rows:
        return None
    arms = pyarrow.parquet.read_table(path, columns=["arm"])["arm"].unique().to_pylist()
    return events(
        path,
        customer="customer",
        at="at",
        offer="offer",
        propensity="propensity",
        cost="",
        accepted="accepted",
        arm="arm" if CONTROL in arms else "",
    )


def with_decided(own: Events, decided: Events) -> Events:
    """Return the offers of a business with the decisions that it has not written down itself, such as its hold-out.

    A contact of the same customer with the same offer within 31 days after a decision is that decision, and counts
    once, as the business has it.

    Args:
        own: the table of offers of the business.
        decided: the decisions.
    """
    (table, notes), (used, _) = declared_offers(own.table, own), declared_offers(own.used, own)
    rows = ibis.memtable(_unwritten(decided.used, used).to_pyarrow())
    return replace(
        own,
        table=_together(table, rows),
        used=_together(used, rows),
        columns={**own.columns, **decided.columns},
        stamps=(*own.stamps, *decided.stamps),
        notes=(*own.notes, *notes),
        keys=None,
        customers=0,
    )


def _unwritten(decided: Table, own: Table) -> Table:
    """Return the decisions that the business has not written down."""
    written = own.select(who="customer", sent="at", what=own.offer if "offer" in own.columns else ibis.null("string"))
    after = decided["at"] + ibis.interval(days=SAME)
    same = [decided.customer == written.who, in_window(written.sent, decided["at"]), is_past(written.sent, after)]
    same += [decided.offer == written.what] if "offer" in own.columns else []
    return decided.anti_join(written, same)


def _together(own: Table, decided: Table) -> Table:
    """Return the rows of both, with all columns of either; a table without arms has only contacts that were made."""
    known = {name: own[name].type() for name in own.columns} | {
        name: decided[name].type() for name in decided.columns if name not in own.columns
    }
    usual = {"arm": ibis.literal("treated")}
    parts = []
    for rows in (own, decided):
        empty = {name: ibis.null(kind) for name, kind in known.items() if name not in rows.columns}
        filled = rows.mutate(**(empty | ({"arm": usual["arm"]} if "arm" in empty and rows is own else {})))
        parts.append(filled.select(**{name: filled[name].cast(kind) for name, kind in known.items()}))
    return ibis.union(*parts)
