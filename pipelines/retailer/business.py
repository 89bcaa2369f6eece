"""The business: what is asked of which tables of Online Retail, with a feature of our own, and what can be offered.

The files beside this one are what a scheduler runs; `patron train pipelines/retailer/business.py` and its other verbs
do the same by hand.
"""

from dataclasses import replace
from pathlib import Path

import patron as pt
from patron.jobs import demo


@pt.measure(windows=pt.days(90, 365), empty=0, theme="value", unit="orders")
def large_orders(orders):
    """Orders of 500 pounds and more."""
    return orders.count(where=orders.amount >= 500)


COMMON = {"active_in": 365, "own": (large_orders,)}

settings = replace(
    demo.settings(Path()),
    name="online-retail-own",
    out=Path("patron-out") / "online-retail-own",
    questions=(
        pt.churn(horizon=90, **COMMON),
        pt.next_purchase(horizon=90, within=(30,), **COMMON),
        pt.tier(horizon=90, costs=demo.COSTS, **COMMON),
    ),
)
