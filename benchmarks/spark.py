"""Measure Spark beside one machine: features on a local session, whether they are equal, and the memory of the driver.

    python benchmarks/spark.py --events 1000000 --cores 2

Each way runs in a process of its own. The session has begun, and has run a query, before the clock starts.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from patron.engines.spark import Spark
from patron.history.history import History
from patron.history.some_customers import history_of, rows_before, without_rows
from patron.history.sources import events
from patron.jobs.spark_job import columns_of
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from patron.questions.question import Question

BEGIN, DAYS = pd.Timestamp("2022-01-01"), 730
CUTOFF = datetime(2024, 1, 1)
EACH = 20  # orders of a customer


def write_orders(folder: Path, count: int, files: int = 8) -> None:
    """Write orders of customers with a pace of their own, in some files."""
    folder.mkdir(parents=True)
    for number in range(files):
        rng, n = np.random.default_rng(number), count // files
        customers = rng.integers(0, max(1, count // EACH), n)
        at = BEGIN + pd.to_timedelta(rng.integers(0, DAYS * 86_400, n), unit="s")
        table = {
            "customer": [f"c{c:08d}" for c in customers],
            "at": at.as_unit("us"),
            "amount": rng.integers(100, 20_000, n) / 100,
            "kind": rng.choice(["web", "shop", "call"], n),
            "note": rng.integers(0, 10**9, n).astype(str),
        }
        pq.write_table(pa.table(pd.DataFrame(table)), folder / f"{number}.parquet")


def write_features(question: Question, known: History, folder: Path, number: int, rows: dict[str, pa.Table]) -> str:
    """Write the features of some customers, as a task does."""
    some = matrix(question, history_of(known, rows), [CUTOFF])
    pd.concat([some.key, some.X], axis=1).to_parquet(folder / f"{number}.parquet", index=False)
    return str(len(some))


def on_one_machine(folder: Path, out: Path, cores: int) -> dict[str, float]:
    """Return seconds and rows of the features on this machine alone."""
    with spent("door") as door:
        history = History.of(orders=events(folder))
    question = churn(90).on(history)
    out.mkdir()
    with spent("features") as features:
        rows = matrix(question, history, [CUTOFF])
        pd.concat([rows.key, rows.X], axis=1).to_parquet(out / "0.parquet", index=False)
    return door | features | {"rows": len(rows), "peak": peak()}


def on_spark(folder: Path, out: Path, cores: int) -> dict[str, float]:
    """Return seconds and rows of the features on a local session, and the memory of the driver's Python."""
    conf = {"spark.driver.memory": "2g", "spark.ui.enabled": False, "spark.driver.bindAddress": "127.0.0.1"}
    spark = Spark(f"local[{cores}]", conf | {"spark.driver.host": "127.0.0.1"}).sized([folder])
    with spent("session") as session:
        spark.session.range(10).count()
    with spent("door") as door:
        history = History.of(orders=events(spark.open(folder)))
    question = churn(90).on(history)
    out.mkdir()
    with spent("features") as features:
        rows = rows_before(history, CUTOFF, columns_of(history, [question]))
        counts = spark.each(rows, partial(write_features, question, without_rows(history), out))
    figures = {"rows": sum(map(int, counts)), "parts": len(counts), "peak": peak()}
    return session | door | features | figures


@contextmanager
def spent(what: str) -> Iterator[dict[str, float]]:
    """Return the seconds of a block, and those of all processors: of this process, of Java and of its Pythons."""
    figures: dict[str, float] = {}
    begin, cpu = time.perf_counter(), processor_seconds()
    yield figures
    figures |= {what: time.perf_counter() - begin, f"{what} cpu": processor_seconds() - cpu}


def processor_seconds() -> float:
    """Return the processor seconds of this process and of all below it."""
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            stats[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    family = {os.getpid()}
    while more := {pid for pid, (parent, _) in stats.items() if parent in family} - family:
        family |= more
    return sum(stats[pid][1] for pid in family) / os.sysconf("SC_CLK_TCK")


def peak() -> float:
    """Return the most memory of this process, in gigabytes; the resource module would count that of who started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


def alone(way: str, events: int, cores: int, folder: Path) -> None:
    """Run a way in a process of its own, which prints what it took."""
    given = ["--way", way, "--events", f"{events}", "--cores", f"{cores}", "--folder", str(folder)]
    subprocess.run([sys.executable, "-W", "ignore", __file__, *given], check=True)


def main() -> None:
    """Measure, and print one JSON object for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.way:
        figures = WAYS[given.way](given.folder / "orders", given.folder / given.way, given.cores)
        rounded = {name: round(value, 2) for name, value in figures.items()}
        print(json.dumps({"way": given.way, "events": given.events, **rounded}), flush=True)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_orders(folder / "orders", given.events)
        for way in WAYS:
            alone(way, given.events, given.cores, folder)
        left, right = (read(folder / way) for way in WAYS)
        pd.testing.assert_frame_equal(left, right, check_exact=True)
        print(f"equal: {len(left):,} rows of {left.shape[1] - 2} features")


def read(folder: Path) -> pd.DataFrame:
    """Return the features that a way wrote, in the order of customers."""
    return pd.concat(map(pd.read_parquet, sorted(folder.iterdir()))).sort_values("customer", ignore_index=True)


WAYS: Mapping[str, Callable[[Path, Path, int], dict[str, float]]] = {"machine": on_one_machine, "spark": on_spark}

if __name__ == "__main__":
    main()
