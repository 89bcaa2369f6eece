"""The contract: how often an unchanged source breaks it, and how often a spoiled one does, on every data set at hand.

    python benchmarks/contract.py <folder of the data>

Each history is cut at three dates and continued by 1 to 180 days: whatever breaks then is a false alarm. Continued by
28 days and spoiled, it should break. The counts stand in docs/contract.md.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from patron.errors import PatronError
from patron.features.definitions import definitions
from patron.history.history import History
from patron.history.profiles import profile
from patron.history.sources import attributes, events
from patron.history.tolerance import Tolerance
from patron.questions.kinds import churn
from patron.scoring.breaks import Break
from patron.scoring.differences import data_breaks

ROLES = {
    "customer": "customer_id", "at": "ts", "order": "order_id", "item": "item_id", "category": "category",
    "quantity": "quantity", "amount": "amount", "cost": "cost", "margin": "margin", "discount": "discount",
}  # fmt: skip
PARTS, DAYS, SPOILED = (0.5, 0.65, 0.8), (1, 7, 28, 90, 180), (0.7, 28)
WEEK, MONTH = timedelta(days=7), timedelta(days=28)


@dataclass(frozen=True)
class DataSet:
    """The events of a business, and what else is known, as frames."""

    name: str
    orders: pd.DataFrame
    others: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    people: pd.DataFrame | None = None

    def until(self, cutoff: pd.Timestamp, orders: pd.DataFrame | None = None) -> History:
        """Return the history up to a cutoff, as it would have been exported then."""
        whole = self.orders if orders is None else orders
        known = whole[whole.ts < cutoff]
        tables = {"orders": events(known, **{role: c for role, c in ROLES.items() if c in known})}
        for name, frame in self.others.items():
            if (frame.ts < cutoff).any():
                tables[name] = events(frame[frame.ts < cutoff], customer="customer_id", at="ts")
        if self.people is not None:
            met = self.people[self.people.customer_id.isin(self.orders.customer_id[self.orders.ts < cutoff])]
            tables["people"] = attributes(met, customer="customer_id")
        return History.of(**tables)

    def cut(self, part: float) -> pd.Timestamp:
        """Return the midnight at which a part of the time is over."""
        first, last = self.orders.ts.min(), self.orders.ts.max()
        return (first + (last - first) * part).normalize()


def data_sets(folder: Path) -> Iterator[DataSet]:
    """Yield every data set with an event history that is there."""
    for path in sorted(folder.glob("*_events*.parquet")):
        name, orders = path.name.split("_events")[0], pd.read_parquet(path).rename(columns={"department": "category"})
        if "event_type" in orders:
            orders = orders[orders.event_type == orders.event_type.mode()[0]]
        others = {kind: folder / f"{name}_{kind}.parquet" for kind in ("touchpoints", "redemptions")}
        frames = {k: pd.read_parquet(p).rename(columns={"start": "ts"}) for k, p in others.items() if p.exists()}
        people = folder / f"{name}_customers.parquet"
        yield DataSet(name, orders, frames, pd.read_parquet(people) if people.exists() else None)


def cents(orders: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Return the orders with amounts a hundred times as high in the last week."""
    return orders.assign(amount=orders.amount.where(orders.ts < cutoff - WEEK, orders.amount * 100))


def unknown(orders: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Return the orders without amounts in the last week."""
    return orders.assign(amount=orders.amount.where(orders.ts < cutoff - WEEK))


def renamed(orders: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Return the orders with a category that was none before, in the last 28 days."""
    return orders.assign(category=orders.category.where(orders.ts < cutoff - MONTH, "new"))


def thinned(orders: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Return the orders with one row in ten of the last 28 days."""
    return orders[(orders.ts < cutoff - MONTH) | (pd.RangeIndex(len(orders)) % 10 == 0)]


SPOILS: Mapping[str, Callable[[pd.DataFrame, pd.Timestamp], pd.DataFrame]] = {
    "amounts in cents for a week": cents,
    "amounts unknown for a week": unknown,
    "new categories": renamed,
    "nine of ten rows lost in 28 days": thinned,
    "loaded twice": lambda orders, cutoff: pd.concat([orders, orders]),
    "half of the past lost": lambda orders, cutoff: orders[orders.ts >= orders.ts.quantile(0.6)],
}


def profiled(history: History) -> dict[str, Any]:
    """Return what a model trained on a history would carry."""
    features = definitions(history.tables, churn(90).on(history).features)
    return profile(history, [asdict(meant) for meant in features])


def false_alarms(known: DataSet) -> Iterator[list[Break]]:
    """Yield what breaks in each continuation of a history by its own events."""
    for start in map(known.cut, PARTS):
        training = profiled(known.until(start))
        for end in (start + timedelta(days=days) for days in DAYS):
            if end <= known.orders.ts.max():
                yield data_breaks(training, profile(known.until(end), training=training), Tolerance())


def spoiled(known: DataSet) -> Iterator[tuple[str, str]]:
    """Yield by way of spoiling whether the history is refused, told or taken as it is."""
    start = known.cut(SPOILED[0])
    end, training = start + timedelta(days=SPOILED[1]), profiled(known.until(start))
    for way, spoil in SPOILS.items():
        needed = {"amounts": "amount", "new": "category"}.get(way.split()[0], "ts")
        if needed not in known.orders:
            continue
        try:
            today = profile(known.until(end, spoil(known.orders[known.orders.ts < end], end)), training=training)
            levels = {difference.level for difference in data_breaks(training, today, Tolerance())}
        except PatronError:
            levels = {"hard"}
        yield way, "refused" if "hard" in levels else "told" if levels else "taken"


def main(folder: Path) -> None:
    """Count the alarms of all data sets."""
    pairs, alarms, ways = 0, Counter[str](), Counter[tuple[str, str]]()
    for known in data_sets(folder):
        for breaks in false_alarms(known):
            pairs += 1
            alarms.update(difference.level for difference in breaks)
        ways.update(spoiled(known))
        sys.stdout.write(f"{known.name}: {pairs} pairs so far, {dict(alarms)}\n")
    for (way, end), count in sorted(ways.items()):
        sys.stdout.write(f"{way}: {end} in {count}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
