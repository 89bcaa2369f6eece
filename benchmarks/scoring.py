"""Scoring: whole nights at several sizes within a bound of memory, and answers beside plain LightGBM.

    make bench-scoring CUSTOMERS="100000 1000000"
    .venv/bin/python benchmarks/scoring.py --beside        # without nights, and without writing the page

A night reads the orders, computes the features at today and the earlier cutoffs of stable tiers, answers three
questions, finds the reasons of each customer and plans the offers; models are trained once, on fewer customers. Each
night is a process of its own. The page docs/benchmarks-scoring.md is written anew by each run.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from training import generate, settings

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-scoring.md"
TRAINED_ON, ROWS, REPEATS = 5_000, 200_000, 3
NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = ("score", "explain", "decide")
CAPTION = """\
Written by `make bench-scoring`. The simulated business of [training](benchmarks-training.md); models of {trained:,} of
its customers. The machine has {cores} cores and other work: {load:.1f} processes waited or ran when this began, so that
CPU seconds say more than seconds.

## Nights
Of each size a whole night: orders read and checked, their fingerprint, features at three cutoffs, three answers with
stable tiers, reasons, a plan of one offer, all written.

- **scored**: customers with an order in the last year; **parts**: the files of their scores.
- **again**: `patron score` once more, where nothing changed.
- **peak**: the most memory of the process, its libraries included, where the settings say `memory = {memory}`.
"""
ANSWERS = """\
## Answers beside LightGBM
The answers of a candidate to its question (`predict`) beside `Booster.predict` of its own trees on the same matrix as
LightGBM takes it, {rows:,} rows, one thread, CPU time, the best of {repeats}. A hazard asks its trees for each step of
the horizon, so that the share of its time that is LightGBM's own says more than the ratio.
"""


def business(folder: Path, customers: int, memory: float | None):
    """The settings of a size, with the models of the folder."""
    from patron.decisions import Offer
    from patron.history.tolerance import Tolerance

    plain = settings(folder / f"orders-{customers}.parquet", folder)
    offer = Offer("call", contact_cost=2.0, effect=0.1)
    larger = Tolerance(rows="off")  # than the business of the training, on purpose
    own = {"out": folder / f"out-{customers}", "budget": customers / 10, "memory": memory}
    return replace(plain, offers=(offer,), contract=larger, **own)


def child(way: str, folder: Path, customers: int, memory: float) -> None:
    """Train, or run a night, and print what it took."""
    from patron import jobs

    chosen = business(folder, customers, memory)
    with jobs.alone(chosen.out):
        job, clock = jobs.job_of(chosen, NOW), {}
        for verb in ("train",) if way == "train" else STEPS:
            begin, cpu = time.perf_counter(), time.process_time()
            jobs.VERBS[verb](job)
            clock[verb] = [time.perf_counter() - begin, time.process_time() - cpu]
    if way == "night":
        clock |= {"scored": job.scored.manifest.rows, "parts": len(job.scored.manifest.parts)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps(clock | {"peak": peak}))


def measured(way: str, folder: Path, customers: int, memory: float) -> dict:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder), "--memory", str(memory)]
    begin = time.perf_counter()
    run = subprocess.run(
        [*command, "--customers", str(customers)], stdout=subprocess.PIPE, check=True, text=True, env=os.environ
    )
    return json.loads(run.stdout.splitlines()[-1]) | {"whole": time.perf_counter() - begin}


def night(folder: Path, customers: int, memory: float) -> list[str]:
    """One row of the page."""
    path = folder / f"orders-{customers}.parquet"
    command = [sys.executable, __file__, "--way", "generate", "--folder", str(path)]
    subprocess.run([*command, "--customers", str(customers)], check=True)
    orders = pd.read_parquet(path, columns=["customer"]).shape[0]
    first, again = (measured("night", folder, customers, memory) for _ in range(2))
    wall, cpu = (sum(first[step][kind] for step in STEPS) for kind in (0, 1))
    path.unlink()
    return [
        f"{customers:,}",
        f"{orders:,}",
        f"{first['scored']:,}",
        f"{first['parts']}",
        *(f"{first[step][0]:,.0f} s" for step in STEPS),
        f"{wall:,.0f} s ({cpu:,.0f} s CPU)",
        f"{first['scored'] / wall:,.0f}",
        f"{first['peak']:.2f} GB",
        f"{again['score'][0]:.1f} s",
    ]


def answers(folder: Path) -> list[list[str]]:
    """The rows of the second table."""
    from patron.models.serving import encode
    from patron.models.training import fit
    from patron.questions.matrices import labels, matrix

    chosen = business(folder, TRAINED_ON, None)
    history, cutoffs = chosen.history(), (*chosen.split.known, *chosen.split.test)
    lines = []
    for question in chosen.questions[:2]:
        rows = matrix(question, history, cutoffs)
        label = labels(question, history, cutoffs, rows=rows)
        trained = fit(question.on(history, cutoffs[-1]), history, rows, label, chosen.split, 0)
        place = np.random.default_rng(0).integers(0, len(rows), ROWS)
        X = rows.X.iloc[place].reset_index(drop=True)
        for name, bundle in trained.bundles.items():
            if bundle.booster is not None:
                encoded = encode(X, bundle.spec["features"])
                lines.append(_beside(f"{question.name}: {name}", bundle, X, encoded))
                print(lines[-1], flush=True)
    return lines


def _beside(name: str, bundle, X: pd.DataFrame, encoded: np.ndarray) -> list[str]:
    inside, plain = [0.0], lgb.Booster.predict

    def counted(*arguments, **named):
        begin = time.process_time()
        try:
            return plain(*arguments, **named)
        finally:
            inside[0] += time.process_time() - begin

    lgb.Booster.predict = counted
    ours = _best(lambda: bundle.predict(X))
    share = inside[0] / REPEATS / max(ours, 1e-9)
    lgb.Booster.predict = plain
    try:
        theirs = _best(lambda: bundle.booster.predict(encoded, num_threads=1))
    except lgb.basic.LightGBMError:  # a hazard's trees take the step as well
        wide = np.column_stack([encoded, np.zeros(len(encoded), np.float32)])
        theirs = _best(lambda: bundle.booster.predict(wide, num_threads=1))
    return [
        name,
        f"{bundle.booster.num_trees()}",
        f"{ROWS / ours:,.0f}",
        f"{ROWS / theirs:,.0f}",
        f"{theirs / ours:.2f}",
        f"{min(share, 1.0):.0%}",
    ]


def _best(work) -> float:
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def page(sizes: list[int], memory: float) -> str:
    """The whole page as Markdown."""
    used = ", ".join(f"{name} {version(name)}" for name in ("patron", "lightgbm", "duckdb", "numpy", "pandas"))
    load = os.getloadavg()[0]
    lines = [f"# Scoring\n\n{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {used}.\n"]
    lines.append(CAPTION.format(trained=TRAINED_ON, cores=os.cpu_count(), load=load, memory=memory))
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        generate(TRAINED_ON, folder / f"orders-{TRAINED_ON}.parquet")
        measured("train", folder, TRAINED_ON, memory)
        head = ["customers", "orders", "scored", "parts", *STEPS, "night", "scored a second", "peak", "again"]
        lines += _table(head, (night(folder, size, memory) for size in sizes))
        lines += beside(folder)
    return "\n".join(lines) + "\n"


def beside(folder: Path) -> list[str]:
    """The sections that hold answers against those of others."""
    lines = ["\n" + ANSWERS.format(rows=ROWS, repeats=REPEATS)]
    head = ["candidate", "trees", "rows a second", "LightGBM alone", "ratio", "LightGBM's share of the time"]
    return lines + _table(head, answers(folder))


def _table(head, rows) -> list[str]:
    lines = []
    for cells in (head, ["---"] * len(head), *rows):
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--memory", type=float, default=2.0)
    parser.add_argument("--way", choices=("train", "night", "generate"))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--beside", action="store_true")
    given = parser.parse_args()
    if given.way == "generate":
        generate(given.customers[0], given.folder)
    elif given.way:
        child(given.way, given.folder, given.customers[0], given.memory)
    elif given.beside:
        with tempfile.TemporaryDirectory() as root:
            generate(TRAINED_ON, Path(root) / f"orders-{TRAINED_ON}.parquet")
            beside(Path(root))
    else:
        PAGE.write_text(page(given.customers, given.memory), encoding="utf-8")
