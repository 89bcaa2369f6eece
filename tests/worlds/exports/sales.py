"""Sales of a small shop from a seed: who bought what when, for each export to write as its product does."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from worlds.exports.truths import Export, File

GOODS = pd.DataFrame(
    {
        "sku": [f"{kind[:3].upper()}-{n:02}" for kind in ("Coffee", "Tea", "Filters") for n in range(8)],
        "title": [f"{kind} no. {n}" for kind in ("Coffee", "Tea", "Filters") for n in range(8)],
        "category": [kind for kind in ("Coffee", "Tea", "Filters") for _ in range(8)],
        "price": [round(4.5 + 3.35 * n % 19, 2) for n in range(24)],
    }
)
FIRST, LAST = (
    ["ada", "ben", "cleo", "dan", "eva", "finn", "gina", "hal", "ida", "jon", "kim", "leo"],
    ["abt", "berg", "cole", "diaz", "ek", "fox", "graf", "hill"],
)
START = datetime(2022, 3, 1)
LONGEST = 40


@dataclass(frozen=True)
class Sales:
    """Orders with `who` (a number), `number`, `at` and `goods` (their sum), and their lines with `number` and item."""

    orders: pd.DataFrame
    lines: pd.DataFrame

    def only(self, rows: pd.Series) -> "Sales":
        """Return the sales of some orders."""
        orders = self.orders[rows]
        return replace(self, orders=orders, lines=self.lines[self.lines.number.isin(orders.number)])

    def described(self, *files: File, most: "Sales | None" = None) -> Export:
        """Return the truth of files that tell of these orders, or of at most those of others."""
        most = most or self
        return Export(
            files,
            (len(self.orders), len(most.orders)),
            (self.orders.who.nunique(), most.orders.who.nunique()),
            (self.orders["at"].min().to_pydatetime(), self.orders["at"].max().to_pydatetime()),
        )


def sales(seed: int, customers: int = 150, days: int = 800) -> Sales:
    """Draw sales: gaps and lives are exponential, with a pace and a life of each customer."""
    rng = np.random.default_rng(seed)
    pace, life = rng.gamma(2.0, 1 / 70, customers) + 0.004, rng.exponential(500, customers)
    first = rng.uniform(0, 0.7 * days, customers)
    after = np.cumsum(rng.exponential(1 / pace[:, None], (customers, LONGEST)), axis=1)
    day = first[:, None] + np.column_stack([np.zeros(customers), after])
    who, turn = np.nonzero((day < np.minimum(first + life, days)[:, None]) | (np.arange(LONGEST + 1) == 0))
    hours = pd.to_timedelta(np.round(np.floor(day[who, turn]) * 86400 + rng.uniform(8, 21, len(who)) * 3600), unit="s")
    orders = pd.DataFrame({"who": who, "at": START + hours}).sort_values("at", ignore_index=True)
    orders["number"] = np.arange(len(orders)) + 1001
    lines = _lines(rng, orders.number.to_numpy())
    goods = (lines.quantity * lines.price).groupby(lines.number).sum().round(2)
    return Sales(orders.assign(goods=orders.number.map(goods)), lines)


def shares(rng: np.random.Generator, n: int, **parts: float) -> np.ndarray:
    """Draw words, each with its probability."""
    return rng.choice(list(parts), n, p=np.array(list(parts.values())) / sum(parts.values()))


def name_of(who: pd.Series) -> pd.Series:
    """Return the name of each customer; a few share one, as people do."""
    return who.map(lambda n: f"{FIRST[n % 12].title()} {LAST[n // 12 % 8].title()}")


def email_of(who: pd.Series) -> pd.Series:
    """Return the address of each customer."""
    return who.map(lambda n: f"{FIRST[n % 12]}.{LAST[n // 12 % 8]}{n}@example.com")


def money(values: pd.Series) -> pd.Series:
    """Return amounts as texts with two decimals."""
    return values.map("{:.2f}".format)


def _lines(rng: np.random.Generator, numbers: np.ndarray) -> pd.DataFrame:
    number = np.repeat(numbers, rng.integers(1, 4, len(numbers)))
    chosen = GOODS.iloc[rng.integers(0, len(GOODS), len(number))].reset_index(drop=True)
    lines = chosen.assign(number=number, quantity=rng.integers(1, 4, len(number)))
    return lines.drop_duplicates(["number", "sku"], ignore_index=True)
