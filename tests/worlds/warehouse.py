"""A warehouse: the tables of a business whose customers meet every case, each a folder of two files."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.history.history import History
from patron.history.sources import events
from worlds.histories import CUTOFF, ago, frame_of, retail_world
from worlds.measured import VISITS

CUTOFFS = [ago(90), CUTOFF]
TICK = timedelta(microseconds=1)
INSTANTS = [*(ago(days) for days in (0, 7, 90, 97, 400, 490)), *(ago(days) - TICK for days in (0, 7, 90, 97)), ago(-20)]
BY_HAND = [("on the cutoff", 90.0), ("on the last instant", 60 + 1 / 86_400_000_000), ("after the horizon", 60.0)]


def drawn_visits(random: Random) -> list[dict]:
    """Visits of thirty customers, some at one instant, on the edges of windows, without values, or known late.

    One of them has a tenth of all.
    """
    return [
        {
            "customer": f"v{number % 30 if number % 10 else 7:02}",
            "at": (at := random.choice([*INSTANTS, ago(random.randrange(-20, 400))])),
            "known_at": at + random.choice([timedelta(0), timedelta(0), timedelta(days=3)]),
            "amount": random.choice([None, *(Decimal(x) for x in ("-3.5", "0", "0.1", "0.2", "7", "1000000001"))]),
            "minutes": random.choice([None, -2.0, 0.0, 0.1, 5.5, 1e9, 1e9 + 1]),
            "kind": random.choice(["web", "shop", "call", None]),
        }
        for number in range(240)
    ]


SEEN = drawn_visits(Random(1))


def tables() -> dict[str, pa.Table]:
    """Orders of a world, of those who visit and of some whose labels are counted by hand; returns, contacts, visits."""
    world, random = retail_world(seed=5, customers=60), Random(2)
    hand = [(who, ago(450), 10.0) for who, _ in BY_HAND] + [(who, ago(days), 30.0) for who, days in BY_HAND]
    visitors = [(f"v{n:02}", ago(random.randrange(92, 400)), 5.0) for n in range(30)]
    orders = pd.concat(
        [frame_of([*hand, *visitors], ("customer", "at", "amount")), world.frames["orders"].drop(columns="order")]
    )
    back = pd.concat([frame_of([(BY_HAND[0][0], ago(80), 4.0)], ("customer", "at", "amount")), world.frames["returns"]])
    contacts = [
        (f"v{n % 30:02}", ago(n), random.choice(["mail", "call", None]), random.choice(["complaint", "question", None]),
         random.choice([1.5, None]), random.choice(["in", "out"]))
        for n in range(120)
    ]  # fmt: skip
    frames = {
        "orders": orders,
        "returns": back,
        "contacts": frame_of(contacts, ("customer", "at", "channel", "kind", "cost", "direction")),
    }
    of_frames = {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in frames.items()}
    return of_frames | {"visits": pa.Table.from_pylist(SEEN, VISITS)}


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory) -> Mapping[str, Path]:
    """The folder of each table."""
    root, paths = tmp_path_factory.mktemp("warehouse"), {}
    for name, table in tables().items():
        paths[name] = root / name
        paths[name].mkdir()
        middle = len(table) // 2
        pq.write_table(table[:middle], paths[name] / "0.parquet")
        pq.write_table(table[middle:], paths[name] / "1.parquet")
    return paths


@pytest.fixture(scope="session")
def spark_history(spark, warehouse) -> History:
    """The tables as a Spark session reads them."""
    return History.of(**{name: events(spark.open(path)) for name, path in warehouse.items()})
