"""The door: what the checks of order rows cost, in plain scans of the same file.

    python benchmarks/door.py --rows 1000000 10000000

A scan reads every column of the file with the engine, parses it to its type and looks at each value once. Each run is a
process of its own, scans and doors in turns; the median of the CPU seconds counts, as a shared machine delays all else.
The page docs/benchmarks-door.md is written anew by each run.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROUNDS = 5
BLOCK = 2_000_000
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-door.md"
KINDS = {1: "orders", 3: "lines, three an order"}
LARGE = 1_000_000  # beyond, orders alone
ROLES = {"customer": "customer", "at": "ordered_at", "order": "order_number", "amount": "amount"}


def generate(rows: int, path: Path, lines: int = 1, seed: int = 7) -> None:
    """Write orders of so many *lines* each, over three years, as Parquet and beside it as CSV."""
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    start = np.datetime64("2021-01-01", "us").astype(np.int64)
    writer = None
    for first in range(0, rows, BLOCK):
        n = min(BLOCK, rows - first)
        number = np.arange(first, first + n) // lines
        order = number - number[0]
        buyer = rng.integers(0, max(1, rows // 20), order[-1] + 1)[order]
        table = pa.table(
            {
                "customer": _texts("C", buyer, 8),
                "order_number": _texts("O-", number, 9),
                "ordered_at": pa.array(
                    start + number * lines * (3 * 365 * 86_400) // rows * 1_000_000, pa.timestamp("us")
                ),
                "amount": np.round(rng.lognormal(3, 1, n), 2),
                "category": pa.array(np.array([f"c{i:02d}" for i in range(20)])[rng.integers(0, 20, n)]),
                "channel": pa.array(np.array(["web", "app", "shop"])[rng.integers(0, 3, n)]),
                "country": pa.array(np.array(["FR", "DE", "IT", "ES"])[rng.integers(0, 4, n)]),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()
    duckdb.sql(f"COPY (FROM '{path}') TO '{path.with_suffix('.csv')}' (HEADER)")


def _texts(before: str, numbers: np.ndarray, width: int):
    import pyarrow as pa

    return pa.array(np.char.add(before, np.char.zfill(numbers.astype(str), width)))


def scan(path: Path) -> None:
    """Read all columns in one query: texts are hashed, times parsed, money turned exact and added up."""
    import duckdb

    texts = "".join(f", bit_xor(hash({c}))" for c in ("customer", "order_number", "category", "channel", "country"))
    duckdb.sql(f"SELECT max(ordered_at), sum(amount::DECIMAL(18, 4)){texts} FROM '{path}'").fetchall()


def door(path: Path) -> None:
    """Declare the table and open its history: all that runs before the first feature."""
    import patron as pt

    pt.History.of(orders=pt.events(path, **ROLES))


WAYS = {"scan": scan, "door": door}


def run(way: str, path: Path) -> None:
    """Run one way on one file, after a first small query that loads what it needs, and write what it cost."""
    WAYS[way](path.with_name(f"small{path.suffix}"))
    began, worked = time.perf_counter(), time.process_time()
    WAYS[way](path)
    cost = {"cpu": time.process_time() - worked, "wall": time.perf_counter() - began}
    cost["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(json.dumps(cost))


def apart(work: Callable[..., None], *given: object) -> None:
    """Work in a process of its own: one that is started by a large process counts its memory as its own peak."""
    process = get_context("spawn").Process(target=work, args=given)
    process.start()
    process.join()


def in_turns(path: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Measure both ways in turns; the median of each figure."""
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, costs in runs.items():
            command = [sys.executable, __file__, "--way", way, "--path", str(path)]
            costs.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    return {way: {f: statistics.median(cost[f] for cost in costs) for f in costs[0]} for way, costs in runs.items()}


def row(rows: int, kind: str, medians: dict[str, dict[str, float]]) -> str:
    """Return one line of the page."""
    scanned, checked = medians["scan"], medians["door"]
    figures = f"{scanned['cpu']:.2f} | {checked['cpu']:.2f} | {checked['cpu'] / scanned['cpu']:.1f}"
    memory = f"{scanned['peak']:.2f} | {checked['peak']:.2f}"
    return f"| {rows:,} | {kind} | {figures} | {scanned['wall']:.2f} | {checked['wall']:.2f} | {memory} |\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--way")
    parser.add_argument("--path", type=Path)
    given = parser.parse_args()
    if given.way:
        run(given.way, given.path)
        return
    page = (
        "# The door: what its checks cost\n\nWritten by `make bench-door`. A scan reads all columns of the same file "
        "in one query of the engine, parsed to their types. Medians of CPU seconds of processes in turns; wall times "
        "drift on a shared machine. The checks of lines add them up to orders, too.\n\n| rows | file | scan, CPU s | "
        "door, CPU s | scans | scan, wall s | door, wall s | scan, peak GB | door, peak GB |\n" + "|---" * 9 + "|\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        apart(generate, 1000, Path(folder) / "small.parquet")
        for rows in given.rows:
            for lines, name in KINDS.items() if rows <= LARGE else [(1, KINDS[1])]:
                path = Path(folder) / "rows.parquet"
                apart(generate, rows, path, lines)
                for file in (path, path.with_suffix(".csv")):
                    kind = f"{'CSV' if file.suffix == '.csv' else 'Parquet'}, {name}"
                    page += row(rows, kind, in_turns(file, given.rounds))
                    sys.stdout.write(page.splitlines()[-1] + "\n")
                    sys.stdout.flush()
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
