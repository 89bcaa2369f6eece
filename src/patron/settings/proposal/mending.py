"""Mending: a draft with the line that a sentence of the door carries, applied where it is sure and asked where not."""

import re
from collections.abc import Sequence
from dataclasses import replace

from patron.history.assumptions import Assumption
from patron.settings.proposal.drafts import Draft, Entry, literal

__all__ = ["mended", "mended_by_notes", "with_assumed"]

WRITTEN = re.compile(r'(at_format|encoding) = "([^"]*)"')
OF_ORDER = re.compile(r'it counts once with total = "([^"]+)" in place of amount')
OF_PIECE = re.compile(r'write unit_cost = "([^"]+)" in place of cost')
RATE = re.compile(r"column '[^']+', read as the (\w+), .*if it is a rate")
REPEATED, NEARLY_ALL = "repeat another one exactly", 0.95
FOLDED = "keys differ from another one only in capitals or blanks"
DOUBTFUL = re.compile(r"\?|come twice|are purchases of their own; if")


def mended(draft: Draft, refusal: str) -> Draft | None:
    """Return a draft with the line that a refusal carries, or without that which it is about; None where none helps."""
    for mend in (_by_fold, _by_decimal, _by_currency, _by_duplicates, _without_column):
        better = mend(draft, refusal)
        if better is not None and better != draft:
            return better
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
    before = draft.entries.get("where", Entry("")).why
    why = "; ".join(word for word in (before, f"money of one currency: {most}") if word)
    return questioned.with_entry("where", where, why)


def _by_duplicates(draft: Draft, refusal: str) -> Draft | None:
    if 'duplicates = "drop"' not in refusal or "duplicates" in draft.entries:
        return None
    return draft.with_entry("duplicates", "drop", "some rows repeat another one")


def _without_column(draft: Draft, refusal: str) -> Draft | None:
    """Take away the role of a column that cannot have it; not those without which there is no table."""
    named = re.search(r"[Cc]olumn '([^']+)', declared as '(\w+)'", refusal)
    role = named[2] if named else ""
    if role in ("", "customer", "at", "start", "end") or role not in draft.entries:
        return None
    first = refusal.partition(". ")[0]
    return draft.without(role).asking(f"the door refuses {role} = {named[1]!r}: {first}")  # type: ignore[index]


def mended_by_notes(draft: Draft, notes: Sequence[str]) -> Draft:
    """Return a draft with what the door noted as likely: totals of orders, costs of pieces, rates that are no money."""
    for note in notes:
        total, piece, rate = OF_ORDER.search(note), OF_PIECE.search(note), RATE.search(note)
        if total and "amount" in draft.entries:
            draft = draft.without("amount").with_entry("total", total[1], "the same on all lines of an order")
        if piece and {"cost", "quantity"} <= set(draft.entries):
            draft = draft.without("cost").with_entry("unit_cost", piece[1], "of one piece: it fits the price of one")
        if rate and rate[1] in draft.entries:
            draft = draft.without(rate[1]).asking(note, f"{rate[1]} = {literal(draft.value(rate[1]))}")
        if FOLDED in note and "e-mail" in draft.entries.get("customer", Entry("")).why:
            draft = draft.with_entry("customer_case", "fold", "e-mail addresses are the same in capitals")
    return draft


def with_assumed(draft: Draft, assumed: Sequence[Assumption], notes: Sequence[str]) -> Draft:
    """Return a draft that says how the door read what could be read otherwise, and asks what the door asks."""
    for each in assumed:
        written = WRITTEN.fullmatch(each.change)
        if written and written[1] not in draft.entries:
            draft = draft.with_entry(written[1], written[2], each.what)
        elif each.change == 'decimal = "."' and "decimal" not in draft.entries:
            draft = draft.with_entry("decimal", ",", each.what)
        elif each.change and each.change.partition(" ")[0] not in draft.entries:
            draft = replace(draft, assumed=(*draft.assumed, (each.what, each.change)))
    for note in (note for note in notes if DOUBTFUL.search(note)):
        draft = draft.asking(note)
    again = next((note for note in notes if REPEATED in note), "")
    if again and _numbers_rows(draft):
        draft = draft.asking(
            f"{again.partition(' (')[0]}, with the same {draft.value('order')!r}", 'duplicates = "drop"'
        )
    return draft


def _numbers_rows(draft: Draft) -> bool:
    """Check whether nearly every row has another order number, so that a row which comes again is a copy."""
    column = draft.look.columns.get(draft.value("order") or "")
    return column is not None and column.distinct >= NEARLY_ALL * column.rows
