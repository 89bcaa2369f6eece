"""Trial: a draft opened through the door that it is for, mended by the lines that the door's own refusals carry."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patron.errors import HistoryError
from patron.history import sources
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.joins import Join
from patron.history.subscriptions import subscriptions
from patron.settings.proposal.drafts import Draft
from patron.settings.proposal.mending import mended, mended_by_notes, with_assumed

__all__ = ["Trial", "tried"]

ROUNDS = 12
SOLD = {"orders", "lines"}


@dataclass(frozen=True)
class Trial:
    """The drafts as the door takes them, and what it read by them.

    Args:
        drafts: mended, each with the lines that were assumed.
        history: what was read; None where the door refuses the orders.
        refusal: why, in the door's words.
        dropped: the files whose tables the door refuses, each with the reason.
    """

    drafts: tuple[Draft, ...]
    history: History | None
    refusal: str = ""
    dropped: Mapping[str, str] = field(default_factory=dict)


def tried(drafts: Sequence[Draft], tell: Callable[[str], None]) -> Trial:
    """Open drafts through the door, mend what it refuses, and take over what it assumed."""
    current = {draft.name: draft for draft in drafts}
    opened: dict[str, Events] = {}
    dropped: dict[str, str] = {}
    refusal = ""
    for _ in range(ROUNDS):
        try:
            history = _read(current, opened, tell)
        except HistoryError as error:
            refusal = f"{error.args[0]}"
            name = _meant(refusal, current, opened)
            remedy = mended(current[name], refusal)
            opened.pop(name, None)
            if remedy is None and (len(current) == 1 or (name in SOLD and len(SOLD & set(current)) == 1)):
                break
            if remedy is None:
                dropped[current[name].look.label] = refusal
            others = {key: draft for key, draft in current.items() if key != name}
            current = others if remedy is None else {**current, name: remedy}
            continue
        better = _by_notes(current, history)
        if better == current:
            return Trial(_with_assumed(current, history), history, "", dropped)
        opened = {name: events for name, events in opened.items() if better[name] == current[name]}
        current = better
    return Trial(tuple(current.values()), None, refusal, dropped)


def _read(current: Mapping[str, Draft], opened: dict[str, Events], tell: Callable[[str], None]) -> History:
    """Open the drafts that are not open yet, and build the history of all."""
    for name, draft in current.items():
        if name not in opened:
            tell(f"trying    {name} from {draft.look.label}")
            opened[name] = _opened(draft)
    return History.of(None, **opened)


def _opened(draft: Draft) -> Events:
    options: dict[str, Any] = {key: entry.value for key, entry in draft.entries.items()}
    if draft.joins:
        options["joins"] = [Join(join.look.source, {join.own: join.other}) for join in draft.joins]
    source = draft.look.source
    if draft.section == "attributes":
        return sources.attributes(source, **options)
    if draft.section == "subscriptions":
        return subscriptions(source, **options)
    return sources.events(source, **options)


def _by_notes(current: Mapping[str, Draft], history: History) -> dict[str, Draft]:
    """Return the drafts with what the door noted; keys that are folded in one table are so in all."""
    notes = {receipt.table: receipt.notes for receipt in history.receipts}
    better = {name: mended_by_notes(draft, notes.get(name, ())) for name, draft in current.items()}
    folded = next((d.entries["customer_case"] for d in better.values() if "customer_case" in d.entries), None)
    if folded:
        better = {name: d.with_entry("customer_case", folded.value, folded.why) for name, d in better.items()}
    return better


def _with_assumed(current: Mapping[str, Draft], history: History) -> tuple[Draft, ...]:
    receipts = {receipt.table: receipt for receipt in history.receipts}
    return tuple(with_assumed(d, receipts[name].assumed, receipts[name].notes) for name, d in current.items())


def _meant(refusal: str, current: Mapping[str, Draft], opened: Mapping[str, Events]) -> str:
    """Return the table that a refusal is about: the one that was being opened, or the one that it names."""
    waiting = next((name for name in current if name not in opened), "")
    if waiting:
        return waiting
    named = re.search(r"(?:table|Returns come twice: .*? event table) '([^']+)'", refusal)
    return named[1] if named and named[1] in current else next(iter(current))
