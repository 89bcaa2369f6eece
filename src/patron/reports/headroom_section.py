"""The section of headroom: how much more customers could spend, by segment, and how well that was foreseen before."""

from typing import Any

from patron.portfolio.headroom import headroom_by
from patron.portfolio.result import Portfolio
from patron.portfolio.segments import segment_names

__all__ = ["headroom_section"]


def headroom_section(portfolio: Portfolio) -> dict[str, Any]:
    """Return what the section shows; empty where nothing is known.

    Args:
        portfolio: what relationships there are.
    """
    table = headroom_by(portfolio.customers, "segment")
    if table.empty:
        return {}
    place = {name: number for number, name in enumerate(segment_names(portfolio.terms.segments))}
    return {
        "rows": table.sort_values("segment", key=lambda names: names.map(place)).to_dict("records"),
        "above": portfolio.headroom.above,
        "better": portfolio.headroom.better,
        "period": portfolio.headroom.period.length,
        "shared": "share_of_customer" in table,
    }
