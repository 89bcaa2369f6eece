"""Regular payers: customers who all pay after one and the same long time, as those do who pay for a term in advance."""

import ibis
from ibis.expr.types import Table

from patron.history.roles import PAID_UNTIL

__all__ = ["prepaid_notes"]

TERMS = (91, 182, 365)
NEAR, SHARE, FEWEST, SHORT = 0.05, 0.1, 20, 0.5
LOOKED_AT = 200_000  # orders; of more, those of some customers are
DAY = 86_400_000_000


def prepaid_notes(orders: Table, rows: int) -> tuple[str, ...]:
    """Note that customers fall into two kinds, of which one pays regularly after a long term; runs a query.

    Args:
        orders: the purchases, one row each.
        rows: their number, about.
    """
    if PAID_UNTIL in orders.columns:
        return ()
    share = rows // LOOKED_AT
    orders = orders.filter(orders.customer.hash() % share == 0) if share > 1 else orders
    before = orders["at"].lag().over(ibis.window(group_by=orders.customer, order_by=orders["at"]))
    gaps = orders.select("customer", gap=orders["at"].delta(before, unit="microsecond") / DAY)
    gaps = gaps.filter(gaps.gap >= 1)
    people = gaps.group_by("customer").aggregate(least=gaps.gap.min(), most=gaps.gap.max())
    near = {term: (people.least >= (1 - NEAR) * term) & (people.most <= (1 + NEAR) * term) for term in TERMS}
    sums = {f"near_{term}": regular.sum() for term, regular in near.items()}
    sums |= {f"short_{term}": (people.most <= SHORT * term).sum() for term in TERMS}
    n = {
        name: int(value or 0)
        for name, value in people.aggregate(n=people.count(), **sums).to_pyarrow().to_pylist()[0].items()
    }
    return tuple(
        f"customers fall into two kinds: of {n['n']:,} looked at {n[f'near_{term}']:,} pay every {term} days or so, "
        f"{n[f'short_{term}']:,} at most every {SHORT * term:.0f}; where the first pay in advance, silence within the "
        "term is no churn: "
        'name the column of it, in days or as a date (term = "the column"), or ask with a longer horizon'
        for term in TERMS
        if n[f"near_{term}"] >= max(FEWEST, SHARE * n["n"]) and n[f"short_{term}"] >= max(FEWEST, SHARE * n["n"])
    )
