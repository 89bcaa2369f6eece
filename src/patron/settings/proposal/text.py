"""Text: drafts and cutoffs as a settings file, each line with its reason, each doubt with the line that mends it."""

import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from patron.engines.databases import is_remote
from patron.settings.proposal.columns import TableLook
from patron.settings.proposal.cutoffs import Cutoffs
from patron.settings.proposal.drafts import OPEN, Draft, Entry, JoinTo, literal

__all__ = ["path_of", "settings_text"]

WIDTH = 40
LONGEST = 118
WANTED = ("amount", "order", "item", "category")
MONEY = {"amount", "total", "gross", "price"}
INSTEAD = {"total": "amount", "gross": "amount"}


def settings_text(name: str, drafts: Sequence[Draft], cutoffs: Cutoffs, left: Mapping[str, str], folder: Path) -> str:
    """Return a settings file.

    Args:
        name: of the business.
        drafts: its sections.
        cutoffs: the horizon and the dates.
        left: the files that have no section, each with the reason.
        folder: from where paths are seen.
    """
    return "\n".join(
        [
            "# Proposed by patron init. Lines with # are choices, or say what could not be told from the files;",
            "# those that begin with # ? ask, and the line below each would change the answer.",
            f"name = {literal(_tidy(name))}",
            _currency(drafts),
            *(f"# {label} has no section: {why}" for label, why in left.items()),
            *(line for draft in drafts for line in _section(draft, folder)),
            _questions(drafts, cutoffs),
            _OFFERS,
        ]
    )


def _tidy(name: str) -> str:
    return re.sub(r"[^\w -]+", "-", name).strip(" -_") or "shop"


def path_of(look: TableLook, folder: Path) -> str:
    """Return the path of a file as settings in a folder name it; a frame is to be saved there."""
    if not isinstance(look.source, str | Path):
        return f"{look.name}.parquet"
    if is_remote(look.source):
        return str(look.source)
    return Path(os.path.relpath(Path(look.source).resolve(), folder.resolve())).as_posix()


def _currency(drafts: Sequence[Draft]) -> str:
    for draft in drafts:
        column = draft.look.columns.get(draft.value("currency") or "")
        kept = (draft.value("where") or {}).get(column.name) if column else None
        codes = kept or (sorted(set(column.texts)) if column else [])
        if len(codes) == 1:
            return _line("currency", Entry(codes[0].upper(), f"the only one in {column.name!r}" if column else ""))
    return '# currency = "EUR"                        # what the amounts are in, for reports: could not be told'


def _section(draft: Draft, folder: Path) -> list[str]:
    look = draft.look
    lines = ["", f"[{draft.section}.{draft.name}]", _line("path", Entry(path_of(look, folder), f"{look.rows:,} rows"))]
    if draft.joins:
        lines += ["joins = [", *(f"  {_join(join, folder)}," for join in draft.joins), "]"]
    lines += [_line(key, entry) for key, entry in draft.entries.items() if entry.why != OPEN]
    computed = {"amount"} if {"price", "quantity"} <= set(draft.entries) else set()
    has = {INSTEAD.get(role, role) for role in draft.entries} | computed
    sold = draft.name in ("orders", "lines") and draft.section == "tables"
    lines += [f"# {role} =   # could not be told" for role in WANTED if sold and role not in has]
    for question, line in draft.questions:
        lines += [f"# ? {question}", *([f"# {line}"] if line else [])]
    lines += [f"# {change}{' ' * max(1, WIDTH - 2 - len(change))}# else: {what}" for what, change in draft.assumed]
    if draft.section == "attributes" and "leave_out" not in draft.entries:
        lines.append(
            '# leave_out = ["status"]                # columns that were written after the outcome would tell it'
        )
    if draft.others and draft.section == "tables":
        lines.append(f"# columns that none of these took: {', '.join(literal(column) for column in draft.others)}")
    return lines


def _join(join: JoinTo, folder: Path) -> str:
    on = join.own if join.own == join.other else {join.own: join.other}
    return literal({"path": path_of(join.look, folder), "on": on})


def _line(key: str, entry: Entry) -> str:
    text = f"{key} = {literal(entry.value)}"
    return f"{text:{WIDTH}}  # {entry.why}" if entry.why else text


def _questions(drafts: Sequence[Draft], cutoffs: Cutoffs) -> str:
    """Write questions, horizons and cutoffs; of profit only where costs are known."""
    horizon, active = cutoffs.horizon, cutoffs.active_in
    sold = [draft for draft in drafts if draft.name in ("orders", "lines")]
    keys = {key for draft in sold for key in draft.entries}
    paid = {"margin", "cost", "unit_cost"} & keys and MONEY & keys
    train = ", ".join(_date(cutoff) for cutoff in cutoffs.train)
    doubt = f"# ? {cutoffs.doubt}\n" if cutoffs.doubt else ""
    scope = f"active_in = {active}" if active else "# active_in = 365"
    of_orders = f"""{scope}                         # who ordered in the last year
churn = {{ horizon = {horizon} }}                # no order within so many days: {cutoffs.why}
next_purchase = {{ horizon = {horizon}, within = [{max(1, horizon // 3)}] }}
{"" if paid else "# "}tier = {{ horizon = {horizon} }}               # profit: needs a margin or cost, or [costs]

# [costs]
# margin_rate = 0.35                      # what is left of an amount: not assumed for you
"""
    ended = f"cancellation = {{ horizon = {horizon} }}         # the end of the contract within so many days\n"
    contracts = any(draft.section == "subscriptions" for draft in drafts)
    return f"""
[questions]
{ended if contracts else ""}{of_orders if sold else ""}
{doubt}[cutoffs]
train = [{train}]
valid = {_date(cutoffs.valid)}
test = {_date(cutoffs.test)}                     # its label has passed"""


def _date(cutoff: datetime) -> str:
    return literal(f"{cutoff:%Y-%m-%d}")


_OFFERS = """
# What a customer can be given, for patron decide and report; the effect is your own assumption.
# [decisions]
# budget = 2000.0
# value = 30.0                            # profit of a kept customer, where no tier is asked
# [offers.voucher]
# contact_cost = 0.5
# effect = 0.1
"""
