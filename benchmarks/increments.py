"""Increments: how much of a night a run could save that keeps yesterday's state and reads today's events alone.

    OMP_NUM_THREADS=1 .venv/bin/python -W ignore benchmarks/increments.py --millions 1 4 10

Simulated customers as in benchmarks/training.py, a folder of a million each. Measured are the CPU seconds of a night's
score, and of its steps, each alone: the checks of the door, the fingerprint, events read and put in order by customer,
and the features of today, which begin with the same reading. What is not reading stays whatever is kept: windows
move by a day for every customer, also for those without an event.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from training import DAYS, STARTS, generate

from scoring import NOW, TRAINED_ON, business

MILLION, MEMORY = 1_000_000, 2.0
TODAY = STARTS + timedelta(days=DAYS)


def write_orders(folder: Path, millions: int) -> None:
    """Write the orders of some million customers, a file for each million."""
    folder.mkdir()
    for number in range(millions):
        path = folder / f"{number}.parquet"
        generate(MILLION, path, seed=number)
        rows = pq.read_table(path)
        for key in ("customer", "order"):
            place = rows.column_names.index(key)
            rows = rows.set_column(place, key, pc.add(rows[key], pa.scalar(number * 100 * MILLION)))
        pq.write_table(rows, path)


def steps(folder: Path, millions: int) -> dict[str, float]:
    """Return the CPU seconds of what a night does with events."""
    from patron.features.compute.executor import _load
    from patron.features.compute.plan import ExecutionPlan
    from patron.history.fingerprints import fingerprint
    from patron.questions.matrices import matrices

    settings = replace(business(folder, millions, MEMORY), contract=None)
    history, clock = None, {}

    def timed(name: str, work) -> object:
        begin = time.process_time()
        result = work()
        clock[name] = time.process_time() - begin
        return result

    history = timed("door", settings.history)
    timed("fingerprint", lambda: fingerprint(history))
    question = settings.questions[0].on(history, TODAY)
    plan = ExecutionPlan(history, question.population, question.features, (TODAY,), memory=MEMORY)
    with TemporaryDirectory() as disk:
        timed("read", lambda: sum(1 for _ in _load(plan, Path(disk))))
    timed("features", lambda: sum(len(part) for part in matrices(question, history, [TODAY], MEMORY)))
    return clock | {"events": next(receipt.used for receipt in history.receipts)}


def score(folder: Path, millions: int) -> dict[str, float]:
    """Return the CPU seconds of a night's score."""
    from patron import jobs

    chosen = business(folder, millions, MEMORY)
    with jobs.alone(chosen.out):
        job, begin = jobs.job_of(chosen, NOW), time.process_time()
        jobs.VERBS["score"](job)
        return {"score": time.process_time() - begin, "scored": job.scored.manifest.rows}


def train(folder: Path, _: int) -> dict[str, float]:
    """Train the models of all nights on fewer customers."""
    from patron import jobs

    generate(TRAINED_ON, folder / f"orders-{TRAINED_ON}.parquet")
    chosen = business(folder, TRAINED_ON, MEMORY)
    with jobs.alone(chosen.out):
        jobs.VERBS["train"](jobs.job_of(chosen, NOW))
    return {}


def alone(way: str, folder: Path, millions: int) -> dict[str, float]:
    """Run a way in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, "--way", way, "--folder", str(folder)]
    run = subprocess.run(
        [*command, "--millions", str(millions)], stdout=subprocess.PIPE, check=True, text=True, env=os.environ
    )
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    """Measure, and print a JSON object for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, nargs="+", default=[1])
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--without-score", type=int, default=5, help="from so many million customers on")
    given = parser.parse_args()
    if given.way:
        figures = WAYS[given.way](given.folder, given.millions[0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({"millions": given.millions[0], **figures, "peak": peak}))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone("train", folder, 0)
        for millions in given.millions:
            write_orders(folder / f"orders-{millions}.parquet", millions)
            ways = ("steps",) if millions >= given.without_score else ("steps", "score")
            for way in ways:
                print(json.dumps(alone(way, folder, millions)), flush=True)


WAYS = {"train": train, "steps": steps, "score": score}

if __name__ == "__main__":
    main()
