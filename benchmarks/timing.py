"""Timing: when customers buy next, as Patron tells it with its defaults, on every data set at hand with a history.

`python benchmarks/timing.py <folder of the data> [page]` judges the champion at up to the last three cutoffs of
`tasks.json` (each trained on what came before), and on the classic two periods a window longer than any label.
Nothing is tuned here.
"""

import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from accuracy import _apart, _history

from patron.evaluation.backtests import backtest
from patron.evaluation.question_metrics import estimates
from patron.history.history import History
from patron.metrics import Estimate, bootstrap, concordance, mean_absolute_error
from patron.models.extrapolation import train_beyond
from patron.models.targets import target_of
from patron.periods import Split
from patron.questions.kinds import NextPurchase, churn, next_purchase
from patron.questions.matrices import Matrix, labels, matrix

NEAR = 30
NINE_TENTHS = 0.9
TOLD = ["data", "candidates", "answers", "back"]
COLUMNS = [*TOLD, "C-index", "recency", "coverage", "before", "after", "date", "same", "oracle"]
MEDIAN = {
    "objective": "quantile",
    "alpha": 0.5,
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "verbose": -1,
    "seed": 0,
}
ROUNDS, N_FOLDS = 60, 5
CAPTION = """\
The next purchase, by the champion of each cutoff; 95 % intervals by bootstrap over customers.

- **answers**, **back**: customers at cutoffs, and the share who bought within the window.
- **C-index** of `days_expected`, beside that of the days since the last order (**recency**).
- **coverage** of the 80 % interval `days_low` to `days_high`: what is left after **before** (came before it began) and
  **after** (came after it had ended, or not yet); both should be .1. Most intervals end after the window does. So it is
  asked of each customer what share of the foretold wait had passed when they came, or when they were last seen; of
  right answers these shares are spread evenly, and the life table of all customers tells how many are still awaited at
  a tenth and at nine tenths. In parentheses how many were watched to nine tenths; **none** where fewer than 30 were.
- **date**: mean error in days of `days_if_back` among those who came back within the window, beside the **same** day
  for everybody, the median of the training rows (in two periods, where no label is that long, of those judged), and
  an **oracle**: trees for the median day that learn from the answers of the other customers at the same cutoff, which
  nobody can have. Where it does not beat the same day, these features tell nothing of the day.
"""


@dataclass(frozen=True)
class Judged:
    """The answers of champions, and what happened.

    Args:
        name: the data set and its window.
        candidates: the champion of each cutoff.
        window: days observed.
        table: a row for each answer: customer, actual (days, missing where not back), days_..., recency, same, oracle.
    """

    name: str
    candidates: str
    window: int
    table: pd.DataFrame


def tasks(folder: Path) -> Iterator[Judged]:
    """Judge every data set with an event history that is there."""
    settings = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    for name, task in settings.items():
        if not name.startswith("_") and "events" in task and (folder / task["events"]).exists():
            days, history = task["horizon_days"], _history(folder / task["events"])
            question = next_purchase(days, (min(NEAR, days),), task["population_days"])
            split = Split.of(task["train"], [task["valid"]], [task["test"]])
            yield _cutoffs(f"{name}, {days} days", question, history, _apart(split, churn(days)))
    for name, periods in settings["_two_period"].items():
        path = folder / f"{name}_events.parquet"
        if not name.startswith("_") and path.exists():
            yield _two_periods(name, _history(path), *map(datetime.fromisoformat, periods))


def _cutoffs(name: str, question: NextPurchase, history: History, split: Split) -> Judged:
    predictions = backtest(question, history, split).predictions
    cutoffs = [cutoff.to_pydatetime() for cutoff in predictions.cutoff.unique()]
    predictions = predictions[predictions.champion].merge(
        _beside(question, history, cutoffs), on=["customer", "cutoff"]
    )
    same = {cutoff: _median(question, history, split, cutoff) for cutoff in cutoffs}
    champions = ", ".join(predictions.groupby("cutoff").candidate.first())
    return Judged(name, champions, question.horizon.days or 1, predictions.assign(same=predictions.cutoff.map(same)))


