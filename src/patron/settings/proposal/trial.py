"""Trial: a draft opened through the door that it is for, mended by the lines that the door's own refusals carry."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from patron.errors import HistoryError
from patron.history import sources
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.joins import Join
from patron.settings.proposal.drafts import Draft

__all__ = ["Trial", "tried"]

ROUNDS = 12
WRITTEN = re.compile(r'(at_format|encoding) = "([^"]*)"')


@dataclass(frozen=True)
class Trial:
    """The drafts as the door takes them, and what it read by them.

    Args:
        drafts: mended, each with the lines that were assumed.
        history: what was read; None where the door refuses the orders.
        refusal: why, in the door's words.
        dropped: the tables that the door refuses, each with the reason.
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
            for name, draft in current.items():
                if name not in opened:
                    tell(f"trying    {name} from {draft.look.label}")
                    opened[name] = _opened(draft)
            history = History.of(None, **opened)
            return Trial(tuple(_with_assumed(d, history) for d in current.values()), history, "", dropped)
        except HistoryError as error:
            refusal = str(error)
        name = _meant(refusal, current, opened)
        mended = _mended(current[name], refusal)
        opened.pop(name, None)
        if mended is not None:
            current[name] = mended
        elif name in ("orders", "lines") and len({"orders", "lines"} & set(current)) == 1:
            break
        else:
            dropped[name] = refusal
            del current[name]
    return Trial(tuple(current.values()), None, refusal, dropped)


def _opened(draft: Draft) -> Events:
    options: dict[str, Any] = {key: entry.value for key, entry in draft.entries.items()}
    if draft.joins:
        options["joins"] = [Join(join.look.source, {join.own: join.other}) for join in draft.joins]
    source = draft.look.source
    if draft.section == "attributes":
        return sources.attributes(source, **options)
    return sources.events(source, **options)


def _meant(refusal: str, current: Mapping[str, Draft], opened: Mapping[str, Events]) -> str:
    """Return the table that a refusal is about: the one that was being opened, or the one that it names."""
    waiting = next((name for name in current if name not in opened), "")
    if waiting:
        return waiting
    named = re.search(r"(?:table|Returns come twice: .*? event table) '([^']+)'", refusal)
    return named[1] if named and named[1] in current else next(iter(current))


def _mended(draft: Draft, refusal: str) -> Draft | None:
    """Return a draft with the line that a refusal carries, or without that which it is about; None where none helps."""
    for mend in (_by_fold, _by_decimal, _by_currency, _by_duplicates, _without_column):
        mended = mend(draft, refusal)
        if mended is not None and mended != draft:
            return mended
    return None


def _by_fold(draft: Draft, refusal: str) -> Draft | None:
    if 'customer_case = "fold"' not in refusal or "customer_case" in draft.entries:
        return None
    return draft.with_entry("customer_case", "fold", "keys are written in capitals here and there")


def _by_decimal(draft: Draft, refusal: str) -> Draft | None:
    if 'decimal = "," or decimal = "."' not in refusal or "decimal" in draft.entries:
        return None
    questioned = draft.asking(
        "the sign in numbers such as 1.234 stands before decimals, or between thousands", 'decimal = ","'
    )
    return questioned.with_entry("decimal", ".", "not shown by the column: see the question")


def _by_currency(draft: Draft, refusal: str) -> Draft | None:
    """Keep the currency that most rows have where several would be added up."""
    column = draft.value("currency")
    if "rates = {" not in refusal or not column or column in (draft.value("where") or ()):
        return None
    texts = draft.look.columns[column].texts
    most = max(sorted(set(texts)), key=texts.count)
    line = re.search(r"rates = \{[^}]*\}", refusal)
    questioned = draft.asking(
        f"{column!r} names several currencies; only rows in {most!r} are read. With rates all are",
        line[0] if line else "",
    )
    where = {**(draft.value("where") or {}), column: [most]}
    return questioned.with_entry("where", where, f"money of one currency: {most}")


def _by_duplicates(draft: Draft, refusal: str) -> Draft | None:
    if 'duplicates = "drop"' not in refusal or "duplicates" in draft.entries:
        return None
    return draft.with_entry("duplicates", "drop", "some rows repeat another one")


def _without_column(draft: Draft, refusal: str) -> Draft | None:
    """Take away the role of a column that cannot have it; not those without which there is no table."""
    named = re.search(r"[Cc]olumn '([^']+)', declared as '(\w+)'", refusal)
    role = named[2] if named else ""
    if role in ("", "customer", "at") or role not in draft.entries:
        return None
    first = refusal.partition(". ")[0]
    return draft.without(role).asking(f"the door refuses {role} = {named[1]!r}: {first}")  # type: ignore[index]


def _with_assumed(draft: Draft, history: History) -> Draft:
    """Write down how the door read what could be read otherwise, and what it noted with a line that mends it."""
    receipt = next(receipt for receipt in history.receipts if receipt.table == draft.name)
    for assumed in receipt.assumed:
        written = WRITTEN.fullmatch(assumed.change)
        if written and written[1] not in draft.entries:
            draft = draft.with_entry(written[1], written[2], assumed.what)
        elif assumed.change == 'decimal = "."' and "decimal" not in draft.entries:
            draft = draft.with_entry("decimal", ",", assumed.what)
        elif assumed.change and assumed.change.partition(" ")[0] not in draft.entries:
            draft = replace(draft, assumed=(*draft.assumed, (assumed.what, assumed.change)))
    return draft
