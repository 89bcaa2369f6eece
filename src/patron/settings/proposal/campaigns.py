"""Campaigns: files in which some customers got an offer and others did not, and the roles of their columns."""

from collections.abc import Callable, Sequence

from patron.history.named_values import FEW
from patron.history.offers import is_usual_control
from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.drafts import Draft, literal
from patron.settings.proposal.words import has

__all__ = ["is_campaign", "with_campaign"]

SENT = "campaign|offer|offers|promotion|promotions|promo|voucher|vouchers|coupon|coupons|mailing|mailings"
TRIED = f"{SENT}|trial|experiment|treatment|treatments|target|targets|targeting"
NAMED = {
    "arm": r"arm|treated|treatment|variant|test group|control group|target group|group|control|holdout|is test",
    "offer": f"(?:{SENT})(?: (?:name|id|type))*",
    "accepted": "accepted|redeemed|responded|response|taken|used|conversion|converted|clicked",
    "propensity": "propensity|probability|treatment probability|assignment probability|chance",
}


def is_campaign(look: TableLook) -> bool:
    """Check whether the rows of a file are contacts of campaigns: it has arms, and says what was offered or taken.

    >>> import pandas as pd
    >>> from patron.settings.proposal.columns import look_at
    >>> sent = {"customer_id": ["a", "b"], "sent_at": ["2024-01-01"] * 2, "group": ["test", "control"]}
    >>> is_campaign(look_at("mailing", pd.DataFrame(sent))), is_campaign(look_at("tickets", pd.DataFrame(sent)))
    (True, False)
    """
    columns = list(look.columns.values())
    is_named = has(look.words, TRIED)
    return bool(_column("arm", columns)) and (
        is_named or bool(_column("offer", columns) or _column("accepted", columns))
    )


def with_campaign(draft: Draft, columns: Sequence[ColumnLook]) -> Draft:
    """Return the section of contacts with what was offered, who got it, and whether it was taken.

    Which arm got nothing is asked about where none has a usual name of a control.
    """
    taken = {entry.value for entry in draft.entries.values()}
    for role in ("offer", "arm", "propensity", "accepted"):
        column = _column(role, [column for column in columns if column.name not in taken])
        if column is None:
            continue
        taken.add(column.name)
        if role == "arm" and not any(is_usual_control(_text(value)) for value in column.values):
            draft = draft.asking(
                f"{column.name!r} looks like the arms of a campaign, and none of its {column.distinct:,} values is "
                'called a control, so that no effect can be learned: name the one that got nothing, control = "..."',
                f"arm = {literal(column.name)}",
            )
        else:
            draft = draft.with_entry(role, column.name, f"{column.distinct:,} different")
    return draft


def _column(role: str, columns: Sequence[ColumnLook]) -> ColumnLook | None:
    """Return the first column whose name and values fit a role."""
    named = (c for c in columns if has(c.words, f"^(?:{NAMED[role]})$") and not c.is_time and c.known)
    return next((c for c in named if TESTS[role](c)), None)


def _is_few(column: ColumnLook) -> bool:
    return column.kind in ("text", "number", "truth") and column.distinct <= FEW


def _is_share(column: ColumnLook) -> bool:
    return column.kind == "truth" or (column.kind == "number" and all(0 <= value <= 1 for value in column.values))


def _text(value: object) -> str:
    """Return a value as the door writes it among arms."""
    return str(value).lower()


TESTS: dict[str, Callable[[ColumnLook], bool]] = {
    "arm": lambda column: _is_few(column) and column.distinct > 1,
    "offer": _is_few,
    "accepted": _is_share,
    "propensity": _is_share,
}
