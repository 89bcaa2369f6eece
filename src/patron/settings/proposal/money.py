"""Money: which column is what an order brings, told once for the order or for each of its lines, and what it costs."""

from collections.abc import Iterator, Sequence

from patron.settings.proposal.columns import ColumnLook
from patron.settings.proposal.drafts import literal
from patron.settings.proposal.numbering import Layout
from patron.settings.proposal.roles import Fit, fits
from patron.settings.proposal.words import has

__all__ = ["money_entries"]

CLOSE, LATER, LINES_FIRST = 0.45, 0.7, 1.0
RATE = 1.0
CHARGED = "is what the customer paid for shipping, and not taken for a cost; if it is what shipping cost you"
GIVEN_BACK = "money given back, which no key takes; give refunds as rows of their own in [tables.returns]"
Roles = dict[str, tuple[str, str]]


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
    amounts = _without_later([fit for fit in amounts if fit.column.name not in taken], columns)
    deductions = _deductions(columns, layout)
    roles |= _amount(amounts, layout, roles, deductions)
    doubts += _rivals(amounts, roles)
    roles |= deductions
    roles |= _costs(columns, layout, roles)
    return roles, [*doubts, *_mistaken(columns, roles)]


def _amount(amounts: Sequence[Fit], layout: Layout, roles: Roles, deductions: Roles) -> Roles:
    """Return the amount of a row, or the total of the order where rows are its lines and it stands there once."""
    best = max((fit.score for fit in amounts), default=0.0)
    whole = [fit for fit in amounts if _is_of_order(fit.column, layout) and fit.score >= best - LINES_FIRST]
    of_lines = [fit for fit in amounts if fit not in whole and fit.score >= 2.5]
    if whole and not layout.has_lines:
        return {"total": (whole[0].column.name, "of the whole order")}
    if whole:
        how = "only on the first line" if whole[0].column.name in layout.first else "the same on every line"
        return {"total": (whole[0].column.name, f"of the whole order: {how} of each")}
    if of_lines and of_lines[0].score >= 3.0:
        money = of_lines[0].column
        return {"gross" if deductions and has(money.words, "gross") else "amount": (money.name, "")}
    if {"price", "quantity"} <= set(roles):
        return {}
    if "price" in roles:
        return {
            "amount": (roles.pop("price")[0], "the price of the one piece of each row, as no column has a quantity")
        }
    return {"amount": (of_lines[0].column.name, "")} if of_lines else {}


def _without_later(amounts: Sequence[Fit], columns: Sequence[ColumnLook]) -> list[Fit]:
    """Put what was paid by now behind what is owed, where rows say that something is due: it was not known then."""
    due = any(has(column.words, "due|outstanding") for column in columns)
    scored = [Fit(fit.column, fit.score - LATER * (due and has(fit.column.words, "paid"))) for fit in amounts]
    return sorted(scored, key=lambda fit: -fit.score)


def _is_of_order(column: ColumnLook, layout: Layout) -> bool:
    if column.name in layout.first:
        return True
    if not layout.has_lines:
        return layout.is_itemised and has(column.words, "total") and not has(column.words, "line|item|row")
    return column.name in layout.same and column.distinct > 1 and not has(column.words, "line|item|row")


def _is_of_lines(column: ColumnLook, layout: Layout) -> bool:
    return not layout.has_lines or column.name not in layout.first


def _rivals(amounts: Sequence[Fit], roles: Roles) -> list[tuple[str, str]]:
    """Name the columns that are about as likely what an order brings, where their values differ."""
    role = next((role for role in ("total", "amount", "gross") if role in roles), "")
    chosen = next((fit for fit in amounts if role and fit.column.name == roles[role][0]), None)
    if chosen is None:
        return []
    near = [f for f in amounts if f is not chosen and f.score >= chosen.score - CLOSE and _differ(f, chosen)]
    doubts = [
        (f"{chosen.column.name!r} was taken for what is paid; {name!r} is about as likely", f"{role} = {literal(name)}")
        for name in (fit.column.name for fit in near[:2])
    ]
    goods = next((f.column.name for f in amounts if has(f.column.words, "subtotal") and f not in (chosen, *near)), "")
    if goods and has(chosen.column.words, "total"):
        words = f"{chosen.column.name!r} holds what was charged for tax and shipping too; {goods!r} is the goods alone"
        doubts.append((words, f"{role} = {literal(goods)}"))
    return doubts


def _deductions(columns: Sequence[ColumnLook], layout: Layout) -> Roles:
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
    """Name the columns that might be taken for costs or returns and are none for sure, and money in hundredths."""
    taken = {name for name, _ in roles.values()}
    for column in columns:
        name = column.name
        if name in taken and has(column.words, "minor|cents|cent"):
            yield f"{name!r} looks like money in hundredths: all money is then a hundred times too large", ""
        if name in taken or not column.is_number or not any(_numbers(column)):
            continue
        if has(column.words, "shipping") and not has(column.words, "tax|method|name|id|discount|date"):
            yield f"{name!r} {CHARGED}", f"shipping = {literal(name)}"
        elif has(column.words, "discount") and _is_untaken_rate(column, roles):
            yield f"{name!r} looks like a rate, which is not taken off price times quantity", 'amount = "..."'
        elif has(column.words, "refund"):
            n = sum(1 for value in _numbers(column) if value)
            yield f"{name!r} is not zero in {n:,} of the first {len(column.cells):,} rows: {GIVEN_BACK}", ""


def _is_untaken_rate(column: ColumnLook, roles: Roles) -> bool:
    return "price" in roles and not {"amount", "total"} & set(roles) and max(_numbers(column)) <= RATE


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


def _differ(first: Fit, second: Fit) -> bool:
    return any(a != b for a, b in zip(first.column.cells, second.column.cells, strict=False))
