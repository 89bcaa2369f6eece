"""Measure training on more rows than fit in memory: in memory, in parts on one machine, and on Spark; the same orders.

    python -W ignore benchmarks/large_training.py --customers 120000 --ways memory parts spark

The business is that of `benchmarks/training.py`; asked is churn, at twelve known cutoffs and one of the test. Each way
runs in a process of its own; the trees of the hybrid grow on all rows in each of them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from spark import peak, spent
from training import DAYS, HORIZON, STARTS, generate

PARTS = 10


def split():
    """Twelve known cutoffs, a month apart, and one of the test."""
    from patron.periods import Split

    ends = STARTS + timedelta(days=DAYS - HORIZON)
    known = [ends - timedelta(days=HORIZON + 30 * k) for k in range(11, -1, -1)]
    return Split.of(known[:-1], valid=known[-1:], test=[ends])


def in_memory(orders: Path, folder: Path) -> dict[str, float]:
    """All rows, and all candidates on them."""
    import patron as pt
    from patron.evaluation.backtests import judge
    from patron.models.training import fit
    from patron.questions.matrices import labels

    history, cutoffs = pt.History.of(orders=pt.events(orders)), split()
    question = pt.churn(HORIZON).on(history, cutoffs.known[-1])
    with spent("training") as figures:
        rows = pt.matrix(question, history, (*cutoffs.known, *cutoffs.test))
        label = labels(question, history, (*cutoffs.known, *cutoffs.test), rows=rows)
        trained = fit(question, history, rows, label, cutoffs)
        test = rows.at(*cutoffs.test)
        card = judge(trained, rows.take(test), label[test])
    return figures | {"examples": int(rows.at(*cutoffs.known).sum()), "loss": loss(card, "hybrid")}


def in_parts(orders: Path, folder: Path) -> dict[str, float]:
    """A tenth of the customers as the sample, and the trees of all from files."""
    import patron as pt
    from patron.jobs.large_training import train_in_parts

    history = pt.History.of(orders=pt.events(orders))
    with spent("training") as figures:
        large = train_in_parts(pt.churn(HORIZON), history, split(), folder, PARTS, candidate="hybrid")
    about = {"examples": large.examples, "sampled": large.sampled, "loss": loss(large.card, "hybrid")}
    return figures | about


def on_spark(orders: Path, folder: Path) -> dict[str, float]:
    """A tenth of the customers as the sample, and the trees of all by two workers."""
    import patron as pt
    from patron.engines.spark import Spark
    from patron.jobs.distributed_training import train_on_spark

    conf = {"spark.driver.memory": "2g", "spark.ui.enabled": False, "spark.driver.bindAddress": "127.0.0.1"}
    spark = Spark("local[2]", conf | {"spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": PARTS})
    history = pt.History.of(orders=pt.events(spark.open(orders)))
    with spent("training") as figures:
        large = train_on_spark(pt.churn(HORIZON), history, split(), spark, folder, PARTS, candidate="hybrid")
    about = {"examples": large.examples, "sampled": large.sampled, "loss": loss(large.card, "hybrid")}
    return figures | about


def loss(card, name: str) -> float:
    """Return the log loss of a candidate at the test cutoff."""
    return float(card.measured[name]["log loss"].value)


WAYS = {"memory": in_memory, "parts": in_parts, "spark": on_spark}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=120_000)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--orders", type=Path, help="run one way, in this process")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.orders:
            figures = WAYS[given.ways[0]](given.orders, Path(folder) / "examples")
            print(json.dumps(figures | {"peak": peak()}))
            return
        orders = Path(folder) / "orders.parquet"
        generate(given.customers, orders)
        for way in given.ways:
            command = [sys.executable, "-W", "ignore", __file__, "--orders", str(orders), "--ways", way]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            print(way, done.stdout.splitlines()[-1] if done.returncode == 0 else done.stderr, flush=True)


if __name__ == "__main__":
    main()
