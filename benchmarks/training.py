"""Training beside plain LightGBM: a simulated business, six cutoffs, three questions, each way in a process of its own.

    make bench-training CUSTOMERS="10000 50000 200000"

All of `patron train` (reading, features, every candidate, cards, registry) stands beside the same three questions
answered by LightGBM alone on the same matrix: stopped early at the valid cutoff, fitted again on train and valid,
predicted at the test cutoff. CPU time of the process, which other work on the machine does not change, with one thread.
The page docs/benchmarks-training.md is written anew by each run.
"""

import argparse
import functools
import importlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-training.md"
STARTS, DAYS, HORIZON = datetime(2021, 1, 1), 1095, 90
STEPS = {
    "trees": ["lightgbm.train"],
    "features": ["patron.questions.matrices.EventRows.matrix", "patron.questions.matrices.EventRows.labels"],
    "logistic": ["sklearn.linear_model.LogisticRegression.fit"],
    "process": ["patron.models.fitting.fit_process_at", "patron.models.candidates._odds"],
    "cards": ["patron.jobs.training.judge"],
    "registry": ["patron.jobs.tracking.log"],
}
PLAIN = {"learning_rate": 0.05, "num_leaves": 31, "min_data_in_leaf": 50, "seed": 0, "num_threads": 1, "verbose": -1}
OBJECTIVES = {"churn": "binary", "next_purchase": "binary", "tier": "multiclass"}
CAPTION = """\
Written by `make bench-training`. A simulated business (seeded): customers arrive over three years, buy at a rate of
their own until they leave, at a price level of their own, in eight categories and three channels; one order in twenty
comes back. Asked are `churn`, `next_purchase` and `tier` over 90 days at six cutoffs, of customers with an order in the
last year.

- **patron train**, **plain LightGBM**: CPU seconds of each, and their ratio; plain has the matrix given.
- **trees**: the CPU seconds that Patron spends in LightGBM's own fits, and **all / trees** the whole beside that.
- **peak**: memory of each process, its libraries and (of both) the computation of the matrix included.
- **other steps**: CPU seconds of `patron train` by step; what is not named is predicting, choosing and writing.
"""


def generate(customers: int, path: Path, seed: int = 7) -> None:
    """Write the orders of customers who buy at a Gamma rate until they leave at another, over three years."""
    rng = np.random.default_rng(seed)
    born = rng.uniform(0, DAYS - 30, customers)
    stays = np.minimum(rng.exponential(1 / rng.gamma(0.8, 1 / 160.0, customers)), DAYS - born)
    count = 1 + rng.poisson(rng.gamma(0.9, 1 / 60.0, customers) * stays)
    who = np.repeat(np.arange(customers), count)
    day = born[who] + rng.random(len(who)) * stays[who]
    day[np.cumsum(count) - count] = born
    amount = np.exp(rng.normal(3.0, 0.7, customers)[who] + rng.normal(0, 0.5, len(who)))
    orders = pd.DataFrame(
        {
            "customer": who,
            "order": np.arange(len(who)),
            "at": pd.Timestamp(STARTS) + pd.to_timedelta(np.round(day * 86_400), unit="s"),
            "amount": np.round(np.where(rng.random(len(who)) < 0.05, -amount, amount), 2),
            "category": np.array([f"c{i}" for i in range(8)])[(who + rng.integers(0, 3, len(who))) % 8],
            "channel": np.array(["web", "app", "shop"])[rng.integers(0, 3, len(who))],
        }
    )
    orders.assign(kind=np.where(orders.amount < 0, "return", "purchase")).sort_values("at").to_parquet(path)


def settings(events: Path, root: Path):
    """The settings of the business."""
    from patron.periods import Split
    from patron.questions.kinds import churn, next_purchase, tier
    from patron.questions.profit import CostModel
    from patron.settings import Settings, Table

    ends = STARTS + timedelta(days=DAYS)
    times = [ends - timedelta(days=HORIZON * k) for k in range(6, 0, -1)]
    keys = {"customer": "customer", "at": "at", "order": "order"}
    costs = CostModel(margin_rate=0.35, cost_per_order=2.0, cost_per_return=3.0)
    return Settings(
        name="simulated",
        tables={"orders": Table(events, keys, returns={"kind": "return"})},
        questions=(churn(HORIZON, 365), next_purchase(HORIZON, (30,), 365), tier(HORIZON, costs, active_in=365)),
        split=Split.of(times[:4], valid=[times[4]], test=[times[5]]),
        root=root,
        out=root / "out",
    )


def patron(job, clock: dict[str, float]) -> None:
    """All of `patron train`, with the CPU seconds of its steps."""
    from patron.jobs import train

    for step, names in STEPS.items():
        for name in names:
            _timed(name, step, clock)
    begin = time.process_time()
    train(job)
    clock["all"] = time.process_time() - begin


