"""Tuning: whether tuned trees beat the untuned choice beyond noise, and from which budget on, on five data sets.

`python benchmarks/tuning.py <folder of the data> [page]` tunes churn with 10 to 270 trials (one study, resumed) and
sets the result beside the candidate that is chosen without tuning: in rolling predictions, and at the test cutoffs.
"""

import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from accuracy import markdown, tasks
from panels import DAYS, TELCO_PARTS, TELCO_STARTS, dunnhumby, telco
from panels import _split as dunnhumby_split

from patron.metrics import Estimate, log_loss, paired_difference
from patron.models.budgets import Budget
from patron.models.fitting import Part, TrainingSet
from patron.models.preparation import dated, later_folds, later_part
from patron.models.rolling_origin import predict_out_of_fold
from patron.models.selection import mean_estimate
from patron.models.training import _with_blend, fit
from patron.models.tuning import search
from patron.periods import Split
from patron.questions.kinds import churn
from patron.questions.matrices import labels, matrix, row_source
from patron.questions.panels import panel
from patron.questions.question import Question
from patron.questions.row_source import RowSource

BUDGETS = (10, 30, 90, 270)
HISTORIES = ("online_retail_ii_dev", "cdnow_tenth", "adventureworks_sales")
WITHOUT = re.compile(r"tuned lowers the log loss of (?:the best that is not tuned \()?(\w+)")
COLUMNS = ["data", "rows", "trials", "CPU s", "without tuning", "used", "rolling gain", "test gain"]
CAPTION = """\
Churn, with the search space and the objective of [tuning](tuning.md). A gain is the log loss of the candidate that is
used without tuning less that of the tuned trees, on the same rows, in thousandths: above zero tuning is better, bold is
beyond noise. Rolling: at the later known cutoffs, each half of the customers by what the other half chose, with a 95 %
interval over customers; it decides what is used. Test: at cutoffs that neither tuning nor the choice saw, 95 % by
bootstrap over customers. CPU seconds are those of tuning from its first trial on, on one thread; 10 to 270 trials
are one study, resumed. The telco set has no dates: its customers are dealt to made-up cutoffs.
"""

Case = tuple[str, Question, RowSource, Split]


def cases(folder: Path) -> Iterator[Case]:
    """Return the data sets that are there, each with its question and cutoffs."""
    for task in tasks(folder):
        if task.name in HISTORIES:
            yield task.name, task.question, row_source(task.history), task.split
    rows = telco(folder)
    dates = [(TELCO_STARTS + pd.Timedelta(days=k * DAYS)).to_pydatetime() for k in range(TELCO_PARTS)]
    split = Split(tuple(dates[:-2]), (dates[-2],), (dates[-1],))
    yield "telco_ibm_classic", churn(DAYS), panel(rows, DAYS, customer="customerID", label="left"), split
    rows = dunnhumby(folder)
    left = rows.assign(left=(rows.post_spend_28d <= 0).astype(int)).drop(columns="post_spend_28d")
    names = {"customer": "customer_id", "cutoff": "ts"}
    ready = panel(left, DAYS, label="left", active="pre_spend_28d", **names)
    yield "dunnhumby_panel_dev", churn(DAYS), ready, dunnhumby_split(rows)


def lines(case: Case) -> Iterator[list[str]]:
    """Return a line for each budget."""
    name, question, source, split = case
    complete = source.complete(question, split.known[-1])
    cutoffs = (*split.known, *split.test)
    rows = matrix(complete, source, cutoffs)
    label = labels(complete, source, cutoffs, rows=rows)
    training_set = dated(complete, source, rows, label, split, 0)
    test = rows.at(*split.test)
    tested, happened, customers = rows.take(test), label[test], rows.key.customer[test]
    start = process_time()
    parts = [later_part(training_set, fold) for fold in later_folds(complete, split)]
    spent = process_time() - start
    with TemporaryDirectory() as folder:
        for trials in BUDGETS:
            start = process_time()
            tuned, _ = search(training_set, parts, Path(folder) / "study.journal", Budget(60.0, trials))
            spent += process_time() - start
            trained = fit(complete, source, rows, label, split, candidates=[tuned])
            without = WITHOUT.search(trained.reason).group(1)
            rolling = _rolling(replace(training_set, tuned=tuned), parts, without)
            chances = [trained.bundles[c].predict(tested.X).churn_probability for c in (without, "tuned")]
            at_test = paired_difference(log_loss, customers, happened, *map(np.asarray, chances))
            used = "**tuned**" if trained.champion == "tuned" else without
            gains = [_thousandths(gain) for gain in (rolling, at_test)]
            yield [name, f"{len(training_set.rows):,}", f"{trials}", f"{spent:.0f}", without, used, *gains]


def _rolling(training_set: TrainingSet, parts: Sequence[Part], without: str) -> Estimate:
    """Return by how much the tuned trees are ahead in rolling predictions, as the choice sees it."""
    oof = _with_blend(predict_out_of_fold([training_set.predict(part) for part in parts]))
    lost = {name: oof.losses(oof.log_odds[name]) for name in (without, "tuned")}
    return mean_estimate(lost[without] - lost["tuned"], oof.customers)


def _thousandths(gain: Estimate) -> str:
    """Write a gain in thousandths, in bold where it is beyond noise."""
    value, low, high = (1000.0 * bound for bound in (gain.value, gain.low, gain.high))
    text = f"{value:.2f} [{low:.2f}, {high:.2f}]"
    return f"**{text}**" if low > 0 or high < 0 else text


def main(folder: Path, page: Path | None) -> None:
    """Print the table, and write the page."""
    start, table = perf_counter(), []
    for case in cases(folder):
        for line in lines(case):
            table.append(line)
            print(" | ".join(line), flush=True)
    used = ", ".join(f"{name} {version(name)}" for name in ("patron", "lightgbm", "optuna", "numpy"))
    head = (
        f"# What tuning brings\n\n{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {used}, seed 0.\n\n"
    )
    text = head + CAPTION + "\n" + markdown(pd.DataFrame(table, columns=COLUMNS))
    print(f"{perf_counter() - start:.0f} s")
    if page:
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
