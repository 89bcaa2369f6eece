"""Money: which column is what an order brings, told once for the order or for each of its lines, and what it costs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.drafts import literal
from patron.settings.proposal.roles import Fit, fits
from patron.settings.proposal.words import has

__all__ = ["Layout", "layout_of", "money_entries"]

MOST, NEARLY_ALL = 0.9, 0.98
SEVERAL = 3  # orders with several rows, so that these tell something
CLOSE = 0.45
RATE = 1.0
Roles = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Layout:
    """How the rows of one order look: how many orders have several, and which cells these share.

    Args:
        orders: orders of several rows among those seen.
        first: columns that are known only on the first row of such orders.
        same: columns that are the same on all rows of such orders.
        is_itemised: whether rows name the item and the pieces of it, so that orders of several rows may come.
    """

    orders: int = 0
    first: frozenset[str] = frozenset()
    same: frozenset[str] = frozenset()
    is_itemised: bool = False

    @property
    def has_lines(self) -> bool:
        """Whether orders have several rows."""
        return self.orders >= SEVERAL


def layout_of(look: TableLook, order: str) -> Layout:
    """Return how the rows of one order look, from the first rows of a file."""
    groups: dict[object, list[int]] = {}
    for place, number in enumerate(look.columns[order].cells if order in look.columns else ()):
        if number is not None:
            groups.setdefault(number, []).append(place)
    several = [rows for rows in list(groups.values())[:-1] if len(rows) > 1]
    if len(several) < SEVERAL:
        itemised = bool(
            order and fits("item", list(look.columns.values())) and fits("quantity", list(look.columns.values()))
        )
        return Layout(len(several), is_itemised=itemised)
    columns = [column for column in look.columns.values() if column.name != order]
    first = frozenset(c.name for c in columns if _share(several, c, _is_first_only) >= MOST)
    same = frozenset(c.name for c in columns if c.name not in first and _share(several, c, _is_same) >= NEARLY_ALL)
    return Layout(len(several), first, same)


def money_entries(columns: Sequence[ColumnLook], layout: Layout) -> tuple[Roles, list[tuple[str, str]]]:
    """Return by role the column and why it has it, and what is in doubt, each with the line that would change it.

    Args:
        columns: those of a table of orders or lines.
        layout: how the rows of one order look.
    """
    roles: Roles = {}
    doubts: list[tuple[str, str]] = []
    for role in ("quantity", "price"):
        some = [fit for fit in fits(role, columns) if _is_of_lines(fit.column, layout)]
        if some and some[0].score >= 2.5:
            roles[role] = (some[0].column.name, "")
    amounts = fits("amount", columns)
    taken = {name for name, _ in roles.values()}
    amounts = [fit for fit in amounts if fit.column.name not in taken]
    roles |= _amount(amounts, layout, roles)
    doubts += _rivals(amounts, roles)
    roles |= _deductions(columns, layout, roles)
    roles |= _costs(columns, layout, roles)
    return roles, [*doubts, *_mistaken(columns, roles)]


def _amount(amounts: Sequence[Fit], layout: Layout, roles: Roles) -> Roles:
    """Return the amount of a row, or the total of the order where rows are its lines and it stands there once."""
    whole = [fit for fit in amounts if _is_of_order(fit.column, layout)]
    of_lines = [fit for fit in amounts if fit not in whole and fit.score >= 2.5]
    if whole and not layout.has_lines:
        return {"total": (whole[0].column.name, "of the whole order")}
    if whole:
        how = "only on the first line" if whole[0].column.name in layout.first else "the same on every line"
        return {"total": (whole[0].column.name, f"of the whole order: {how} of each")}
    if of_lines and of_lines[0].score >= 3.0:
        best = of_lines[0].column
        return {"gross" if has(best.words, "gross") else "amount": (best.name, "")}
    if {"price", "quantity"} <= set(roles):
        return {}
    if "price" in roles:
        return {
            "amount": (roles.pop("price")[0], "the price of the one piece of each row, as no column has a quantity")
        }
    return {"amount": (of_lines[0].column.name, "")} if of_lines else {}


def _is_of_order(column: ColumnLook, layout: Layout) -> bool:
    if column.name in layout.first:
        return True
    if not layout.has_lines:
        return layout.is_itemised and has(column.words, "total") and not has(column.words, "line|item|row")
    return column.name in layout.same and not has(column.words, "line|item|row")


def _is_of_lines(column: ColumnLook, layout: Layout) -> bool:
    return not layout.has_lines or column.name not in layout.first


def _rivals(amounts: Sequence[Fit], roles: Roles) -> list[tuple[str, str]]:
    """Name the columns that are about as likely what an order brings, where their values differ."""
    role = next((role for role in ("total", "amount", "gross") if role in roles), "")
    chosen = next((fit for fit in amounts if role and fit.column.name == roles[role][0]), None)
    if chosen is None:
        return []
    near = [
        f for f in amounts if f is not chosen and f.score >= chosen.score - CLOSE and _differ(f.column, chosen.column)
    ]
    return [
        (
            f"{chosen.column.name!r} was taken for what is paid; {fit.column.name!r} is about as likely",
            f"{role} = {fit.column.name}",
        )
        for fit in near[:2]
    ]


def _deductions(columns: Sequence[ColumnLook], layout: Layout, roles: Roles) -> Roles:
    """Return discount and tax, where they are money above zero and that of a row."""
    result: Roles = {}
    for role in ("discount", "tax"):
        for fit in fits(role, columns):
            values = _numbers(fit.column)
            once = layout.has_lines and fit.column.name in layout.same | layout.first
            if fit.score >= 4.0 and values and min(values) >= 0 and max(values) > RATE and not once:
                result[role] = (fit.column.name, "")
                break
    return result


def _costs(columns: Sequence[ColumnLook], layout: Layout, roles: Roles) -> Roles:
    """Return what is left of the money, or what the goods cost; of a piece only where pieces are counted."""
    taken = {name for name, _ in roles.values()}
    result: Roles = {}
    for role in ("margin", "cost", "unit_cost"):
        some = [fit.column for fit in fits(role, columns) if fit.score >= 4.0 and fit.column.name not in taken]
        some = [column for column in some if not (layout.has_lines and column.name in layout.same)]
        if some and not (role == "unit_cost" and ("quantity" not in roles or "cost" in result)):
            result[role] = (some[0].name, "of one piece" if role == "unit_cost" else "")
    return result


def _mistaken(columns: Sequence[ColumnLook], roles: Roles) -> Iterator[tuple[str, str]]:
    """Name the columns that might be taken for costs and are none for sure."""
    taken = {name for name, _ in roles.values()}
    for column in columns:
        if column.name in taken or not column.is_number or not any(_numbers(column)):
            continue
        if has(column.words, "shipping") and not has(column.words, "tax|method|name|id|discount|date"):
            yield (
                f"{column.name!r} is what the customer paid for shipping, and not taken for a cost; if it is what "
                "shipping cost you",
                f"shipping = {literal(column.name)}",
            )
        elif has(column.words, "refund") and has(column.words, "amount|total|value|money|refund"):
            n = sum(1 for value in _numbers(column) if value)
            yield (
                f"{column.name!r} is not zero in {n:,} of the first {len(column.cells):,} rows: money given back, "
                "which no key takes; give refunds as rows of their own in [tables.returns]",
                "",
            )


def _numbers(column: ColumnLook) -> list[float]:
    """Return the first values as numbers; texts as far as they are digits."""
    if column.kind == "number":
        return [float(value) for value in column.values]
    digits = (
        "".join(sign for sign in text if sign.isdigit() or sign in ".,-").replace(",", ".") for text in column.texts
    )
    result = []
    for text in digits:
        try:
            result.append(float(text))
        except ValueError:
            continue
    return result


def _differ(first: ColumnLook, second: ColumnLook) -> bool:
    return any(a != b for a, b in zip(first.cells, second.cells, strict=False))


def _share(
    orders: Sequence[Sequence[int]], column: ColumnLook, test: Callable[[ColumnLook, Sequence[int]], bool]
) -> float:
    known = [rows for rows in orders if any(_cell(column, place) is not None for place in rows)]
    return sum(test(column, rows) for rows in known) / len(orders)


def _is_first_only(column: ColumnLook, rows: Sequence[int]) -> bool:
    return _cell(column, rows[0]) is not None and all(_cell(column, place) is None for place in rows[1:])


def _is_same(column: ColumnLook, rows: Sequence[int]) -> bool:
    return len({_cell(column, place) for place in rows}) == 1


def _cell(column: ColumnLook, place: int) -> object:
    value = column.cells[place]
    return None if value is None or (isinstance(value, str) and not value.strip()) else value
