"""Measure training on more rows than fit in memory: in memory, in parts on one machine, and on Spark; the same orders.

    python -W ignore benchmarks/large_training.py --customers 120000 --ways memory parts spark

The business is that of `benchmarks/training.py`; asked is churn, at twelve known cutoffs and one of the test. Each way
runs in a process of its own; the trees of the hybrid grow on all rows in each of them, and are judged by their log loss
for all customers at the test cutoff, once the memory was measured.
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
        judge(trained, rows.take(test), label[test])
    figures |= {"examples": int(rows.at(*cutoffs.known).sum()), "peak": peak()}
    return figures | {"log loss": log_loss(trained.bundles["hybrid"], question, orders)}


def in_parts(orders: Path, folder: Path) -> dict[str, float]:
    """A tenth of the customers as the sample, and the trees of all from files."""
    import patron as pt
    from patron.jobs.large_training import train_in_parts

    history = pt.History.of(orders=pt.events(orders))
    with spent("training") as figures:
        large = train_in_parts(pt.churn(HORIZON), history, split(), folder, PARTS, candidate="hybrid")
    return figures | results(large, orders)


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
    return figures | results(large, orders)


def results(large, orders: Path) -> dict[str, float]:
    """Return how large a training was, the memory that it took, and how good it is."""
    figures = {"examples": large.examples, "sampled": large.sampled, "peak": peak()}
    return figures | {"log loss": log_loss(large.model, large.trained.question, orders)}


def log_loss(model, question, orders: Path) -> float:
    """Return the log loss of a model for all customers at the test cutoff."""
    import patron as pt
    from patron import metrics
    from patron.questions.matrices import labels

    history, test = pt.History.of(orders=pt.events(orders)), split().test
    rows = pt.matrix(question, history, test)
    happened = labels(question, history, test, rows=rows)
    answer = model.predict(rows.X)
    return round(metrics.log_loss(happened, answer.iloc[:, 0].to_numpy()), 5)


WAYS = {"memory": in_memory, "parts": in_parts, "spark": on_spark}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=120_000)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--orders", type=Path, help="run one way, in this process")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.orders:
            print(json.dumps(WAYS[given.ways[0]](given.orders, Path(folder) / "examples")))
            return
        orders = Path(folder) / "orders.parquet"
        generate(given.customers, orders)
        for way in given.ways:
            command = [sys.executable, "-W", "ignore", __file__, "--orders", str(orders), "--ways", way]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            print(way, done.stdout.splitlines()[-1] if done.returncode == 0 else done.stderr, flush=True)


if __name__ == "__main__":
    main()
