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
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import _apart, _history

from patron.backtests import backtest
from patron.evaluation import concordance, early, figures, held, late, mean_absolute_error
from patron.history import History
from patron.matrices import answers, matrix
from patron.models.reach import train_beyond
from patron.periods import Split
from patron.questions import NextPurchase, churn, next_purchase

NEAR = 30
COLUMNS = ["data", "candidates", "answers", "back", "C-index", "recency", "coverage", "before", "after", "date", "same"]
CAPTION = """\
The next purchase, by the champion of each cutoff; 95 % intervals by bootstrap over customers.

- **answers**, **back**: customers at cutoffs, and the share who bought within the window.
- **C-index** of `days_expected`, beside that of the days since the last order (**recency**).
- **coverage** of the 80 % interval `days_low` to `days_high`: what is left after **before** (came before it began,
  counted among those whose `days_low` lies within the window) and **after** (came after it had ended, or not yet,
  counted among those whose `days_high` does; their number in parentheses). Each is known for certain of the customers
  who are counted; customers whose bound lies beyond the window say nothing about it, and where all do there is
  **none**. Both should be .1.
- **date**: mean error in days of `days_if_back` among those who came back within the window, beside the **same** day
  for everybody, the median of the training rows (in two periods, where no label is that long, of those judged).
"""


@dataclass(frozen=True)
class Judged:
    """The answers of champions, and what happened.

    Args:
        name: the data set and its window.
        candidates: the champion of each cutoff.
        window: days observed.
        table: a row for each answer: customer, actual (days, missing where not back), days_..., recency, same.
    """

    name: str
    candidates: str
    window: int
    table: pd.DataFrame


def tasks(folder: Path) -> Iterator[Judged]:
    """Judge every data set with an event history that is there."""
    told = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    for name, task in told.items():
        if not name.startswith("_") and "events" in task and (folder / task["events"]).exists():
            days, history = task["horizon_days"], _history(folder / task["events"])
            asked = next_purchase(days, (min(NEAR, days),), task["population_days"])
            split = Split.of(task["train"], [task["valid"]], [task["test"]])
            yield _cutoffs(f"{name}, {days} days", asked, history, _apart(split, churn(days)))
    for name, periods in told["_two_period"].items():
        path = folder / f"{name}_events.parquet"
        if not name.startswith("_") and path.exists():
            yield _two_periods(name, _history(path), *map(datetime.fromisoformat, periods))


def _cutoffs(name: str, asked: NextPurchase, history: History, split: Split) -> Judged:
    told = backtest(asked, history, split).predictions
    cutoffs = [cutoff.to_pydatetime() for cutoff in told.cutoff.unique()]
    told = told[told.champion].merge(_recency(asked, history, cutoffs), on=["customer", "cutoff"])
    same = {cutoff: _median(asked, history, split, cutoff) for cutoff in cutoffs}
    champions = ", ".join(told.groupby("cutoff").candidate.first())
    return Judged(name, champions, asked.horizon.days or 1, told.assign(same=told.cutoff.map(same)))


def _median(asked: NextPurchase, history: History, split: Split, cutoff: datetime) -> float:
    """The median days of those who came back, at the cutoffs whose window had passed."""
    known = [c for c in (*split.known, *split.test) if c + asked.horizon.delta <= cutoff]
    return float(np.nanmedian(answers(asked, history, known)))


def _recency(asked: NextPurchase, history: History, cutoffs: list[datetime]) -> pd.DataFrame:
    rows = matrix(NextPurchase(asked.horizon, asked.active_in, asked.baselines(history)), history, cutoffs)
    return rows.key.assign(recency=rows.X.recency)


def _two_periods(name: str, history: History, last: datetime, end: datetime) -> Judged:
    """Learn before the end of calibration only, and judge to the end of the holdout."""
    at, days = last + timedelta(days=1), (end - last).days
    asked = next_purchase(days)
    trained = train_beyond(asked, history, at)
    rows, actual = matrix(trained.question, history, [at]), answers(asked, history, [at])
    told = pd.concat([rows.key, trained.model.predict(rows.X)], axis=1)
    table = told.assign(actual=actual, recency=rows.X.recency, same=np.nanmedian(actual))
    return Judged(f"{name}, two periods, {days} days", trained.champion, days, table)


def line(judged: Judged) -> list[str]:
    """One row of the page."""
    table, end = judged.table, float(judged.window)
    who, bought = table.customer.to_numpy(), table.actual.notna().to_numpy()
    days = table.actual.fillna(end).to_numpy()
    low, high = table.days_low.to_numpy(), table.days_high.to_numpy()
    told = [
        *(_only(concordance, who, days, bought, table[column].to_numpy()) for column in ("days_expected", "recency")),
        _only(partial(held, end=end), who, days, low, high),
        _only(partial(early, end=end), who, days, low),
        f"{_only(partial(late, end=end), who, days, high)} ({(high < end).sum():,})",
    ]
    back = table[bought]
    dates = [_only(mean_absolute_error, back.customer, back.actual, back[c]) for c in ("days_if_back", "same")]
    return [judged.name, judged.candidates, f"{len(table):,}", f"{bought.mean():.3f}", *told, *dates]


def _only(metric, who, *columns) -> str:
    found = figures({"": metric}, who, *columns, repeats=200)[""]
    return "none" if np.isnan(found.value) else str(found)


def page(folder: Path) -> str:
    """The whole page as Markdown."""
    used = ", ".join(f"{name} {version(name)}" for name in ("patron", "lightgbm", "numpy", "pandas"))
    made = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {used}."
    lines = [f"# Timing of the next purchase\n\n{made}\n\n{CAPTION}"]
    for cells in (COLUMNS, ["---"] * len(COLUMNS), *map(line, tasks(folder))):
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = page(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
