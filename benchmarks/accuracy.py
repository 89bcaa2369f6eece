"""Accuracy: Patron with its defaults beside its peers, on every data set at hand that has an event history.

`python benchmarks/accuracy.py <folder of the data> [page]` trains on the cutoffs of `tasks.json` and judges at its
test cutoff, and on the classic two periods (calibration, holdout) judges horizons longer than any label. Peers that
are not installed are left out and said so; pymc-marketing is asked in the Python that the variable PEERS names. Nothing
is tuned here; the test cutoffs are looked at once.
"""

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from bars import bars
from one_story import CAPTION as STORY_CAPTION
from one_story import figures, questions
from one_story import table as story_table
from panels import table as panel_table
from pymc_bg_nbd import bg_nbd
from worth import Period
from worth import tables as worth_tables

from patron.history.history import History
from patron.history.sources import attributes, events
from patron.metrics import Estimate, auc, bias, bootstrap, log_loss, paired_difference
from patron.models.extrapolation import inner_split, train_beyond
from patron.models.serving import repeats
from patron.models.training import Trained, train
from patron.periods import Split
from patron.questions.kinds import Churn, churn
from patron.questions.matrices import Matrix, labels, matrix

RFM = ("recency", "orders", "spend")
TREES = {"objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "num_threads": 1, "verbose": -1, "seed": 0}
ROUNDS = 100
ROLES = {"order": "order_id", "amount": "amount"}
LINES = {"item": "item_id", "category": "category"}
CAPTION = """\
Churn (no order within the horizon) at the test cutoff of each data set; 95 % intervals by bootstrap over customers.
The last two columns are differences of Patron to each peer on the same draws of customers: an AUC above zero and a
log loss below zero are better, and an interval that holds zero is a tie. Patron chose its candidate
without these cutoffs, but the rules by which it chooses were set while they were looked at.
lifetimes gives no chance of a purchase, so exp(-expected purchases) stands for the chance of none.
What a data set knows of its customers (gender, channel, income) is read beside its orders, and peers do not see it.
For two periods the second table is about every customer's orders and spend in the second one (`lifetime_value`,
undiscounted; bias is the sum predicted over the sum that came, less 1; decile error: customers in ten groups by what is
predicted, the distance of each group's sum from what came, over all that came). MAE, RMSE, bias and decile error are of
the mean; the MAE of the median is that of `median_orders`, which no peer gives; "of any" is of the chance of an order.
The third table has Patron's figures less those of a plain Pareto/NBD, on the same draws of customers.
"""
BARS_CAPTION = """\
The best figures of peers that were measured before, each by its best tool. The intervals are of Patron alone, so
"within its interval" is weaker than a tie: on the same customers two tools differ by less than either between samples.
"""
PANELS_CAPTION = """\
Ready-made rows (`patron.panel`), at the test cutoffs of the dunnhumby panel, and for customers of the telco snapshot
that were held out (it has no dates; all but the last line). Beside the champion stands its best simple rule, or that
everybody stays in their tier; the bar is the best figure measured before of a peer. The last line adds a score that
was given after the customer had left, which the leak probe must tell.
"""


@dataclass(frozen=True)
class Task:
    """One data set with one split: what is known, what is asked, and the customers to judge."""

    name: str
    history: History
    question: Churn
    split: Split
    peers_learn: tuple[Churn, Split]
    period: Period | None = None


@dataclass(frozen=True)
class Answer:
    """What one tool says: a chance of leaving for each customer, and how long it took."""

    tool: str
    chance: np.ndarray
    seconds: float


def tasks(folder: Path) -> Iterator[Task]:
    """All data sets with event histories that are there."""
    settings = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    for name, task in settings.items():
        if not name.startswith("_") and "events" in task and (folder / task["events"]).exists():
            question = churn(task["horizon_days"], task["population_days"])
            split = _apart(Split.of(task["train"], [task["valid"]], [task["test"]]), question)
            yield Task(name, _history(folder / task["events"]), question, split, (question, split))
    for name, periods in settings["_two_period"].items():
        path = folder / f"{name}_events.parquet"
        if not name.startswith("_") and path.exists():
            yield _two_periods(name, path, *map(datetime.fromisoformat, periods))


def _apart(split: Split, question: Churn) -> Split:
    """Leave out a train cutoff whose labels reach a day into the valid one, as one data set's do in a leap year."""
    return Split(tuple(c for c in split.train if c + question.horizon.delta <= split.valid[0]), split.valid, split.test)


def _two_periods(name: str, path: Path, last: datetime, end: datetime) -> Task:
    """Learn before the end of calibration only; peers learn from the labels that fit into it."""
    at, history = last + timedelta(days=1), _history(path)
    split, near = inner_split(history.starts, at)
    question = churn((end - last).days)
    period = Period(history, at, (end - last).days)
    return Task(f"{name}, two periods", history, question, split, (churn(near.days or 1), split), period)


def _history(path: Path, wanted: Mapping[str, str] = ROLES) -> History:
    frame = pd.read_parquet(path)
    if "item_id" not in frame and (frame.ts == frame.ts.dt.normalize()).all():
        # Dates without times: the orders of one day are one, as in the published figures.
        sums = {"amount": "sum"} if "amount" in frame else {}
        days = frame.groupby(["customer_id", "ts", "event_type"], as_index=False)
        frame = days.agg(sums) if sums else frame.drop_duplicates(["customer_id", "ts", "event_type"])
    bought = frame[frame.event_type == "purchase"]
    back = {"event_type": "return"} if len(bought) < len(frame) else None
    roles = {role: column for role, column in wanted.items() if column in frame}
    tables = {"orders": events(frame, customer="customer_id", at="ts", returns=back, **roles)}
    if "item_id" in frame:
        parts = {role: column for role, column in {**ROLES, **LINES}.items() if column in frame}
        tables["lines"] = events(bought, customer="customer_id", at="ts", **parts)
    known = path.with_name(path.name.replace("_events", "_customers"))
    if known.exists():
        tables["customers"] = attributes(known, customer="customer_id")
    return History.of(**tables)


def patron(task: Task) -> tuple[Answer, Trained]:
    """Patron, all defaults, one call."""
    start = time.perf_counter()
    if task.question == task.peers_learn[0]:
        trained = train(task.question, task.history, task.split)
    else:
        trained = train_beyond(task.question, task.history, task.split.test[0])
    rows = matrix(trained.question, task.history, task.split.test)
    chance = trained.model.predict(rows.X).churn_probability.to_numpy()
    return Answer("Patron", chance, time.perf_counter() - start), trained


def last_window(task: Task, known: Matrix, label: np.ndarray, rows: Matrix) -> np.ndarray:
    """Active in the last horizon or not, each with its rate in training."""
    column = f"orders_{task.peers_learn[0].horizon}"
    was, now = (part.X[column].to_numpy() > 0 for part in (known, rows))
    rates = [label[was == active].mean() if (was == active).any() else label.mean() for active in (False, True)]
    return np.where(now, rates[1], rates[0])


def recency_alone(task: Task, known: Matrix, label: np.ndarray, rows: Matrix) -> np.ndarray:
    """The rate of customers of like recency in training, by twentieths."""
    edges = np.unique(np.quantile(known.X.recency, np.linspace(0, 1, 21)[1:-1]))
    place, now = (np.searchsorted(edges, part.X.recency) for part in (known, rows))
    rate = np.array([label[place == k].mean() if (place == k).any() else label.mean() for k in range(len(edges) + 1)])
    return rate[now]


def trees_by_hand(task: Task, known: Matrix, label: np.ndarray, rows: Matrix) -> np.ndarray:
    """LightGBM on recency, frequency and money, as one would write it in ten lines."""
    columns = [column for column in RFM if column in known.X]
    fitted = lgb.train(TREES, lgb.Dataset(known.X[columns].to_numpy(), label), ROUNDS)
    return np.asarray(fitted.predict(rows.X[columns].to_numpy()))


def lifetimes(task: Task, known: Matrix, label: np.ndarray, rows: Matrix) -> np.ndarray:
    """Pareto/NBD of the package lifetimes: one less its expected purchases, as a chance where there is at most one."""
    from lifetimes import ParetoNBDFitter

    everybody = matrix(churn(task.question.horizon.days or 1), task.history, task.split.test)
    x, last, age = repeats(everybody.X[["recency", "tenure", "orders"]].to_numpy(dtype=np.float64))
    model = ParetoNBDFitter(penalizer_coef=0.0).fit(x, last, age, maxiter=2000)
    x, last, age = repeats(rows.X[["recency", "tenure", "orders"]].to_numpy(dtype=np.float64))
    days = float(task.question.horizon.days or 1)
    often = model.conditional_expected_number_of_purchases_up_to_time(days, x, last, age)
    return np.exp(-np.nan_to_num(np.asarray(often), nan=0.0, posinf=50.0))


def pymc_marketing(task: Task, known: Matrix, label: np.ndarray, rows: Matrix) -> np.ndarray:
    """BG/NBD of the package pymc-marketing, its chance of no purchase."""
    everybody = matrix(churn(task.question.horizon.days or 1), task.history, task.split.test)
    seen = repeats(everybody.X[["recency", "tenure", "orders"]].to_numpy(dtype=np.float64))
    none = bg_nbd(*seen, task.question.horizon.days or 1).none
    return none.set_axis(everybody.key.customer).loc[rows.key.customer].to_numpy()


PEERS: Mapping[str, Callable[[Task, Matrix, np.ndarray, Matrix], np.ndarray]] = {
    "last window": last_window,
    "recency": recency_alone,
    "LightGBM by hand": trees_by_hand,
    "lifetimes Pareto/NBD": lifetimes,
    "pymc-marketing BG/NBD": pymc_marketing,
}


def peers(task: Task, rows: Matrix) -> Iterator[Answer]:
    """Every peer that is installed and ends."""
    question, split = task.peers_learn
    known, label = matrix(question, task.history, split.known), labels(question, task.history, split.known)
    for name, peer in PEERS.items():
        start = time.perf_counter()
        try:
            chance = peer(task, known, label, rows)
        except Exception as error:  # a peer that fails is a finding, whatever it raises
            print(f"{task.name}: {name} fails: {type(error).__name__}: {str(error).strip()[:80]}", file=sys.stderr)
            continue
        yield Answer(name, np.clip(chance, 1e-6, 1 - 1e-6), time.perf_counter() - start)


def judge_task(task: Task) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    """The table of one task, a row for each tool, and Patron's own figures."""
    ours, trained = patron(task)
    rows = matrix(trained.question, task.history, task.split.test)
    happened = labels(task.question, task.history, task.split.test)
    customers = rows.key.customer.to_numpy()
    lines, estimates_of = [], {}
    for answer in (ours, *peers(task, rows)):
        estimates_of[answer.tool] = estimates = bootstrap(
            {"AUC": auc, "log loss": log_loss, "bias": bias}, customers, happened, answer.chance
        )
        gains = {
            m.__name__: paired_difference(m, customers, happened, ours.chance, answer.chance) for m in (auc, log_loss)
        }
        tool = f"**Patron** ({trained.champion})" if answer is ours else answer.tool
        beside = ["", ""] if answer is ours else [str(gains["auc"]), str(gains["log_loss"])]
        lines.append([tool, *map(str, estimates.values()), f"{answer.seconds:.1f}", *beside])
    columns = ["tool", "AUC", "log loss", "bias", "s", "AUC gained", "log loss gained"]
    return pd.DataFrame(lines, columns=columns), estimates_of[ours.tool]


def _stories(folder: Path) -> Iterator[tuple[str, dict[str, Estimate]]]:
    """Return name and figures of each data set with cutoffs."""
    settings = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    for task in (task for task in tasks(folder) if task.period is None):
        setting = settings[task.name]
        roles = {**ROLES, "margin": "margin"} if setting["value"] == "margin" else ROLES
        history = _history(folder / setting["events"], roles)
        yield task.name, figures(history, questions(setting), task.split)


def markdown(table: pd.DataFrame) -> str:
    """The table as Markdown."""
    lines = [table.columns, ["---"] * table.shape[1], *table.to_numpy()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def page(folder: Path) -> str:
    """The whole page as Markdown."""
    used = ", ".join(f"{name} {version(name)}" for name in ("patron", "lightgbm", "numpy", "pandas"))
    head = f"# Accuracy\n\n{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {used}.\n\n{CAPTION}"
    parts, estimates_of = [head], {}
    for task in tasks(folder):
        table, estimates_of[task.name] = judge_task(task)
        cutoff, horizon = task.split.test[0], task.question.horizon.days
        parts.append(f"## {task.name}\n\nCutoff {cutoff:%Y-%m-%d}, {horizon} days ahead.\n\n{markdown(table)}")
        if task.period is not None:
            table, gained, ours = worth_tables(task.period)
            parts.append(f"{markdown(table)}\n{markdown(gained)}")
            orders_bias = {"bias of orders": ours["bias"]}
            estimates_of[task.name] |= orders_bias | {name: value for name, value in ours.items() if name != "bias"}
        print(parts[-1], flush=True)
    parts.append(f"## Next purchase and tier\n\n{STORY_CAPTION}\n{markdown(story_table(_stories(folder)))}")
    parts.append(f"## Panels\n\n{PANELS_CAPTION}\n{markdown(panel_table(folder))}")
    parts.insert(1, f"## Bars\n\n{BARS_CAPTION}\n{markdown(bars(estimates_of))}")
    return "\n".join(parts)


if __name__ == "__main__":
    text = page(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
