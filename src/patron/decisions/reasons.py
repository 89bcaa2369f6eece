"""Reasons: why each customer on a list may leave, and what keeps them, carried along as texts."""

from typing import Any

import pandas as pd

from patron.decisions.table_checks import check_columns, check_once
from patron.errors import ScoreError

__all__ = ["REASONS", "REASON_COLUMNS", "with_reasons"]

REASON_COLUMNS = ("customer", "cutoff", "side", "rank", "text")
REASONS = {"reasons_for": "for", "reasons_against": "against"}
MOST_REASONS = 3


def with_reasons(table: pd.DataFrame, reasons: pd.DataFrame | None) -> pd.DataFrame:
    """Return a table of customers with `reasons_for` and `reasons_against`: the first three of each, as one text.

    Args:
        table: `customer` and `cutoff`, whatever else.
        reasons: as for `decide`, of all these customers or more; texts are empty where there are none.

    Raises:
        ScoreError: the reasons lack a column, come twice, or none is about any row.
    """
    return table.assign(**_reasons(table, reasons))


def _reasons(table: pd.DataFrame, reasons: pd.DataFrame | None) -> dict[str, Any]:
    """The texts of the first drivers of each row on both sides, joined by semicolons, empty where there are none."""
    texts = {} if reasons is None else _texts(reasons)
    rows = list(zip(table.customer, pd.to_datetime(table.cutoff), strict=True))
    if texts and rows and not {key[:2] for key in texts} & set(rows):
        raise ScoreError(
            f"None of the {len(rows)} chosen customers has a reason: reasons are for cutoff "
            f"{min(key[1] for key in texts)}, scores for {rows[0][1]}. Make both from the same rows."
        )
    return {
        name: pd.array([texts.get((*row, side), "") for row in rows], dtype="str") for name, side in REASONS.items()
    }


def _texts(reasons: pd.DataFrame) -> dict[tuple[Any, ...], str]:
    check_columns(reasons, REASON_COLUMNS, "reasons", "Give the table that patron.explanations.drivers.drivers makes.")
    check_once(reasons, ["customer", "cutoff", "side", "rank"], "reasons")
    first = reasons[reasons["rank"] <= MOST_REASONS].sort_values("rank")
    keys = zip(first.customer, pd.to_datetime(first.cutoff), first.side, strict=True)
    texts: dict[tuple[Any, ...], list[str]] = {}
    for key, text in zip(keys, first.text, strict=True):
        texts.setdefault(key, []).append(text)
    return {key: "; ".join(parts) for key, parts in texts.items()}
