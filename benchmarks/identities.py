"""Measure identification on simulated noisy people: two censuses of one town, ten years apart, with the true persons.

Run: python benchmarks/identities.py PEOPLE [SEED], where PEOPLE is a Python that has pseudopeople (pyproject, people).
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from patron.history.identities.identifying import identify
from patron.history.identities.matching import Matching
from patron.history.sources import events

YEARS = (2020, 2030)
SIMULATE = """
import sys, pseudopeople
for year in (2020, 2030):
    frame = pseudopeople.generate_decennial_census(seed=int(sys.argv[1]), year=year)
    frame.astype("string").to_parquet(f"{sys.argv[2]}/{year}.parquet")
"""
CASES = {
    "name, date of birth, address": ("born", "address"),
    "name, date of birth": ("born",),
    "name, address": ("address",),
}
COLUMNS = {"born": "date_of_birth", "address": ["address"]}


def simulated(people: str, seed: int) -> dict[int, pd.DataFrame]:
    """Simulate the censuses in the environment that has the library, each row with a key of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([people, "-c", SIMULATE, str(seed), folder], check=True, capture_output=True)
        frames = {year: pd.read_parquet(Path(folder) / f"{year}.parquet") for year in YEARS}
    for year, frame in frames.items():
        frame["customer"] = [f"{year}-{i}" for i in range(len(frame))]
        frame["at"] = f"{year}-04-01"
        parts = frame[["street_number", "street_name", "unit_number"]].fillna("")
        frame["address"] = parts.agg(" ".join, axis=1).str.strip()
    return frames


def measured(frames: dict[int, pd.DataFrame], case: str, threshold: float) -> dict[str, object]:
    """Identify the people of all censuses, and count the pairs of rows of one person."""
    began = perf_counter()
    columns = {"first_name": "first_name", "last_name": "last_name", **{kind: COLUMNS[kind] for kind in CASES[case]}}
    tables = {f"census {year}": events(frame.drop(columns="simulant_id")) for year, frame in frames.items()}
    result = identify(tables, Matching(dict.fromkeys(tables, columns), threshold=threshold), b"of the benchmark")
    keys = pd.concat([frame[["customer", "simulant_id"]] for frame in frames.values()])
    given = keys.customer.map(result.table.set_index("key").customer).fillna(keys.customer)
    both = _pairs(keys.assign(given=given), ["given", "simulant_id"])
    figures = {
        "precision": both / _pairs(keys.assign(given=given), ["given"]),
        "recall": both / _pairs(keys, ["simulant_id"]),
    }
    return {"columns": case, "threshold": threshold, **figures, "seconds": perf_counter() - began}


def _pairs(keys: pd.DataFrame, by: list[str]) -> int:
    counts = keys.groupby(by).size().to_numpy()
    return int(np.sum(counts * (counts - 1) // 2))


if __name__ == "__main__":
    frames = simulated(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(f"{sum(map(len, frames.values())):,} rows of {len(set(pd.concat(frames.values()).simulant_id)):,} persons\n")
    print("| columns | threshold | precision | recall | seconds |\n|---|---|---|---|---|")
    for case in CASES:
        for threshold in (0.8, 0.95, 0.99):
            line = measured(frames, case, threshold)
            print(
                f"| {case} | {threshold} | {line['precision']:.4f} | {line['recall']:.4f} | {line['seconds']:.0f} |",
                flush=True,
            )