def _median(question: NextPurchase, history: History, split: Split, cutoff: datetime) -> float:
    """The median days of those who came back, at the cutoffs whose window had passed."""
    known = [c for c in (*split.known, *split.test) if c + question.horizon.delta <= cutoff]
    return float(np.nanmedian(labels(question, history, known)))


def _beside(question: NextPurchase, history: History, cutoffs: list[datetime]) -> pd.DataFrame:
    """What stands beside the answers: days since the last order, and the oracle of each cutoff."""
    parts = []
    for cutoff in cutoffs:
        rows = matrix(question, history, [cutoff])
        parts.append(rows.key.assign(recency=rows.X.recency, oracle=_oracle(rows, labels(question, history, [cutoff]))))
    return pd.concat(parts)


def _oracle(rows: Matrix, actual: np.ndarray) -> np.ndarray:
    """The median day of those who came back, by trees fitted to the other customers of the same cutoff."""
    columns = [column if column.dtype.kind == "f" else pd.factorize(column)[0] for _, column in rows.X.items()]
    X, median, back = np.column_stack(columns), np.full(len(actual), np.nan), ~np.isnan(actual)
    fold = np.random.default_rng(0).integers(0, N_FOLDS, len(actual))
    for k in range(N_FOLDS):
        fitted = lgb.train(MEDIAN, lgb.Dataset(X[back & (fold != k)], actual[back & (fold != k)]), ROUNDS)
        median[fold == k] = fitted.predict(X[fold == k])
    return median


def _two_periods(name: str, history: History, last: datetime, end: datetime) -> Judged:
    """Learn before the end of calibration only, and judge to the end of the holdout."""
    at, days = last + timedelta(days=1), (end - last).days
    question = next_purchase(days)
    trained = train_beyond(question, history, at)
    rows, actual = matrix(trained.question, history, [at]), labels(question, history, [at])
    predictions = pd.concat([rows.key, trained.model.predict(rows.X)], axis=1)
    beside = {"recency": rows.X.recency, "same": np.nanmedian(actual), "oracle": _oracle(rows, actual)}
    table = predictions.assign(actual=actual, **beside)
    return Judged(f"{name}, two periods, {days} days", trained.champion, days, table)


def line(judged: Judged) -> list[str]:
    """One row of the page."""
    table, end = judged.table, float(judged.window)
    customers, bought = table.customer.to_numpy(), table.actual.notna().to_numpy()
    days = table.actual.fillna(end).to_numpy()
    spec = {"kind": "next_purchase", "horizon": judged.window}
    metrics = target_of(spec).coverages(spec, table.actual.to_numpy())
    waits = [_text(value) for value in estimates(metrics, customers, table, seed=0, repeats=200).values()]
    watched = (table[f"purchase_within_{judged.window}d"] >= NINE_TENTHS).sum()
    order = [_only(concordance, customers, days, bought, table[c].to_numpy()) for c in ("days_expected", "recency")]
    back = table[bought]
    dates = [
        _only(mean_absolute_error, back.customer, back.actual, back[c]) for c in ("days_if_back", "same", "oracle")
    ]
    cells = [*order, *waits[:-1], f"{waits[-1]} ({watched:,})", *dates]
    return [judged.name, judged.candidates, f"{len(table):,}", f"{bought.mean():.3f}", *cells]


def _only(metric, customers, *columns) -> str:
    return _text(bootstrap({"": metric}, customers, *columns, repeats=200)[""])


def _text(estimate: Estimate) -> str:
    return "none" if np.isnan(estimate.value) else str(estimate)


def page(folder: Path) -> str:
    """The whole page as Markdown."""
    used = ", ".join(f"{name} {version(name)}" for name in ("patron", "lightgbm", "numpy", "pandas"))
    header = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {used}."
    lines = [f"# Timing of the next purchase\n\n{header}\n\n{CAPTION}"]
    for cells in chain((COLUMNS, ["---"] * len(COLUMNS)), map(line, tasks(folder))):
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = page(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
