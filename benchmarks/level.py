"""Level: whether what is predicted comes on average, at rolling cutoffs of every data set at hand with a history.

`python benchmarks/level.py <folder of the data> [page]` trains all candidates at up to six cutoffs of each set, each on
the cutoffs a horizon apart before it, and sets what they say on average beside what came. Nothing is tuned here.
"""

import json
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import ROLES, _history, markdown
from scipy.stats import t as student

from patron.datasets import online_retail
from patron.history.history import History
from patron.metrics import Estimate, bias, bootstrap, log_loss, normalized_gini
from patron.models.targets import target_for
from patron.models.training import Trained, fit
from patron.periods import Split
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import Matrix, labels, matrix
from patron.questions.profit import CostModel
from patron.questions.question import Question
from patron.questions.shared import together
from patron.scoring.story import joint_answers

DEMO_COSTS = CostModel(margin_rate=0.35, cost_per_order=4.0, cost_per_return=6.0)
THIRDS = {"top": 1 / 3, "middle": 1 / 3}
CHOSEN, TOGETHER = "**chosen**", "**one story**"
MOST_CUTOFFS, DRAWS = 6, 200
COLUMNS = ["outcome", "candidate", "cutoffs", "bias, %", "cutoffs, %", "mean of cutoffs, %", "loss", "coverage"]
CAPTION = """\
What is predicted on average beside what came, at rolling cutoffs that training did not see: the sum of all predictions
over the sum of what came, less 1. Intervals are by bootstrap over customers, each with all of his cutoffs; in
parentheses the lowest and the highest of single cutoffs, and their mean with Student's interval over cutoffs: what a
level is off by differs from one cutoff to the next, which no number of customers takes away. Horizons of neighbours
overlap by half, so that interval is rather too narrow. **chosen** is the candidate that was chosen at each cutoff,
**one story** what all three chosen models say together. Loss is log loss, for profit the Gini; coverage is how often
the profit lies within its 80 % interval.
"""


@dataclass(frozen=True)
class Study:
    """A data set, what is asked of it, and the cutoffs at which answers are judged.

    Args:
        name: of the data set.
        history: the checked event tables.
        questions: of the same customers and horizon.
        splits: known cutoffs and the one to judge at, oldest first.
    """

    name: str
    history: History
    questions: tuple[Question, ...]
    splits: tuple[Split, ...]


@dataclass(frozen=True)
class Rows:
    """The rows of a study at all its cutoffs, and the label of each question by its name."""

    questions: tuple[Question, ...]
    rows: Matrix
    label: Mapping[str, np.ndarray]


def studies(folder: Path) -> Iterator[Study]:
    """Return every data set with an event history that is there, and the demo."""
    settings = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    for name, task in settings.items():
        if not name.startswith("_") and "events" in task and (folder / task["events"]).exists():
            roles = {**ROLES, "margin": "margin"} if task["value"] == "margin" else ROLES
            history = _history(folder / task["events"], roles)
            first, last = datetime.fromisoformat(task["train"][0]), datetime.fromisoformat(task["test"])
            costs = CostModel(margin_rate=None if task["value"] == "margin" else 1.0)
            days, active = task["horizon_days"], task["population_days"]
            questions = (churn(days, active), next_purchase(days, (task["next_days"],), active))
            if task["value"]:
                questions = (*questions, tier(days, costs, THIRDS, active))
            yield Study(name, history, questions, rolling_splits(first, last, days))
    questions = (churn(90, 365), next_purchase(90, (30,), 365), tier(90, DEMO_COSTS, active_in=365))
    yield Study("demo", online_retail(), questions, rolling_splits(datetime(2010, 6, 16), datetime(2011, 9, 9), 90))


def rolling_splits(first: datetime, last: datetime, days: int) -> tuple[Split, ...]:
    """Return splits that end at cutoffs half a horizon apart, or a third where that gives fewer than four.

    Args:
        first: no known cutoff lies before it.
        last: cutoff to judge at.
        days: of the horizon.
    """
    room = (last - first).days - 2 * days
    step = days / 2 if room >= 1.5 * days else days / 3
    tests = [last - timedelta(days=round(k * step)) for k in range(int((room + 2) / step) + 1)]
    return tuple(_split(test, first, days) for test in sorted(tests[:MOST_CUTOFFS]))


def _split(test: datetime, first: datetime, days: int) -> Split:
    count = ((test - first).days + 2) // days
    known = tuple(test - timedelta(days=days * k) for k in range(count, 0, -1))
    return Split(known[:-1], known[-1:], (test,))


