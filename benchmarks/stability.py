"""Stability: whether the reasons of a model stay when it is fitted again, and from which limit on, on two data sets.

`python benchmarks/stability.py <folder of the data> [page]` trains churn with all defaults and fits the champion 16
times more on customers drawn with replacement. Half of these measure how stable each reason is; the other half, unseen
so far, show what a limit makes of the customers' first reasons.
"""

import platform
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import Task, markdown, tasks

import patron.explanations.stability as module
from patron.explanations.drivers import drivers
from patron.explanations.redundancy import static_facts
from patron.explanations.stability import REFITS, Stability, stability
from patron.models.refits import refits
from patron.models.serving import Bundle
from patron.models.training import train
from patron.questions.matrices import Matrix, labels, matrix, row_source

NAMES = ("online_retail_ii_dev", "cdnow_tenth")
LIMITS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7)
CAPTION = """\
Churn at the known cutoffs of each data set, the champion that all defaults choose. Reasons of up to 1,000 customers of
the last known cutoff. A limit is the least share of the first eight refits that keeps a fact among the first three of
its side, over the customers whose first reason it is; below it, it is not told first. The other eight refits say what
that brings: **stays first**, the share of them in which a customer's first reason on a side is the first there;
**stays**, that it is among the first three; **told anew**, the share of first reasons that the limit changes.
The limit in use is 0.5: the highest that costs no agreement. A higher one puts weaker reasons first, which stay less.
"""


def lines(task: Task) -> tuple[list[dict[str, object]], pd.DataFrame]:
    """The rows of the page of one data set, and its reasons by theme and measure."""
    trained = train(task.question, task.history, task.split)
    known = matrix(trained.question, task.history, task.split.known)
    label = labels(trained.question, task.history, task.split.known, rows=known)
    begin = time.process_time()
    about = trained.question, row_source(task.history), known, label, task.split, 0, 2 * REFITS
    every = refits(trained.model, *about)
    cost = (time.process_time() - begin) / 2
    sample = known.take(known.at(task.split.known[-1]))
    measured = stability(trained.model, every[:REFITS], sample)
    carried = measured.carried_by(trained.model)
    rows = sample.take(np.random.default_rng(1).permutation(np.arange(len(sample)) < module.MOST))
    plain = _first(trained.model, rows, 0.0)
    print(f"{task.name}: {trained.champion}, {REFITS} refits {cost:.1f} s, {_overall(measured)}", flush=True)
    return [
        {"data": task.name, "champion": trained.champion, "limit": f"{limit:.1f}"}
        | _held(_first(carried, rows, limit), [_all(bundle, rows) for bundle in every[REFITS:]], plain)
        for limit in LIMITS
    ], measured.table


def _overall(measured: Stability) -> str:
    return f"first {measured.first:.2f}, kept {measured.kept:.2f}, Kendall {measured.agreement:.2f}"


def _all(model: Bundle, rows: Matrix) -> pd.DataFrame:
    features = model.spec["features"]
    number = dict(zip((f["name"] for f in features), static_facts(features), strict=True))
    told = drivers(model, rows)[["customer", "side", "rank", "feature"]]
    return told.assign(fact=told.feature.map(number))


def _first(model: Bundle, rows: Matrix, limit: float) -> pd.DataFrame:
    before, module.LIMIT = module.LIMIT, limit
    try:
        told = _all(model, rows)
    finally:
        module.LIMIT = before
    return told[told["rank"] == 1]


def _held(first: pd.DataFrame, others: Sequence[pd.DataFrame], plain: pd.DataFrame) -> dict[str, object]:
    """How often a first reason comes back: the same fact on the same side."""
    key = ["customer", "side", "fact"]
    ranks = [first.merge(other.drop_duplicates(key), "left", key)["rank_y"].to_numpy() for other in others]
    changed = first.merge(plain, "left", ["customer", "side"])
    return {
        "stays first": f"{np.mean([rank == 1 for rank in ranks]):.2f}",
        "stays": f"{np.mean([rank <= 3 for rank in ranks]):.2f}",
        "told anew": f"{(changed.fact_x != changed.fact_y).mean():.2f}",
    }


def chosen(folder: Path) -> Iterator[Task]:
    """The tasks of the two data sets."""
    for task in tasks(folder):
        if task.name in NAMES:
            yield task


def page(folder: Path) -> str:
    """The whole page as Markdown."""
    header = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, patron {version('patron')}."
    results = [lines(task) for task in chosen(folder)]
    parts = [f"# Stability of reasons\n\n{header}\n\n{CAPTION}"]
    parts.append(markdown(pd.DataFrame([line for rows, _ in results for line in rows])))
    for rows, table in results:
        shown = table.groupby("level", sort=False).head(10).round(2).astype(str).replace("nan", "")
        parts.append(f"\n## {rows[0]['data']}\n\n{markdown(shown)}")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    text = page(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
    else:
        print(text)
