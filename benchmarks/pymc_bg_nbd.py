"""BG/NBD of pymc-marketing at its most likely parameters, in a Python of its own, whose path the variable PEERS gives.

Its dependencies and Patron's do not fit into one environment; histories go there and answers come back as CSV.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

PYTHON = os.environ.get("PEERS", sys.executable)
WEEK = 7.0  # the default priors suit rates a week better than rates a day
PATIENCE = 600


def bg_nbd(x: np.ndarray, last: np.ndarray, age: np.ndarray, days: int) -> pd.DataFrame:
    """Fit all customers; answer of each the chance of no purchase (`none`) and the expected number (`expected`).

    Args:
        x: repeat purchases, shape (n,).
        last: days from the first to the last purchase, shape (n,).
        age: days from the first purchase to the cutoff, shape (n,).
        days: how far ahead.
    """
    seen = pd.DataFrame({"customer_id": range(len(x)), "frequency": x, "recency": last / WEEK, "T": age / WEEK})
    with tempfile.TemporaryDirectory() as folder:
        read, write = Path(folder, "seen.csv"), Path(folder, "answers.csv")
        seen.to_csv(read, index=False)
        command = [PYTHON, __file__, str(read), str(write), str(days / WEEK)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if ran.returncode:
            raise RuntimeError(ran.stderr.strip().splitlines()[-1])
        return pd.read_csv(write)


def answer(read: str, write: str, weeks: float) -> None:
    """The same, where pymc-marketing is installed."""
    from pymc_marketing.clv import BetaGeoModel

    seen = pd.read_csv(read)
    model = BetaGeoModel(data=seen)
    model.fit(method="map")
    none = model.expected_probability_no_purchase(weeks, seen)
    answers = {"none": none, "expected": model.expected_purchases(seen, future_t=weeks)}
    pd.DataFrame({name: draws.mean(("chain", "draw")).to_series() for name, draws in answers.items()}).loc[
        seen.customer_id
    ].to_csv(write, index=False)


if __name__ == "__main__":
    answer(sys.argv[1], sys.argv[2], float(sys.argv[3]))
