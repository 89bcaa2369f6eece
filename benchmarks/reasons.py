"""Reasons: the three strongest on each side of up to a million customers, in words, beside their answers alone.

`python benchmarks/reasons.py [page]` trains churn on the bundled data (a hybrid champion) and asks about its rows drawn
again, each amount moved by up to a tenth so that few values are alike. CPU time with one thread.
"""

import json
import os
import pickle
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

ROWS = (10_000, 100_000, 1_000_000)
CAPTION = """\
Churn of the bundled data, a purchase process and 35 trees on 98 features. **Answers** is `pt.score`, **reasons**
`pt.drivers(model, rows, top=3)`: exact contributions, facts, changes and sentences of both sides; seconds of CPU.
Reasons use two threads, which share the work by the clock where two cores are free. Of the peak two gigabytes are the
table of six million reasons itself. A sixth of the time of reasons goes into asking the purchase process about each
combination of what is known, for exact shares.
"""


def train(folder: Path) -> None:
    """Train the champion and keep it with its rows."""
    import patron as pt
    from patron.datasets import online_retail

    history = online_retail()
    days = ["2010-06-16", "2010-09-14", "2010-12-13", "2011-03-13"]
    split = pt.Split.of(train=days, valid=["2011-06-11"], test=["2011-09-09"])
    trained = pt.train(pt.churn(horizon=90, active_in=365), history, split)
    trained.model.save(folder / "bundle")
    (folder / "rows").write_bytes(pickle.dumps(pt.matrix(trained.question, history, split.known)))


def child(folder: Path, count: int) -> None:
    """Answer and explain so many customers, after a few that import and compile, and print what it took."""
    from patron.explanations.drivers import drivers
    from patron.models.serving import Bundle
    from patron.questions.matrices import Matrix
    from patron.scoring.model import score

    model = Bundle.load(folder / "bundle")
    known = pickle.loads((folder / "rows").read_bytes())  # noqa: S301 - written by this program a moment ago
    rng = np.random.default_rng(0)
    X = known.X.iloc[rng.integers(0, len(known), count)].reset_index(drop=True)
    for name in X.select_dtypes("number"):
        if (X[name] % 1 != 0).any():
            X[name] *= rng.uniform(0.9, 1.1, count).astype(np.float32)
    customers = pd.Series([f"c{i}" for i in range(count)], dtype="str")
    rows = Matrix(pd.DataFrame({"customer": customers, "cutoff": known.key.cutoff.max()}), X, known.definitions)
    drivers(model, rows.take(np.arange(count) < 100))
    took = {}
    for name, work in (("answers", score), ("reasons", drivers)):
        begin, clock = time.process_time(), time.perf_counter()
        work(model, rows)
        took |= {name: time.process_time() - begin, f"{name}_clock": time.perf_counter() - clock}
    print(json.dumps(took | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2}))


def measured(folder: Path, count: int) -> str:
    """One row of the page."""
    command = [sys.executable, "-W", "ignore", __file__, str(folder), str(count)]
    run = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, check=True)
    took = json.loads(run.stdout.splitlines()[-1])
    cells = [f"{count:,}", *(f"{took[name]:.1f} s" for name in ("answers", "reasons"))]
    times = [f"{took[f'reasons{clock}'] / took[f'answers{clock}']:.1f}" for clock in ("", "_clock")]
    return "| " + " | ".join([*cells, *times, f"{took['peak']:.1f} GB"]) + " |"


def page() -> str:
    """The whole page as Markdown."""
    about = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, patron {version('patron')}"
    header = f"{about}; LightGBM on one thread."
    with TemporaryDirectory() as scratch:
        train(Path(scratch))
        lines = [measured(Path(scratch), count) for count in ROWS]
    columns = ["customers", "answers", "reasons", "times", "times by the clock", "peak"]
    head = f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"
    return "\n".join([f"# Reasons in words\n\n{header}\n\n{CAPTION}", head, *lines]) + "\n"


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(Path(sys.argv[1]), int(sys.argv[2]))
    elif len(sys.argv) == 2:
        Path(sys.argv[1]).write_text(page(), encoding="utf-8")
    else:
        print(page())
