"""The business: a simulated shop that can call its customers, and what is asked of it on the day that a round begins.

In the first round nobody knows what a call does: that it keeps a tenth of those who would leave is an assumption, and a
lot decides for half of the customers. In the second the effect is learned from the first, and little is left to a lot.
"""

from datetime import timedelta
from pathlib import Path

import patron as pt
from patron.datasets.simulated import OFFERS, simulate
from patron.engines.outputs import write
from patron.features import purchases
from patron.settings import Attributes, Settings, Table

QUARTER = timedelta(days=91)
CUSTOMERS, SEED = 1_500, 4
VALUE, COST = 60.0, 4.0  # of a customer who is kept for a quarter, and of a call
CALL = next(offer for offer in OFFERS if offer.name == "call").stronger(5)  # the older stay for it, the young leave
HOME = Path("patron-out") / "two-rounds"
ROUNDS = ({"effect": 0.1, "exploration": 0.5}, {"effect": "learned", "exploration": 0.1})
TABLES = {"orders": ["customer", "at", "amount", "event_type"], "customers": ["customer", "age"]}


@pt.measure(theme="lifecycle", unit="years")
def age(customers):
    """Age of the customer."""
    return customers.age.max()


def shop():
    """Return the shop before the first round, which has called nobody yet."""
    return simulate(CUSTOMERS, SEED, until="2023-01-02", campaigns=(), offers=[CALL], spread=0.0)


def settings_of(world, effect, exploration):
    """Return the settings of a round, on the day up to which the world has come and its tables are written."""
    orders, customers = (
        write(world.tables[name][columns], HOME / "tables" / f"{name}.parquet") for name, columns in TABLES.items()
    )
    first, second, valid, test = (world.today - count * QUARTER for count in (4, 3, 2, 1))
    known = (purchases.recency, purchases.orders.over(*pt.days(91)), age)
    return Settings(
        name="two-rounds",
        tables={"orders": Table(orders, {"customer": "customer", "at": "at"}, returns={"event_type": "return"})},
        attributes={"customers": Attributes(customers, {"customer": "customer"})},
        questions=(pt.churn(horizon=QUARTER.days, active_in=365, features=known),),
        split=pt.Split.of([first, second], valid=[valid], test=[test]),
        score_at=world.today,
        root=HOME,
        out=HOME / "results",
        offers=(pt.Offer("call", COST, effect=effect, channel="phone"),),
        budget=1_500.0,
        value=VALUE,
        holdout=0.2,
        exploration=exploration,
        outcomes=True,  # what `learn` has measured is read by the next training
    )
