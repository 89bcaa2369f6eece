"""Small real histories: counted by hand, drawn by hypothesis, or grown from a seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from patron.features.measures import Feature
from patron.history.history import History
from patron.history.sources import events
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from patron.questions.reference import rows
from worlds.engines import Frame, open_frame

CUTOFF = datetime(2024, 7, 1)
COLUMNS = {
    "orders": ("customer", "at", "amount"),
    "returns": ("customer", "at", "amount"),
    "lines": ("customer", "at", "order", "item", "category", "quantity", "price"),
    "contacts": ("customer", "at", "channel", "kind", "cost", "direction"),
    "tickets": ("customer", "at", "channel", "kind", "cost", "direction"),
    "referrals": ("customer", "at"),
    "late_orders": ("customer", "at", "known_at", "amount"),
}


def ago(days: float, cutoff: datetime = CUTOFF) -> datetime:
    """The time so many days before the cutoff; negative days lie after it."""
    return cutoff - timedelta(days=days)


def frame_of(rows: Iterable[tuple], columns: tuple[str, ...]) -> pd.DataFrame:
    """Rows as a frame whose columns keep their types even where there are no rows, or only nulls."""
    frame = pd.DataFrame(list(rows), columns=list(columns))
    kinds = {"at": "datetime64[us]", "known_at": "datetime64[us]", "customer": "object"}
    numbers = dict.fromkeys(("amount", "quantity", "price", "cost"), "float64")
    return frame.astype({c: kind for c, kind in (kinds | numbers).items() if c in frame.columns})


def history_of(orders: Iterable[tuple], **tables: Iterable[tuple]) -> History:
    """A history of (customer, at, amount) orders, and of tables with the columns in `COLUMNS`."""
    given = {"orders": orders, **tables}
    return history_from(**{name: frame_of(rows, COLUMNS[name]) for name, rows in given.items()})


def history_from(**frames: Frame) -> History:
    """A history of frames by table, opened by the engine that the tests run on."""
    return History.of(**{name: events(open_frame(frame)) for name, frame in frames.items()})


def small(*orders: tuple) -> History:
    """A history of a few (customer, at, amount) orders."""
    return history_from(orders=pd.DataFrame(orders, columns=["customer", "at", "amount"]))


def features_at(history: History, cutoff: datetime, *features: Feature) -> pd.DataFrame:
    """The features of everybody who ever bought before the cutoff, as float64, one line for each customer."""
    table = rows(churn(90, features=features), history, cutoff)
    return table.to_pyarrow().to_pandas().drop(columns="cutoff").set_index("customer").sort_index()


def folded(history: History, *features: Feature, cutoff: datetime = CUTOFF) -> pd.DataFrame:
    """The same by the fold, as float32, beside what the baselines look at."""
    result = matrix(churn(30, features=features), history, [cutoff])
    return result.X.set_index(result.key.customer)


@dataclass(frozen=True)
class World:
    """Generated events as frames by table, so that a test can shuffle, split or write them first."""

    frames: dict[str, pd.DataFrame]

    @property
    def history(self) -> History:
        return history_from(**self.frames)

    def shuffled(self, seed: int) -> "World":
        return World({name: frame.sample(frac=1.0, random_state=seed) for name, frame in self.frames.items()})


def retail_world(seed: int, customers: int = 300, days: int = 730) -> World:
    """Customers who come, buy at their own rate, bring some of it back, and at some time stop."""
    rng = np.random.default_rng(seed)
    came = rng.uniform(0, days, customers)
    left = came + rng.exponential(200, customers)
    count = rng.poisson(np.clip(np.minimum(left, days) - came, 0, None) / rng.gamma(4, 10, customers)) + 1
    who = np.repeat(np.arange(customers), count)
    late = np.floor((came[who] + rng.random(len(who)) * (np.minimum(left, days) - came)[who]) * 24) / 24
    at = pd.Timestamp("2022-07-01") + pd.to_timedelta(late, unit="D")
    orders = pd.DataFrame({"customer": [f"c{w:03}" for w in who], "at": at.as_unit("us")})
    orders["order"] = [f"o{i}" for i in range(len(orders))]
    orders["amount"] = rng.gamma(2, 15, len(orders)).round(2)
    back = orders.sample(frac=0.1, random_state=seed).assign(at=lambda f: f["at"] + pd.Timedelta(days=7))
    lines = orders.loc[np.repeat(orders.index, rng.integers(1, 4, len(orders)))].drop(columns="amount")
    goods = rng.integers(0, 40, len(lines))
    lines = lines.assign(item=[f"i{g}" for g in goods], category=[f"g{g % 5}" for g in goods])
    lines = lines.assign(quantity=rng.integers(1, 6, len(lines)), price=(goods + 1.25).round(2))
    return World({"orders": orders, "returns": back.drop(columns="order"), "lines": lines.reset_index(drop=True)})


TICK = timedelta(microseconds=1)
STEPS = st.one_of(
    st.sampled_from([timedelta(0), TICK, -TICK, timedelta(days=30), timedelta(days=-30), timedelta(days=-365)]),
    st.integers(-500, 200).map(lambda days: timedelta(days=days)),
    st.integers(-10_000, 4_000).map(lambda hours: timedelta(hours=hours)),
)
"""Distances from the cutoff: on it, a tick beside it, on the edges of windows, and anywhere."""

TIMES = STEPS.map(lambda step: CUTOFF + step)
LAGS = st.sampled_from([timedelta(0), TICK, timedelta(days=3), timedelta(days=90)])
MONEY = st.one_of(st.none(), st.integers(-5_000, 20_000).map(lambda cents: cents / 100))
CUSTOMERS = st.sampled_from("abcdef")
NOBODY = st.sampled_from([None, "", " ", "nan"])


def orders_of(customers: st.SearchStrategy = CUSTOMERS) -> st.SearchStrategy:
    """Orders with a time at which they became known; several may share an instant, some have no amount."""
    drawn = st.tuples(customers, TIMES, LAGS, MONEY)
    return st.lists(drawn.map(lambda row: (row[0], row[1], row[1] + row[2], row[3])), min_size=8, max_size=40)


def returns_of(customers: st.SearchStrategy = CUSTOMERS) -> st.SearchStrategy:
    """Things brought back."""
    return st.lists(st.tuples(customers, TIMES, MONEY), max_size=20)


def contacts_of(customers: st.SearchStrategy = CUSTOMERS) -> st.SearchStrategy:
    """Contacts or tickets, some of them complaints, with nulls."""
    channel, kind = st.sampled_from(["mail", "call", None]), st.sampled_from(["complaint", "question", None])
    return st.lists(st.tuples(customers, TIMES, channel, kind, MONEY, st.sampled_from(["in", "out"])), max_size=20)


def lines_of(customers: st.SearchStrategy = CUSTOMERS) -> st.SearchStrategy:
    """Order lines with nulls wherever a business has them."""
    name = st.sampled_from(["x", "y", None])
    number = st.one_of(st.none(), st.integers(-3, 9).map(float))
    return st.lists(st.tuples(customers, TIMES, name, name, name, number, MONEY), max_size=30)
