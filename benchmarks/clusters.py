"""How far the effect of an offer that reaches friends is told, held out by customer and by clusters of ties.

Worlds of `patron.datasets.simulate` with `spillover`: an offer that does everybody good, to all who came, 30 % held
out by `pt.decide`. Chances belong to the customer, so that the same world with the offer to all and to nobody tells
what the campaign truly earns with each. Run: python benchmarks/clusters.py [SEEDS]
"""

import sys
import time
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

import patron as pt
from patron.datasets import simulate
from patron.datasets.simulated.offers import TrueOffer
from patron.decisions.outcomes.differences import difference

BEGIN, WEEKS, CUSTOMERS, HOLDOUT = datetime(2023, 7, 3), 8, 1500, 0.3
OFFER = TrueOffer("visit", "phone", "service", 1.0, keeps={"all": 0.5}, lifts={"all": 1.0})
WAYS = {"by customer": "", "by cluster": "ties"}


def world(seed: int, spillover: float) -> dict[str, tuple[float, float, float]]:
    """Return by way of holding out the true effect, its estimate and half the width of the interval."""
    before = simulate(CUSTOMERS, seed, BEGIN, campaigns=(), offers=(OFFER,), spread=0.0, spillover=spillover)
    customers = before.tables["customers"].customer
    ties = pt.events(before.tables["ties"], customer="customer", at="at", other="other")
    history = pt.History.of(orders=pt.events(before.tables["orders"], customer="customer", at="at"), ties=ties)
    tied = pt.tie_clusters(history, BEGIN)
    scores = pd.DataFrame({"customer": customers, "cutoff": BEGIN, "churn_probability": 0.5, "value": 60.0})
    end, past = BEGIN + timedelta(weeks=WEEKS), before.profit(BEGIN - timedelta(weeks=WEEKS)).profit

    def earned(decisions: pd.DataFrame | None) -> pd.Series:
        return before.act(decisions, end).profit(BEGIN).profit.reindex(customers).fillna(0.0)

    true = float((earned(pd.DataFrame({"customer": customers, "offer": "visit"})) - earned(None)).mean())
    result = {}
    for way, by in WAYS.items():
        plan = pt.decide(
            scores,
            [pt.Offer("visit", 1.0, effect=0.2)],
            budget=1e6,
            holdout=HOLDOUT,
            seed=seed,
            rules=pt.Rules(holdout_by=by),
            facts=tied,
        ).table
        after = earned(plan).reindex(plan.customer)
        known = past.reindex(plan.customer).fillna(0.0)
        effect = difference(after, plan.group == "treat", known, plan.cluster if by else None)
        result[way] = (true, effect.value, effect.interval().high - effect.value)
    return result


def main(seeds: int) -> None:
    """Print bias and coverage of each way, with spill-over by half and in full."""
    begin = time.process_time()
    for spillover in (0.5, 1.0):
        worlds = [world(seed, spillover) for seed in range(seeds)]
        for way in WAYS:
            true, value, half = np.array([each[way] for each in worlds]).T
            miss = value - true
            print(
                f"spillover {spillover}: {way:11} true {true.mean():.2f}; error {miss.mean():+.2f} +- "
                f"{1.96 * miss.std() / np.sqrt(seeds):.2f}; holds {(np.abs(miss) <= half).mean():.1%}; "
                f"width {2 * half.mean():.2f}",
                flush=True,
            )
    print(f"{seeds} worlds, {time.process_time() - begin:.0f} s of CPU")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
