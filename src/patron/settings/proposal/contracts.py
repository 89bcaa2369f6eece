"""Contracts: a file of subscriptions, memberships or policies that began and ended, as the section for them."""

from collections.abc import Sequence

from patron.history.named_values import FEW
from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.drafts import Draft, Entry
from patron.settings.proposal.forms import possible_forms
from patron.settings.proposal.words import has

__all__ = ["contract_draft", "is_of_contracts"]

CALLED = "subscription|membership|contract|policy"
STARTS = ("start|activated|subscribed|signup|joined", "created|since|date")
ENDS = ("end|terminated|churned|left", "cancelled|cancellation|cancel|expired")
AGAINST = "trial|current|period|pause|billing|payment|next|birth|renewal|renew|updated|due|first|last"
YEARLY, MONTHLY = "year", "month"


def is_of_contracts(look: TableLook) -> bool:
    """Check whether a file, or its number or plan of contracts, is called so, and has their starts and some ends."""
    columns = list(look.columns.values())
    named = has(look.words, CALLED) or any(has(column.words, f"{CALLED}|plan|tariff") for column in columns)
    return named and _time(columns, STARTS) is not None and _time(columns, ENDS) is not None


def contract_draft(look: TableLook, customer: Entry) -> Draft:
    """Return the section of a file of contracts, whose rows are all read: those that ended are who left.

    Args:
        look: the file.
        customer: the column of the customer's key.
    """
    columns = [column for column in look.columns.values() if column.name != customer.value]
    draft = Draft("subscriptions", "contracts", look, {"customer": customer})
    forms: dict[str, str] = {}
    for role, words in (("start", STARTS), ("end", ENDS)):
        column = _time(columns, words)
        assert column is not None  # as it is a file of contracts
        draft = draft.with_entry(role, column.name, "empty while a contract runs" if role == "end" else "")
        possible = possible_forms(look, column)
        forms |= {role: possible[0]} if len(possible) == 1 else {}
    draft = draft.with_entry("formats", forms) if forms else draft
    texts = [c for c in columns if c.kind == "text" and not c.is_time and 1 < c.distinct <= FEW and not c.is_number]
    for role, called in (("plan", "plan|tariff|item"), ("cause", "reason|cause")):
        some = [column for column in texts if has(column.words, called)]
        draft = draft.with_entry(role, some[0].name) if some else draft
    number = [c for c in columns if not c.is_time and has(c.words, CALLED) and has(c.words, "id")]
    draft = draft.with_entry("contract", number[0].name) if number else draft
    return _with_price(draft, columns)


def _with_price(draft: Draft, columns: Sequence[ColumnLook]) -> Draft:
    some = [c for c in columns if c.is_number and not c.is_time and has(c.words, "price|fee|amount|mrr|premium")]
    if not some:
        return draft
    draft = draft.with_entry("price", some[0].name)
    if has(some[0].words, YEARLY):
        return draft.with_entry("price_per", "year", "as its name says")
    draft = draft.with_entry("price_per", "month", "as its name says" if has(some[0].words, MONTHLY) else "")
    if has(some[0].words, MONTHLY):
        return draft
    return draft.asking(f"{some[0].name!r} was taken for the price of a month", 'price_per = "year"')


def _time(columns: Sequence[ColumnLook], words: Sequence[str]) -> ColumnLook | None:
    """Return the time that is called by the first of some words; of several in one rank, the first column."""
    times = [column for column in columns if column.is_time and column.known and not has(column.words, AGAINST)]
    ranked = (column for some in words for column in times if has(column.words, some) and not _is_other(column, words))
    return next(ranked, None)


def _is_other(column: ColumnLook, words: Sequence[str]) -> bool:
    """Check whether a column is called an end where a start is looked for."""
    return words is STARTS and any(has(column.words, end) for end in ENDS)
