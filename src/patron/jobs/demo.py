"""The demo: settings of the main job on the bundled real data."""

from pathlib import Path

from patron.datasets import folder
from patron.decisions import Offer
from patron.periods import Split
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.profit import CostModel
from patron.settings import Settings, Table

__all__ = ["settings"]

COSTS = CostModel(margin_rate=0.35, cost_per_order=4.0, cost_per_return=6.0)
OFFERS = (
    Offer("call", contact_cost=6.0, effect=0.12, channel="phone", words="A call by the account manager"),
    Offer(
        "voucher",
        contact_cost=0.5,
        incentive_cost=15.0,
        accepted=0.25,
        effect=0.08,
        channel="mail",
        words="A voucher for the next order",
    ),
)


def settings(root: Path) -> Settings:
    """Return the settings of the demo; results and experiments go below *root*.

    The orders have no costs, so the cost model is stated: 35 % margin, £4 for each order, £6 for each return.
    The effects of the offers are assumptions, and are shown as such.
    """
    data = folder()
    keys = {"customer": "customer_id", "at": "ts", "order": "order_id"}
    tables = {
        "orders": Table(data / "orders.parquet", keys, returns={"event_type": "return"}),
        "lines": Table(
            data / "lines.parquet",
            {**keys, "item": "item_id", "price": "unit_price", "category": lambda lines: lines.item_id[:2]},
            where={"event_type": "purchase", "line_kind": "product"},
        ),
    }
    return Settings(
        name="online-retail",
        tables=tables,
        questions=(churn(90, 365), next_purchase(90, (30,), 365), tier(90, COSTS, active_in=365)),
        split=Split.of(
            ["2010-06-16", "2010-09-14", "2010-12-13", "2011-03-13"], valid=["2011-06-11"], test=["2011-09-09"]
        ),
        root=root,
        out=root / "patron-out" / "online-retail",
        offers=OFFERS,
        budget=1500.0,
        holdout=0.1,
        currency="£",
    )