def _timed(name: str, step: str, clock: dict[str, float]) -> None:
    """Count the CPU seconds of a function where it is called by this name."""
    parts = name.split(".")
    modules = [".".join(parts[:k]) for k in range(len(parts) - 1, 0, -1)]
    home = next(module for module in modules if _imported(module))
    *path, last = parts[len(home.split(".")) :]
    owner = functools.reduce(getattr, path, importlib.import_module(home))
    function = getattr(owner, last)

    @functools.wraps(function)
    def timed(*arguments, **named):
        begin = time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            clock[step] = clock.get(step, 0.0) + time.process_time() - begin

    setattr(owner, last, timed)


def _imported(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError:
        return False
    return True


def plain(job, clock: dict[str, float]) -> None:
    """The same questions by LightGBM alone, on the matrix and the labels of Patron."""
    from patron.models.fitting import TrainingSet
    from patron.models.preparation import target_spec
    from patron.questions.matrices import labels, matrix

    split = job.settings.split
    cutoffs = (*split.known, *split.test)
    rows = matrix(job.questions[0], job.history, cutoffs)
    labelled = [(question, labels(question, job.history, cutoffs, rows=rows)) for question in job.questions]
    clock["rows"], clock["features"] = len(rows), rows.X.shape[1]
    for question, label in labelled:
        spec = target_spec(question, rows, label, split)
        encoded = TrainingSet(question, job.history, rows, label, spec, 0)
        y = (
            encoded.examples(np.ones(len(rows), dtype=bool)).y
            if question.name == "tier"
            else _happened(question, label)
        )
        begin = time.process_time()
        _fit_twice(encoded.X, y, rows, split, OBJECTIVES[question.name])
        clock["all"] = clock.get("all", 0.0) + time.process_time() - begin


def _happened(question, label: np.ndarray) -> np.ndarray:
    """Whether they left, or bought within thirty days."""
    return (label if question.name == "churn" else label < 30).astype(int)


def _fit_twice(X: np.ndarray, y: np.ndarray, rows, split, objective: str) -> None:
    import lightgbm as lgb

    classes = {"num_class": int(y.max()) + 1} if objective == "multiclass" else {}
    parameters = PLAIN | {"objective": objective} | classes
    train, valid, known, test = (rows.at(*c) for c in (split.train, split.valid, split.known, split.test))
    first = lgb.Dataset(X[train], y[train])
    later = lgb.Dataset(X[valid], y[valid], reference=first)
    stop = lgb.early_stopping(50, verbose=False)
    rounds = lgb.train(parameters, first, 1000, valid_sets=[later], callbacks=[stop]).best_iteration
    lgb.train(parameters, lgb.Dataset(X[known], y[known]), rounds).predict(X[test])


WAYS = {"patron": patron, "plain": plain}


def child(way: str, folder: Path) -> None:
    """Run one way, and print what it took."""
    from patron.jobs import Job

    clock: dict[str, float] = {}
    WAYS[way](Job(settings(folder / "orders.parquet", folder / way), datetime(2026, 1, 1)), clock)
    clock["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps(clock))


def measured(way: str, folder: Path) -> dict[str, float]:
    """Run one way in a process of its own, with one thread."""
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def line(customers: int) -> list[str]:
    """One row of the page."""
    with tempfile.TemporaryDirectory() as folder:
        generate(customers, Path(folder) / "orders.parquet")
        theirs, ours = (measured(way, Path(folder)) for way in ("plain", "patron"))
    others = ", ".join(f"{step} {ours.get(step, 0.0):,.0f}" for step in STEPS if step != "trees")
    return [
        f"{customers:,}",
        f"{theirs['rows']:,.0f} x {theirs['features']:.0f}",
        f"{ours['all']:,.0f} s",
        f"{theirs['all']:,.0f} s",
        f"{ours['all'] / theirs['all']:.1f}",
        f"{ours['trees']:,.0f} s",
        f"{ours['all'] / ours['trees']:.1f}",
        f"{ours['peak']:.1f} / {theirs['peak']:.1f} GB",
        others,
    ]


def page(sizes: list[int]) -> str:
    """The whole page as Markdown."""
    used = ", ".join(f"{name} {version(name)}" for name in ("patron", "lightgbm", "numpy", "scikit-learn"))
    header = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {used}; one thread."
    columns = ["customers", "rows", "patron train", "plain LightGBM", "ratio", "trees", "all / trees", "peak"]
    lines = [f"# Training\n\n{header}\n\n{CAPTION}"]
    for cells in ([*columns, "other steps"], ["---"] * 9, *map(line, sizes)):
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.way:
        child(given.way, given.folder)
    else:
        PAGE.write_text(page(given.customers), encoding="utf-8")
