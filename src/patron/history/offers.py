"""Offers at the door: who got which, who was control, and what would keep their effect from being learned.

Behind this door the control of every offer is the arm `control`, whatever the business calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Table

from patron.errors import HistoryError, cell, listed
from patron.history.assumptions import Assumption
from patron.history.event_tables import Events
from patron.history.named_values import FEW, as_names, few_values, shown, unmet
from patron.history.point_in_time import in_window
from patron.history.roles import OFFER_ROLES

__all__ = [
    "CONTROL",
    "OFFERS",
    "are_treated",
    "declared_offers",
    "is_usual_control",
    "offer_notes",
    "with_control",
]

OFFERS, CONTROL = "offers", "control"
USUAL = (
    "control", "control group", "holdout", "hold-out", "hold_out", "hold out", "none", "no", "no offer", "no_offer",
    "untreated", "false", "0", "0.0",
)  # fmt: skip


def are_treated(offers: Table) -> BooleanValue | None:
    """Return which rows of a table of offers reached the customer; none where nothing says that some did not."""
    return offers.arm != CONTROL if "arm" in offers.columns else None


def is_usual_control(arm: str) -> bool:
    """Check whether an arm has a usual name of those who got nothing.

    >>> is_usual_control("Hold-out"), is_usual_control("voucher")
    (True, False)
    """
    return arm.strip().lower() in USUAL


def with_control(declared: Events, control: str | Sequence[str]) -> Events:
    """Return a table of offers whose control is called `control`; any other table as it is.

    Args:
        declared: the table; one query looks at its arms.
        control: what the business calls those who got nothing; the usual words (control, holdout, none, false, 0)
            where nothing is said.

    Raises:
        HistoryError: a control is named that the table lacks, or there is none.
    """
    named = as_names(control)
    if "arm" not in declared.columns:
        if named:
            raise HistoryError(
                f"A control is named ({listed(named)}), but no column of arms. Name it: arm = 'the column'."
            )
        return declared
    known = few_values(declared.used.arm)
    if not known:
        return declared
    names = named or {arm for arm in known if is_usual_control(arm)}
    _check_control(named, names, known)
    table, used = (
        rows.mutate(arm=rows.arm.isin(sorted(names)).ifelse(CONTROL, rows.arm))
        for rows in (declared.table, declared.used)
    )
    assumed = () if named or names == {CONTROL} else (_assumption(names),)
    return replace(declared, table=table, used=used, assumed=(*declared.assumed, *assumed))


def declared_offers(rows: Table, declared: Events) -> tuple[Table, tuple[str, ...]]:
    """Return the offers in which no column tells what it was not declared to tell, with a note of each such column.

    Args:
        rows: the offers that are used.
        declared: the table as it was declared.
    """
    others = [role for role in OFFER_ROLES if role in rows.columns and role not in declared.columns]
    notes = (
        f'column {role!r} was not declared, so it tells nothing of the offers (to read it: {role} = "{role}"); '
        f"measures find it as 'own_{role}'"
        for role in others
    )
    return rows.rename({f"own_{role}": role for role in others}), tuple(notes)


def offer_notes(rows: Table, until: datetime) -> tuple[str, ...]:
    """Describe what keeps effects from being learned of some contacts; runs two queries.

    Args:
        rows: the offers that are used.
        until: up to when it is known what customers did.
    """
    moments = {"later": in_window(rows["at"], until).sum()}
    if "arm" not in rows.columns:
        return tuple(_later(rows.aggregate(**moments).to_pyarrow().to_pylist()[0]))
    per_customer = ["customer", "at", *(c for c in ("offer",) if c in rows.columns)]
    several = rows.group_by(per_customer).aggregate(arms=rows.arm.nunique())
    counts = rows.aggregate(**moments, armless=rows.arm.isnull().sum()).to_pyarrow().to_pylist()[0]
    counts["several"] = several.filter(several.arms > 1).count().to_pyarrow().as_py()
    notes = [*_later(counts), *_one_sided(rows)]
    if counts["armless"]:
        notes.append(f"{counts['armless']:,} rows have no arm; no effect is learned of them")
    if counts["several"]:
        notes.append(
            f"{counts['several']:,} times a customer was in several arms of one offer at one time; no effect is "
            "learned of them"
        )
    return tuple(notes)


def _check_control(named: set[str], names: set[str], known: Sequence[str]) -> None:
    """Refuse arms among which there is no control, or another one that is called so."""
    missing = unmet(named, known)
    if missing:
        raise HistoryError(
            f"The control is named {listed(missing)}, which is no arm of the table. Its arms are: {shown(known)}. Name "
            'the one that got nothing: control = "..."'
        )
    if not names:
        raise HistoryError(
            f"No arm of the table is called a control, so that no effect can be learned. Its arms are: {shown(known)}. "
            'Name the one that got nothing, control = "...", or leave the arms out: arm = ""'
        )
    if CONTROL in known and CONTROL not in names:
        raise HistoryError(
            f"The control is named {listed(named)}, and another arm is called {CONTROL!r}. Name both, control = "
            f'["{CONTROL}", "{min(named)}"], or call the other one otherwise in the table.'
        )


def _assumption(names: set[str]) -> Assumption:
    words = ", ".join(f'"{name}"' for name in sorted(names))
    change = f"control = {words}" if len(names) == 1 else f"control = [{words}]"
    return Assumption(f"the control of the offers is the arm {', '.join(map(repr, sorted(names)))}", change)


def _later(counts: Mapping[str, Any]) -> list[str]:
    later = counts["later"]
    if not later:
        return []
    return [f"{later:,} rows are later than all that is known of customers; nothing can have come of them yet"]


def _one_sided(rows: Table) -> list[str]:
    """Describe the offers of which nobody was control, or nobody was treated."""
    offer = rows.offer if "offer" in rows.columns else ibis.literal(OFFERS)
    control = (rows.arm == CONTROL).sum()
    counts = rows.group_by(offer=offer).aggregate(control=control, treated=(rows.arm != CONTROL).sum())
    bare = counts.filter((counts.control == 0) | (counts.treated == 0)).order_by("offer").limit(FEW).to_pyarrow()
    return [
        f"the offer {cell(row['offer'])} has {row['treated']:,} treated and {row['control']:,} control: no effect is "
        "learned of it"
        for row in bare.to_pylist()
    ]