def rows_of(study: Study) -> Rows:
    """Compute all rows of a study once."""
    cutoffs = sorted({cutoff for split in study.splits for cutoff in (*split.known, *split.test)})
    whole = together(study.questions, study.history, study.splits[0].known[-1])
    rows = matrix(whole[0], study.history, cutoffs)
    return Rows(whole, rows, {q.name: labels(q, study.history, cutoffs, rows=rows) for q in whole})


def judged(study: Study, computed: Rows) -> pd.DataFrame:
    """Return what each candidate says of each row at the judged cutoffs, beside what came."""
    questions = {question.name: question for question in computed.questions}
    parts = []
    for split in study.splits:
        test = computed.rows.at(*split.test)
        rows, trained = computed.rows.take(test), {}
        for name, question in questions.items():
            trained[name] = fit(question, study.history, computed.rows, computed.label[name], split)
            questions[name] = target_for(question).with_learned(question, trained[name].model.spec["answer"])
            answers = {c: bundle.predict(rows.X) for c, bundle in trained[name].bundles.items()}
            parts += _beside(rows, trained[name], answers | {CHOSEN: answers[trained[name].champion]}, computed, test)
        models = {name: trained[name].model for name in questions}
        for name, answer in zip(models, joint_answers(models, rows.X), strict=True):
            parts += _beside(rows, trained[name], {TOGETHER: answer}, computed, test)
    return pd.concat(parts, ignore_index=True)


def _beside(
    rows: Matrix, trained: Trained, answers: Mapping[str, pd.DataFrame], computed: Rows, test: np.ndarray
) -> list[pd.DataFrame]:
    """Return predictions and what came, a table for each candidate and outcome."""
    name, tables = trained.question.name, []
    label = computed.label[name][test]
    for candidate, answer in answers.items():
        for outcome, (column, came) in _outcomes(name, trained.question.horizon.days or 0, answer, label).items():
            table = rows.key.assign(candidate=candidate, outcome=outcome, champion=trained.champion)
            held = (answer.profit_low <= label) & (label <= answer.profit_high) if name == "tier" else np.nan
            tables.append(table.assign(predicted=answer[column].to_numpy(), came=came, held=np.asarray(held)))
    return tables


def _outcomes(name: str, horizon: int, answer: pd.DataFrame, label: np.ndarray) -> dict[str, tuple[str, np.ndarray]]:
    """Return the column of each outcome of a question, and what came."""
    if name == "churn":
        return {"churn": ("churn_probability", label)}
    if name == "tier":
        return {"profit": ("expected_profit", label)}
    days = sorted(int(column[16:-1]) for column in answer if column.startswith("purchase_within_"))
    return {
        f"purchase within {d} of {horizon} days": (f"purchase_within_{d}d", (label < d).astype(float)) for d in days
    }


def levels(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each outcome and candidate: cutoffs, bias, loss, coverage."""
    lines = []
    for (outcome, candidate), table in predictions.groupby(["outcome", "candidate"], sort=False):
        profit = outcome == "profit"
        metrics = {"bias": bias, "loss": normalized_gini if profit else log_loss}
        customers, came, predicted = (table[c].to_numpy() for c in ("customer", "came", "predicted"))
        pooled = bootstrap(metrics, customers, came, predicted, repeats=DRAWS)
        single = [bias(part.came.to_numpy(), part.predicted.to_numpy()) for _, part in table.groupby("cutoff")]
        lines.append(
            [
                outcome,
                candidate,
                str(len(single)),
                _percent(pooled["bias"]),
                f"{100 * min(single):+.0f} to {100 * max(single):+.0f}",
                _percent(_over_cutoffs(np.array(single))),
                f"{pooled['loss'].value:.4f}",
                f"{table.held.astype(float).mean():.3f}" if profit else "",
            ]
        )
    return pd.DataFrame(lines, columns=COLUMNS)


def _over_cutoffs(single: np.ndarray) -> Estimate:
    """Return the mean of the biases of single cutoffs with Student's 95 % interval."""
    half = student.ppf(0.975, len(single) - 1) * single.std(ddof=1) / len(single) ** 0.5
    return Estimate(single.mean(), single.mean() - half, single.mean() + half)


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:+.1f} [{100 * estimate.low:+.1f}, {100 * estimate.high:+.1f}]"


def page(folder: Path) -> str:
    """Return the whole page as Markdown."""
    used = ", ".join(f"{name} {version(name)}" for name in ("patron", "lightgbm", "numpy", "pandas"))
    parts = [f"# Level\n\n{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {used}.\n\n{CAPTION}"]
    for study in studies(folder):
        dates = ", ".join(f"{split.test[0]:%Y-%m-%d}" for split in study.splits)
        table = levels(judged(study, rows_of(study)))
        parts.append(f"## {study.name}\n\nCutoffs {dates}.\n\n{markdown(table)}")
        print(parts[-1], flush=True)
    return "\n".join(parts)


if __name__ == "__main__":
    text = page(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
