"""Drift: how often it cries wolf about a simulated shop that stays as it is, and which changes it names rightly.

    python benchmarks/drift.py [RUNS [RUNS_OF_EACH_KIND [FIRST_SEED]]]

A model is trained on a shop that does not change, and one on a shop with a season; then shops with other customers are
scored and judged, as `patron drift` would.
"""

import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from patron.datasets.changing_shop import CHANGES, END, HORIZON, LAST_RUN, changing_shop
from patron.evaluation.backtests import judge
from patron.evaluation.realised import realised_figures
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.profiles import profile
from patron.history.sources import events
from patron.history.tolerance import Tolerance
from patron.metrics import Estimate
from patron.models.serving import Bundle
from patron.models.training import train
from patron.periods import Split
from patron.questions.kinds import churn
from patron.questions.matrices import labels, matrix
from patron.questions.question import Question
from patron.scoring.differences import breaks_of
from patron.scoring.drift_kinds import HALF, LAST, REFERENCE, YEAR, Verdict, drifts_of, flagged, verdict
from patron.scoring.model import score

SPLIT = Split.of(train=["2022-03-01", "2022-06-01", "2022-09-01"], valid=["2023-03-01"], test=["2023-07-01"])
TRAINED = SPLIT.test[0] + timedelta(days=HORIZON)
PASSED = END - timedelta(days=61)
ROWS = {REFERENCE: SPLIT.test[0], LAST: LAST_RUN, YEAR: END - timedelta(days=365), HALF: END - timedelta(days=182)}
Known = tuple[Question, Bundle, dict[str, Estimate]]


def shop(change: str, seed: int) -> History:
    """Return a shop as a checked history."""
    orders: Events = events(changing_shop(change, seed=seed), customer="customer", at="at", amount="amount")
    return History.of(orders=orders)


def trained(change: str) -> Known:
    """Return the question, the champion and its card."""
    history = shop(change, 1_000_000)
    learned = train(churn(HORIZON, active_in=180), history, SPLIT)
    rows = matrix(learned.question, history, SPLIT.test)
    card = judge(learned, rows, labels(learned.question, history, SPLIT.test, rows=rows))
    return learned.question, learned.model, dict(card.measured[card.champion])


def carrying(model: Bundle, history: History) -> Bundle:
    """Return the model with what the tables of this shop looked like when it was trained."""
    tables = profile(history, model.spec["features"], cutoff=TRAINED) | {"age": 0.0}
    return replace(model, spec=model.spec | {"trained_on": tables})


def judged(change: str, known: Known, seed: int) -> Verdict:
    """Return what the drift of a shop is taken for."""
    (question, model, card), history = known, shop(change, seed)
    breaks = breaks_of([carrying(model, history)], history, END, END, Tolerance())
    cutoffs = sorted({END, PASSED, *ROWS.values()})
    everything = matrix(question, history, cutoffs)
    at = {cutoff: everything.take(everything.at(cutoff)) for cutoff in cutoffs}
    today, rows = at[END], {name: at[cutoff] for name, cutoff in ROWS.items()}
    label = labels(question, history, [PASSED], rows=matrix(question, history, [PASSED]))
    figures = realised_figures(model, score(model, at[PASSED]), label, PASSED, card, seed)
    drifts, figures = flagged(drifts_of(model, today, rows, seed), figures)
    if "-v" in sys.argv:
        for d in [d for d in drifts if d.beyond][:8]:
            print("   ", d.feature, d.beside, round(d.distance, 3), f"{d.p:.1e}", round(d.moved, 2))
        for f in figures:
            print("   ", f.figure, f.realised, f.expected, f.card, f"{f.p:.1e}", round(f.worse, 3), f.beyond)
    return verdict(model, today, rows, drifts, figures, breaks, seed)


def main(runs: int = 200, of_each: int = 50, first: int = 0) -> None:
    """Print how often each kind was named, of the shops of each kind."""
    steady, seasonal = trained("none"), trained("season")
    for change in CHANGES:
        begin, counts, times = time.perf_counter(), Counter[str](), runs if change == "none" else of_each
        for seed in range(first, first + times):
            named = judged(change, seasonal if change == "season" else steady, seed)
            counts[named.kind] += 1
            if named.kind != change:
                print(f"  {change} {seed}: {named.kind}: {'; '.join(named.why)[:160]}", flush=True)
        seconds = (time.perf_counter() - begin) / max(times, 1)
        right = counts[change] / max(times, 1)
        print(f"{change}: {dict(counts)}, {right:.1%} right, {seconds:.2f} s each", flush=True)


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:] if text != "-v"))
