"""The portfolio of many customers: time of the processor and memory of every part of it.

    python benchmarks/portfolio.py [CUSTOMERS]

Customers of a simulated shop come over three years, buy at their own pace and stop at some time; the portfolio of its
end is held against that of three months before.
"""

import cProfile
import pstats
import resource
import sys
import tempfile
import time
from datetime import datetime
from multiprocessing import Process
from pathlib import Path

import numpy as np
import pandas as pd

from patron.history.history import History
from patron.history.sources import events
from patron.portfolio import portfolio
from patron.questions.kinds import tier
from patron.questions.profit import CostModel

START, DAYS = datetime(2021, 1, 1), 1096
PARTS = (
    *("customers_at", "equity_of", "lifetime_value", "classified", "equity_by", "concentration_curve", "_tenure"),
    *("cash_of", "channels_of", "scorecard", "with_headroom", "with_style", "relational", "social"),
)


def write_orders(customers: int, path: Path) -> None:
    """Write orders as Parquet."""
    rng = np.random.default_rng(0)
    came = rng.uniform(0, DAYS, customers)
    stays = np.minimum(rng.exponential(250, customers), DAYS - came)
    count = 1 + rng.poisson(stays * rng.gamma(1.0, 1 / 70, customers))
    who = np.repeat(np.arange(customers), count)
    first = np.concatenate([[True], who[1:] != who[:-1]])
    at = came[who] + np.where(first, 0.0, rng.random(len(who)) * stays[who])
    mean = rng.lognormal(3.0, 0.6, customers)
    orders = pd.DataFrame(
        {
            "customer": pd.Series(who).map("c{:07d}".format),
            "at": (pd.Timestamp(START) + pd.to_timedelta(at, unit="D")).as_unit("us"),
            "amount": (mean[who] * rng.lognormal(0, 0.4, len(who))).round(2),
            "channel": np.array(["web", "store", "app"])[rng.integers(0, 3, len(who))],
        }
    )
    orders.to_parquet(path, index=False)


def main(customers: int) -> None:
    """Measure the portfolio of so many customers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        writer = Process(target=write_orders, args=(customers, path))  # whose memory does not count
        writer.start()
        writer.join()
        history = History.of(orders=events(path, customer="customer", at="at"))
        before, clock, profile = time.process_time(), time.perf_counter(), cProfile.Profile(time.process_time)
        question = tier(90, CostModel(margin_rate=0.4, cost_per_order=2.0))
        result = profile.runcall(portfolio, history, datetime(2024, 1, 1), question)
        spent, waited = time.process_time() - before, time.perf_counter() - clock
    count = f"{len(result.customers):,} customers, {result.customers.orders.sum():,.0f} orders"
    print(f"{count}: {spent:.1f} s of processor, {waited:.1f} s by the clock")
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")
    pstats.Stats(profile).sort_stats("cumtime").print_stats("|".join(f"\\({part}\\)" for part in PARTS))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
