"""Data to try everything on before your own tables are at hand: real ones that ship with Patron, and simulated ones."""

from importlib.resources import files
from pathlib import Path

from patron.datasets.simulated import simulate
from patron.history.history import History
from patron.history.sources import events

__all__ = ["folder", "online_retail", "simulate"]


def folder() -> Path:
    """Return the folder of the bundled Online Retail II files: orders.parquet, lines.parquet, LICENSE."""
    return Path(str(files("patron.datasets") / "online_retail_ii"))


def online_retail() -> History:
    """Load two years of orders, returns and order lines of a British gift wholesaler.

    Online Retail II, Daqing Chen (2012), UCI Machine Learning Repository, doi:10.24432/C5CG6D, CC BY 4.0;
    a random 70 % of its customers. Amounts are in pounds. The goods have no categories: the first two characters
    of the stock code, which tell when an article came into the range, stand for them.

    >>> sorted(online_retail().tables)
    ['lines', 'orders', 'returns']
    """
    data = folder()
    orders = events(
        data / "orders.parquet",
        customer="customer_id",
        at="ts",
        order="order_id",
        returns={"event_type": "return"},
    )
    lines = events(
        data / "lines.parquet",
        where={"event_type": "purchase", "line_kind": "product"},
        customer="customer_id",
        at="ts",
        order="order_id",
        item="item_id",
        category=lambda lines: lines.item_id[:2],
        price="unit_price",
    )
    return History.of(orders=orders, lines=lines)
