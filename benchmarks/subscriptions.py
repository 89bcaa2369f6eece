"""Simulated subscriptions, several seeds: how near the chances are to the truth, and how often revenue at risk holds.

Usage: python benchmarks/subscriptions.py [seed ...]
"""

import sys
from collections.abc import Callable
from datetime import datetime

import numpy as np
import pandas as pd

import patron as pt
from patron import metrics
from patron.datasets.subscribers import Subscribers, subscribers
from patron.models.training import Trained
from patron.periods import Split, cutoffs
from patron.portfolio.contract_book import ContractBook
from patron.portfolio.renewals import mrr_at_risk
from patron.questions.matrices import Matrix

CUSTOMERS, HORIZON, TENTHS = 8000, 90, 10
SPLIT = Split.of(
    cutoffs("2021-06-01", "2022-12-01", "3 months"), valid=["2023-03-02"], test=["2023-06-01", "2023-09-01"]
)
HEAD = "seed champion         C-index true        foreseeable farthest tenth  months whose revenue lies in its interval"


def main(seeds: list[int]) -> None:
    """Print a line for each seed."""
    print(HEAD)
    for seed in seeds:
        world = subscribers(CUSTOMERS, seed)
        history = world.history
        trained = pt.train(pt.cancellation(horizon=HORIZON), history, SPLIT)
        rows = pt.matrix(trained.question, history, SPLIT.test)
        label = pt.answers(trained.question, history, SPLIT.test, rows=rows)
        print(f"{seed:4} {trained.champion:<16} {_figures(world, trained, rows, label)}", flush=True)


def _figures(world: Subscribers, trained: Trained, rows: Matrix, label: np.ndarray) -> str:
    left = ~np.isnan(label)
    seen = np.where(left, label, float(HORIZON))
    true, foreseeable = (_by_cutoff(rows.key, ask) for ask in (world.chance, world.foreseeable))
    answers = trained.model.predict(rows.X)
    chance = answers.cancellation_probability.to_numpy()
    own, best, known = (float(metrics.concordance(seen, left, -guess)) for guess in (chance, true, foreseeable))
    parts = np.array_split(np.argsort(chance, kind="stable"), TENTHS)
    off = max(abs(chance[part].mean() - foreseeable[part].mean()) for part in parts)
    held = [inside for cutoff in SPLIT.test for inside in _held(rows, answers, seen, left, pd.Timestamp(cutoff))]
    return f"{own:.4f} {best:.4f}       {known:.4f}      {100 * off:.1f} points  {sum(held)} of {len(held)}"


def _by_cutoff(key: pd.DataFrame, ask: Callable[[pd.Series, datetime, int], np.ndarray]) -> np.ndarray:
    """Return the truth about each row."""
    result = np.empty(len(key))
    for cutoff, group in key.groupby("cutoff").customer:
        result[group.index] = ask(group, cutoff.to_pydatetime(), HORIZON)
    return result


def _held(rows: Matrix, answers: pd.DataFrame, seen: np.ndarray, left: np.ndarray, cutoff: pd.Timestamp) -> list[bool]:
    """Return whether the revenue that ended in each month of a cutoff lies in the interval that was told."""
    here = (rows.key.cutoff == cutoff).to_numpy()
    known = rows.X[here].reset_index(drop=True)
    scores = pd.concat([rows.key, answers], axis=1)[here].reset_index(drop=True)
    book = ContractBook.of(scores, known, HORIZON)
    months = mrr_at_risk(book)
    edges = [(day - cutoff) / pd.Timedelta(days=1) for day in (cutoff, *months.end)]
    month = np.digitize(seen[here], edges) - 1
    ended = np.bincount(month[left[here]], book.price[left[here]], minlength=len(months))[: len(months)]
    return list((months.low <= ended) & (ended <= months.high))


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [1, 2, 3])
