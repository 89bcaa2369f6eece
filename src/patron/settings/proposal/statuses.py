"""Statuses: which rows were never paid and are left out, and which take a purchase back, where two signs say so."""

from collections.abc import Sequence

import ibis
from ibis.expr.types import BooleanValue

from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.drafts import Draft, literal
from patron.settings.proposal.verdicts import (
    StatusCount,
    Verdict,
    counted,
    is_known,
    is_won,
    says_what_rows_are,
    went_back,
)
from patron.settings.proposal.words import has

__all__ = ["is_pipeline", "status_columns", "with_statuses"]

STATUS = "status|state|stage"
NAMED = f"{STATUS}|phase|outcome|event type|type|kind|event|action"
AGAINST = "shipping|customer|billing|coupon|marketing|lead|email|address|tax|country|item|campaign"
SECOND = "fulfil\\w*|delivered|forecast"  # of such a status only where there is no other
MAX, SHOWN = 40, 5
NEARLY_ALL, MOST = 0.9, 0.8


def status_columns(columns: Sequence[ColumnLook]) -> list[ColumnLook]:
    """Return the columns that say what became of an order, those of the money before those of the parcel."""
    some = [c for c in columns if c.kind == "text" and 1 <= c.distinct <= MAX and has(c.words, NAMED)]
    of_orders = [c for c in some if not has(c.words, AGAINST)]
    telling = [c for c in of_orders if any(map(is_known, c.texts))]
    ranked = [c for c in telling if not has(c.words, SECOND)]
    return [*(ranked or telling), *(c for c in of_orders if c not in telling and _is_strange(c))]


def _is_strange(column: ColumnLook) -> bool:
    """Check whether a column is called a status and has few values, in words that nobody here knows."""
    return has(column.words, STATUS) and 1 < column.distinct <= SHOWN and column.known == column.rows


def is_pipeline(columns: Sequence[ColumnLook]) -> bool:
    """Check whether a column says which orders were won: all others never were any."""
    return any(is_won(text) for column in status_columns(columns) for text in set(column.texts))


def with_statuses(draft: Draft, look: TableLook, money: str, filled: frozenset[str] = frozenset()) -> Draft:
    """Add the condition that leaves unpaid rows out and the one for returns, or ask where only one sign speaks for it.

    Args:
        draft: a table of orders or lines.
        look: the file that has the statuses: the table's own, or one that is joined to it.
        money: the column of the amount; empty where that file has none.
        filled: columns that stand only on the first line of an order, and are filled down where they are used.
    """
    has_due_dates = any(has(column.words, "due") for column in look.columns.values())
    for column in status_columns(list(look.columns.values())):
        counts = _counts(look, column.name, money)
        draft = _returns(draft, look, column, counts, money)
        verdict = Verdict.of(counts, column.words, has_due_dates)
        draft = _asking(draft, column, verdict)
        if not verdict.kept:
            draft = draft.asking(f"{column.name!r} is {counted(verdict.gone)} in all rows: are these purchases?")
        if verdict.gone and verdict.kept:
            draft = _kept(draft, column, verdict, column.name in filled)
    return draft


def _counts(look: TableLook, column: str, money: str) -> list[StatusCount]:
    rows = look.table.select(value=look.table[column].cast("string"), below=_is_below(look, money))
    counts = rows.group_by("value").aggregate(n=rows.count(), below=rows.below.sum())
    ranked = counts.filter(counts.value.notnull()).order_by([ibis.desc("n"), "value"]).to_pyarrow().to_pylist()
    return [StatusCount(row["value"], int(row["n"]), int(row["below"] or 0)) for row in ranked]


def _is_below(look: TableLook, money: str) -> BooleanValue:
    if not money or money not in look.table.columns:
        return ibis.literal(False)
    amount = look.table[money]
    return (amount.re_search(r"^\s*[(−-]") if amount.type().is_string() else amount < 0).fill_null(False)


def _kept(draft: Draft, column: ColumnLook, verdict: Verdict, filled: bool) -> Draft:
    """Leave rows out by the values that are kept, or ask where some rows have no value."""
    values = {column.name: [c.value for c in verdict.kept]}
    words = f"leaves out {counted(verdict.gone)}: {verdict.why}"
    if column.known < column.rows and not filled:
        unsaid = 1 - column.known / column.rows
        return draft.asking(
            f"{column.name!r} {words}, but {unsaid:.0%} of the rows do not say it", f"where = {literal(values)}"
        )
    before = draft.entries.get("where")
    why = f"{before.why}; {words}" if before else words
    return draft.with_entry("where", {**(before.value if before else {}), **values}, why)


def _asking(draft: Draft, column: ColumnLook, verdict: Verdict) -> Draft:
    """Ask about invoices that are not paid yet, and about words that do not say whether a row is a purchase."""
    strange = [c for c in verdict.kept if not is_known(c.value)]
    if not has(column.words, STATUS) or len(strange) > SHOWN:
        strange = []
    doubts = {"invoices that are not paid yet, which count as purchases": verdict.due}
    doubts |= {"which does not say whether these are purchases: they count": strange}
    for words, some in doubts.items():
        if some:
            line = {column.name: [c.value for c in verdict.kept if c not in some] or [c.value for c in some]}
            draft = draft.asking(f"{column.name!r} is {counted(some)}, {words}", f"where = {literal(line)}")
    return draft


def _returns(draft: Draft, look: TableLook, column: ColumnLook, counts: Sequence[StatusCount], money: str) -> Draft:
    """Add what takes purchases back where the words and the money agree; else ask."""
    back = went_back(counts)
    if not back:
        return draft
    line = {column.name: [c.value for c in back]}
    rows, below = sum(c.rows for c in back), sum(c.below for c in back)
    if below >= NEARLY_ALL * rows:
        why = f"{counted(back)}, {below:,} with an amount below zero"
        return draft if "returns" in draft.entries else draft.with_entry("returns", line, why)
    own = says_what_rows_are(column.words) and "returns" not in draft.entries
    again = _repeating(draft, look, column.name, line[column.name], money) if own else 0
    if again >= MOST * rows:
        why = f"{counted(back)}, {again:,} with the amount of another row of the same customer and item"
        return draft.with_entry("returns", line, why)
    return draft.asking(
        f"{column.name!r} is {counted(back)}, with an amount above zero: these count as purchases that were kept; if "
        "such a row only gives money back, it is a return",
        f"returns = {literal(line)}",
    )


def _repeating(draft: Draft, look: TableLook, column: str, values: Sequence[str], money: str) -> int:
    """Count the rows of some values that have customer, item and amount of a row with another value."""
    same = [name for name in (draft.value("customer"), draft.value("item"), money) if name]
    if not {draft.value("customer"), money} <= set(look.table.columns) or not money:
        return 0
    is_back = look.table[column].cast("string").isin(values).fill_null(False)
    back, others = look.table.filter(is_back), look.table.filter(~is_back)
    return int(back.semi_join(others, same).count().to_pyarrow().as_py())
