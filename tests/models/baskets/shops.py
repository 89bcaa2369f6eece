"""Small shops whose baskets can be counted by hand, and a ranking of them that needs no training."""

import pandas as pd

from patron.history.history import History
from patron.history.sources import events
from patron.models.baskets.candidates import COLUMNS
from patron.models.baskets.lines import Lines
from patron.models.baskets.reading import read_lines
from patron.models.serving import BasketSpec, Bundle
from worlds.histories import ago

BOUGHT = [
    ("ann", 20, "tea"),
    ("ann", 20, "cup"),
    ("ann", 10, "tea"),
    ("bob", 5, "jam"),
    ("cat", 4, "jam"),
    ("dan", 3, "jam"),
    ("ann", -2, "tea"),
    ("bob", -3, "jam"),
    ("bob", -9, "cup"),
    ("end", -60, "jam"),
]
PLAIN: BasketSpec = {
    "by": "item",
    "top": 3,
    "way": "neighbours",
    "own_weight": 0.9,
    "rounds": 0,
    "columns": list(COLUMNS),
    "chance": None,
    "horizon": "30 days",
    "active_in": None,
    "seed": 0,
}


def shop(bought=BOUGHT, by: str = "item", **columns) -> History:
    """A shop by customer, days before the cutoff, and what was bought."""
    frame = pd.DataFrame(bought, columns=["customer", "days", by])
    frame["at"] = [ago(days) for days in frame.days]
    return History.of(lines=events(frame.drop(columns="days").assign(amount=1.0, **columns)))


def bought(bought=BOUGHT, by: str = "item", **columns) -> Lines:
    """What was bought in such a shop."""
    return read_lines(shop(bought, by, **columns), by)


def ranking(**changed) -> Bundle:
    """A model that ranks the next basket by shares of baskets alone."""
    return Bundle({"question": "next_purchase", "baskets": [{**PLAIN, **changed}]})
