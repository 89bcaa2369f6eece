"""How often the interval of an incremental effect holds the true effect, and how often peeking raises a false alarm.

Worlds of `patron.datasets.simulate`, one for each seed: an offer to everybody who ever came, some held out by lot. The
truth of each customer is known, so the mean of it is what the interval should hold. Peeking looks each week at profit
so far, where the offer does nothing. Run: python benchmarks/outcomes.py [SEEDS]
"""

import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from patron.datasets import simulate
from patron.decisions.outcomes.differences import Difference, difference

BEGIN, WEEKS, CUSTOMERS, HOLDOUT = datetime(2023, 7, 3), 8, 500, 0.3
OFFER = "tips"


def world(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return profit after and before the campaign and the true effect by customer, and who was to be treated."""
    end = BEGIN + timedelta(weeks=WEEKS)
    before = simulate(customers=CUSTOMERS, seed=seed, until=BEGIN, campaigns=(), spread=0.0)
    truth = before.truth(horizon=7 * WEEKS)
    truth = truth[truth.offer == OFFER].set_index("customer")
    past = before.profit(BEGIN - timedelta(weeks=WEEKS)).profit.reindex(truth.index)
    treated = np.random.default_rng(seed).random(len(truth)) >= HOLDOUT
    plan = pd.DataFrame({"customer": truth.index, "offer": OFFER, "group": np.where(treated, "treat", "control")})
    later = before.act(plan, end).profit(BEGIN).profit.reindex(truth.index)
    return pd.DataFrame({"after": later, "before": past.fillna(0.0), "effect": truth.profit_effect}), treated


def coverage(seeds: int) -> None:
    """Print how often intervals hold the truth, with the past and without, and how wide they are."""
    rows: dict[str, list[tuple[bool, float, float]]] = {"with CUPED": [], "without": []}
    for seed in range(seeds):
        frame, treated = world(seed)
        truth = frame.effect.mean()
        for name, known in (("with CUPED", frame.before), ("without", None)):
            interval = difference(frame.after, treated, known).interval()
            width = interval.high - interval.low
            rows[name].append((interval.low <= truth <= interval.high, width, interval.value - truth))
    for name, lines in rows.items():
        held, width, miss = np.array(lines, dtype=float).T
        error = miss.std() / np.sqrt(seeds)
        print(
            f"{name:11} holds {held.mean():.1%}; width {width.mean():.2f}; mean error {miss.mean():+.3f} +- {error:.3f}"
        )


def looks(seed: int) -> Iterator[Difference]:
    """Yield the difference of profit so far after each week, where nobody is treated and half are called so."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.3, 0.1, 600)
    weekly = (rng.random((WEEKS, 600)) < rate) * rng.lognormal(3.0, 0.6, (WEEKS, 600))
    before = ((rng.random((WEEKS, 600)) < rate) * rng.lognormal(3.0, 0.6, (WEEKS, 600))).sum(axis=0)
    treated = rng.random(600) < 0.5
    yield from (difference(weekly[: week + 1].sum(axis=0), treated, before) for week in range(WEEKS))


def peeking(seeds: int) -> None:
    """Print how often any of the weekly looks says that an offer without effect has one."""
    alarms = {"fixed interval": 0, "for any number of looks": 0}
    for seed in range(seeds):
        seen = list(looks(seed))
        alarms["fixed interval"] += any(abs(d.value) > d.value - d.interval().low for d in seen)
        alarms["for any number of looks"] += any(abs(d.value) > d.value - d.anytime().low for d in seen)
    for name, count in alarms.items():
        print(f"{name:24} {WEEKS} looks, false alarm in {count / seeds:.1%} of {seeds:,}")


def main(seeds: int) -> None:
    """Print coverage, then false alarms by peeking, and what they took."""
    begin = time.process_time()
    coverage(seeds)
    peeking(5 * seeds)
    print(f"{time.process_time() - begin:.0f} s of CPU")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
