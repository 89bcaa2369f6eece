"""Statuses: which rows were never paid and are left out, and which take a purchase back, where two signs say so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import ibis

from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.drafts import Draft, literal
from patron.settings.proposal.words import has

__all__ = ["StatusCount", "is_pipeline", "status_columns", "with_statuses"]

NAMED = "status|state|stage|phase|outcome|event type|type|kind|event|action"
AGAINST = "shipping|customer|billing|coupon|marketing|lead|email|address|tax|country|item|campaign"
SECOND = "fulfil\\w*|delivered|forecast"  # of such a status only where there is no other
UNPAID = re.compile(
    r"fail|void|cancel|declin|pending|unpaid|not.?paid|abandon|expired|draft|reject|incomplete|on.?hold|storniert|annul|trash"
    r"|awaiting|blocked|uncaptured|requires_|fraud|suspect|reversed|storno|unavailable|offen|ausstehend|en.?attente|pendiente|denied|error|erreur|past.?due|^lost$"
)
BACK = re.compile(
    r"refund|return|chargeback|charge.?back|disput|r.ckerstatt|erstatt|retour|rembours|devol|reembols|reversal|gutschrift|credit.?(?:note|memo)|avoir|abono"
)
PAID = re.compile(
    r"paid|complete|success|succe|captur|process|fulfil|ship|deliver|closed|bezahlt|versandt|settled|approved|invoiced"
    r"|purchase|sale|sold|^pay|payment|order|authori|termin|complet|pagad|livr|exped|entreg|abgeschlossen|erledigt|active"
)
BROWSED = re.compile(
    r"^view|page.?view|^cart$|add.?to.?cart|click|impression|search|wish.?list|^visit|session|log.?in|browse"
)
NO_SALE = re.compile(r"withdraw|transfer|payout|deposit|conversion|account.?hold|reserve|top.?up")
DUE = re.compile(r"due|await|unpaid|not.?paid|pending|offen|sent")
BOUGHT = re.compile(r"purchase|order|bought|buy|sale|transaction|checkout|achat|kauf|compra")
WON = re.compile(r"\bwon\b|closed.?won|gewonnen|gagn|ganad")
MAX, SHOWN = 40, 5
NEVER_PAID, NO_PURCHASES = "never paid", "no purchases"
NEARLY_ALL, MOST = 0.9, 0.8
OF_ROWS = "type|kind|event|action|document"  # columns that say what a row is, which no later event changes


@dataclass(frozen=True)
class StatusCount:
    """A value of a status, how many rows have it, and how many of these have an amount below zero."""

    value: str
    rows: int
    below: int


def status_columns(columns: Sequence[ColumnLook]) -> list[ColumnLook]:
    """Return the columns that say what became of an order, those of the money before those of the parcel."""
    some = [c for c in columns if c.kind == "text" and 1 < c.distinct <= MAX and has(c.words, NAMED)]
    telling = [c for c in some if not has(c.words, AGAINST) and any(_is_state(text) for text in c.texts)]
    ranked = [c for c in telling if not has(c.words, SECOND)]
    return ranked or telling


def is_pipeline(columns: Sequence[ColumnLook]) -> bool:
    """Check whether a column says which orders were won: all others never were any."""
    return any(WON.search(text.lower()) for column in status_columns(columns) for text in set(column.texts))


def with_statuses(draft: Draft, look: TableLook, money: str, filled: frozenset[str] = frozenset()) -> Draft:
    """Add the condition that leaves unpaid rows out and the one for returns, or ask where only one sign speaks for it.

    Args:
        draft: a table of orders or lines.
        look: the file that has the statuses: the table's own, or one that is joined to it.
        money: the column of the amount; empty where that file has none.
        filled: columns that stand only on the first line of an order, and are filled down where they are used.
    """
    where: dict[str, list[str]] = {}
    said: list[str] = []
    for column in status_columns(list(look.columns.values())):
        counts = _counts(look, column.name, money)
        draft = _returns(draft, look, column, counts, money)
        kept, gone = _kept(counts)
        moved = [c for c in counts if NO_SALE.search(c.value.lower())] if has(column.words, OF_ROWS) else []
        if moved and not gone:
            kept, gone = [c for c in counts if c not in moved], moved
        due = [c for c in gone if DUE.search(c.value.lower())] if _is_invoiced(look) else []
        if due:
            kept, gone = [*kept, *due], [c for c in gone if c not in due]
            line = f"where = {literal({column.name: [c.value for c in kept if c not in due]})}"
            draft = draft.asking(
                f"{column.name!r} is {_listed(due)}: invoices that are not paid yet count as purchases", line
            )
        blank = 1 - (column.known / max(1, column.rows))
        draft = _unknown(draft, column, kept)
        if not gone or not kept:
            continue
        words = f"leaves out {_listed(gone)}: {NO_PURCHASES if moved or _are_visits(gone) else NEVER_PAID}"
        if blank > 0 and column.name not in filled:
            line = f"where = {literal({column.name: [c.value for c in kept]})}"
            draft = draft.asking(f"{column.name!r} {words}, but {blank:.0%} of the rows do not say it", line)
            continue
        where[column.name] = [c.value for c in kept]
        said.append(words)
    return draft.with_entry("where", where, "; ".join(said)) if where else draft


def _counts(look: TableLook, column: str, money: str) -> list[StatusCount]:
    rows = look.table.select(value=look.table[column].cast("string"), below=_is_below(look, money))
    counts = rows.group_by("value").aggregate(n=rows.count(), below=rows.below.sum())
    ranked = counts.filter(counts.value.notnull()).order_by([ibis.desc("n"), "value"]).to_pyarrow().to_pylist()
    return [StatusCount(row["value"], int(row["n"]), int(row["below"] or 0)) for row in ranked]


def _is_below(look: TableLook, money: str) -> ibis.expr.types.BooleanValue:
    if not money or money not in look.table.columns:
        return ibis.literal(False)
    amount = look.table[money]
    return (amount.re_search(r"^\s*[(−-]") if amount.type().is_string() else amount < 0).fill_null(False)


def _is_invoiced(look: TableLook) -> bool:
    """Check whether rows are invoices, which are purchases before they are paid."""
    return any(has(column.words, "due") for column in look.columns.values())


def _kept(counts: Sequence[StatusCount]) -> tuple[list[StatusCount], list[StatusCount]]:
    """Part the values of rows that count from those of rows that were never paid."""
    won = [c for c in counts if WON.search(c.value.lower())]
    if won:
        return won, [c for c in counts if c not in won]
    bought = [c for c in counts if BOUGHT.search(c.value.lower())]
    if bought and _are_visits(counts):
        return bought, [c for c in counts if c not in bought]
    gone = [c for c in counts if UNPAID.search(c.value.lower()) and not BACK.search(c.value.lower())]
    return [c for c in counts if c not in gone], gone


def _returns(draft: Draft, look: TableLook, column: ColumnLook, counts: Sequence[StatusCount], money: str) -> Draft:
    """Add what takes purchases back where the words and the money agree; else ask."""
    back = [c for c in counts if BACK.search(c.value.lower()) and not UNPAID.search(c.value.lower())]
    if not back:
        return draft
    values = [c.value for c in back]
    rows, below = sum(c.rows for c in back), sum(c.below for c in back)
    if below >= NEARLY_ALL * rows and "returns" in draft.entries:
        return draft
    if below >= NEARLY_ALL * rows:
        return draft.with_entry(
            "returns", {column.name: values}, f"{_listed(back)}, {below:,} with an amount below zero"
        )
    own = has(column.words, OF_ROWS) and "returns" not in draft.entries
    again = _repeating(draft, look, column.name, values, money) if own else 0
    if again >= MOST * rows:
        why = f"{_listed(back)}, {again:,} with the amount of another row of the same customer and item"
        return draft.with_entry("returns", {column.name: values}, why)
    return draft.asking(
        f"{column.name!r} is {_listed(back)}, with an amount above zero: these count as purchases that were kept; if "
        "such a row only gives money back, it is a return",
        f"returns = {literal({column.name: values})}",
    )


def _unknown(draft: Draft, column: ColumnLook, kept: Sequence[StatusCount]) -> Draft:
    """Ask about words of a status that say neither that an order was paid nor that it was not."""
    strange = [c for c in kept if not _is_state(c.value)]
    if not strange or not has(column.words, "status|state|stage") or len(strange) > SHOWN:
        return draft
    line = {column.name: [c.value for c in kept if c not in strange]}
    words = f"{column.name!r} is {_listed(strange)}, which does not say whether these are purchases: they count"
    return draft.asking(words, f"where = {literal(line)}")


def _repeating(draft: Draft, look: TableLook, column: str, values: Sequence[str], money: str) -> int:
    """Count the rows of some values that have customer, item and amount of a row with another value."""
    same = [name for name in (draft.value("customer"), draft.value("item"), money) if name]
    if not {draft.value("customer"), money} <= set(look.table.columns) or not money:
        return 0
    is_back = look.table[column].cast("string").isin(values).fill_null(False)
    back, others = look.table.filter(is_back), look.table.filter(~is_back)
    return int(back.semi_join(others, same).count().to_pyarrow().as_py())


def _is_state(text: str) -> bool:
    return any(pattern.search(text.lower()) for pattern in (UNPAID, BACK, PAID, WON))


def _are_visits(counts: Sequence[StatusCount]) -> bool:
    return any(BROWSED.search(c.value.lower()) for c in counts)


def _listed(counts: Sequence[StatusCount]) -> str:
    return ", ".join(f"{c.value!r} ({c.rows:,})" for c in counts)
