"""Role checks: whether the values of a column can be what its role says: money and no rate, a row and no piece."""

from collections.abc import Mapping
from typing import Any

from ibis.expr.types import Table

from patron.errors import cell
from patron.history.conditions import line

__all__ = ["role_notes", "role_sums"]

RATES = ("margin", "cost", "discount", "tax")
FAR = 10  # times the largest value: amounts so much above numbers between 0 and 1 tell that these are rates
FITTING, BEYOND = 0.95, 0.5
PREFIX = "check_"


def role_sums(rows: Table) -> dict[str, Any]:
    """Return what an aggregate must count for `role_notes`, in the query that counts the rows anyway."""
    if "amount" not in rows.columns:
        return {}
    amount = rows.amount.cast("float64")
    sums: dict[str, Any] = {"amount": amount.abs().mean()}
    for role in (role for role in RATES if role in rows.columns):
        value = rows[role].cast("float64")
        sums |= {f"{role}_low": value.min(), f"{role}_high": value.max(), f"{role}_mean": value.mean()}
        sums |= {f"{role}_parts": (value != value.floor()).sum(), f"{role}_n": value.count()}
    if "margin" in rows.columns:
        sums["margin_beyond"] = ((amount > 0) & (rows.margin.cast("float64") > amount)).sum()
    if "quantity" in rows.columns and "returned" not in rows.columns:
        below = (amount > 0) & (rows.quantity < 0)
        sums |= {"pieces_below": below.sum(), "pieces_least": rows.quantity.cast("float64").min(where=below)}
    if {"cost", "quantity"} <= set(rows.columns):
        sums |= _pieces(rows)
    return {f"{PREFIX}{name}": value for name, value in sums.items()}


def role_notes(counts: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str, ...]:
    """Describe which columns hold something else than their role says, each with the line that mends it.

    Args:
        counts: what `role_sums` asked for, of the rows that are used.
        columns: by role the column of the table as it was read; empty where a function has it.
    """
    n = {name.removeprefix(PREFIX): value for name, value in counts.items() if name.startswith(PREFIX)}
    notes = [_rate(role, n, columns) for role in RATES if columns.get(role) and _is_rate(role, n)]
    if columns.get("margin") and n.get("margin_n") and (n.get("margin_beyond") or 0) > BEYOND * n["margin_n"]:
        notes.append(
            f"column {columns['margin']!r}, read as the margin, is larger than the amount in {n['margin_beyond']:,} of "
            f'{n["margin_n"]:,} rows; if it is a rate in per cent, leave it out (margin = "") and write '
            f"margin_rate = {min(n['margin_mean'] / 100, 1):.2f} under [costs]"
        )
    if n.get("pieces_below") and columns.get("quantity"):
        notes.append(_below(n, columns["quantity"]))
    if columns.get("cost") and _is_of_a_piece(n):
        notes.append(
            f"column {columns['cost']!r}, read as the cost of a row, is no more than the amount of one piece in "
            f"{n['piece_fits']:,} of {n['piece_n']:,} rows with a quantity of 2 or more; if the cost is that of one "
            f'piece, write unit_cost = "{columns["cost"]}" in place of cost'
        )
    return tuple(notes)


def _below(n: Mapping[str, Any], name: str) -> str:
    """Describe rows of fewer than no pieces for money above zero, with the line that reads them as returns."""
    least = int(n["pieces_least"])
    numbers = list(range(-1, least - 1, -1)) if least >= -FAR else [-1, least]
    some = f"{n['pieces_below']:,} rows have" if n["pieces_below"] > 1 else "1 row has"
    return (
        f"{some} a quantity below zero and an amount above it, read as purchases; if they take a purchase back, "
        f"write {line('returns', {name: numbers})}"
    )


def _pieces(rows: Table) -> dict[str, Any]:
    """Compare the cost with the amount, once as that of the row and once as that of a piece."""
    amount, cost, quantity = (rows[role].cast("float64") for role in ("amount", "cost", "quantity"))
    sold = (amount > 0) & (cost > 0) & (quantity > 0)
    several = sold & (quantity >= 2)
    row = sold.ifelse(cost / amount.nullif(0), None)
    piece = row * quantity
    return {
        "piece_n": several.sum(),
        "piece_fits": (several & (cost * quantity <= amount)).sum(),
        "piece_mean": piece.mean(),
        "piece_spread": piece.std(how="pop"),
        "row_mean": row.mean(),
        "row_spread": row.std(how="pop"),
    }


def _is_rate(role: str, n: Mapping[str, Any]) -> bool:
    """Check whether all values lie between 0 and 1, most of them inside, while amounts are far larger."""
    if n.get(f"{role}_high") is None or not n.get("amount"):
        return False
    low, high = n[f"{role}_low"], n[f"{role}_high"]
    inside = n[f"{role}_parts"] > BEYOND * n[f"{role}_n"] or (high < 1 and n[f"{role}_parts"] > 0)
    return bool(low >= 0 and 0 < high <= 1 and inside and n["amount"] > FAR * high)


def _rate(role: str, n: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    name = columns[role]
    low, high = (cell(n[f"{role}_{edge}"], "g") for edge in ("low", "high"))
    seen = (
        f"column {name!r}, read as the {role}, lies between {low} and {high}, while the "
        f'amounts are {n["amount"]:,.2f} on average; if it is a rate and no money, leave it out ({role} = "")'
    )
    if role == "margin":
        return f"{seen} and write margin_rate = {n['margin_mean']:.2f} under [costs]"
    if role == "cost":
        return f"{seen} and write margin_rate = {1 - n['cost_mean']:.2f} under [costs]"
    return f"{seen} and write the money into the table"


def _is_of_a_piece(n: Mapping[str, Any]) -> bool:
    """Check whether a cost fits a piece, and as such is as steady a part of the price as it is of the row's amount."""
    if not n.get("piece_n") or n["piece_fits"] < FITTING * n["piece_n"]:
        return False
    return bool(n["piece_spread"] / n["piece_mean"] <= n["row_spread"] / n["row_mean"])
