"""Kills: nights and promotions that are killed at random moments, run again, and compared with undisturbed ones.

    make bench-kills KILLS="70 30"

A process that has all libraries loaded forks one child for each night (score, explain, decide; parts of some hundred
rows) and kills it with SIGKILL after a random time; the night is then run again. What it leaves must be, to the last
byte, what an undisturbed night leaves, with nothing beside it: no staging of others, no temporary file, no journal
beside the registry. A promotion moves the champions of three questions; whenever it is killed, all of them must be of
one training.
"""

import argparse
import hashlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from patron import jobs
from patron.registry import Registry
from patron.settings import Settings, load

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS = 2_000
SETTINGS = """
name = "shop"
[tables.orders]
path = "orders.parquet"
[questions]
churn = { horizon = 60 }
next_purchase = { horizon = 60, within = [30] }
tier = { horizon = 60 }
[costs]
margin_rate = 0.4
[cutoffs]
train = "2023-07-01"
valid = "2023-09-01"
test = "2023-11-01"
[decisions]
budget = 400
[offers.call]
contact_cost = 1.0
effect = 0.5
"""
COMPARED = ("scores.parquet/**/part-*", "drivers.parquet", "decisions.parquet", "decisions.csv", "migration.csv")


def main() -> None:
    """Print how the nights and the promotions ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", nargs=2, type=int, default=(70, 30))
    nights, promotions = parser.parse_args().kills
    importlib.import_module("mlflow.pyfunc")
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "shop"
        folder.mkdir()
        os.environ["TMPDIR"] = str(folder.parent / "tmp")
        (folder.parent / "tmp").mkdir()
        tempfile.tempdir = None
        _orders().to_parquet(folder / "orders.parquet", index=False)
        (folder / "shop.toml").write_text(SETTINGS)
        for _ in range(2):
            _child(lambda: jobs.train(jobs.job_of(load(folder / "shop.toml"), datetime.now(UTC))))
        print(_promotions(folder, promotions), flush=True)
        print(_nights(folder, nights), flush=True)


def _orders() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    lines = [("c0000", datetime(2023, 12, 30, 12), 9.0)]
    for number in range(CUSTOMERS):
        at, gap = datetime(2023, 1, 1) + timedelta(days=int(rng.integers(0, 60))), rng.gamma(2, 12)
        while at < datetime(2023, 12, 31):
            lines.append((f"c{number:04d}", at, round(float(rng.gamma(2, 15)), 2)))
            at += timedelta(days=1 + float(rng.exponential(gap)))
            if rng.random() < 0.06:
                break
    return pd.DataFrame(lines, columns=["customer", "at", "amount"])


def _night(settings: Settings) -> None:
    jobs.event_answers.PART_ROWS = 700
    with jobs.alone(settings.out):
        job = jobs.job_of(settings, NOW)
        for verb in (jobs.score, jobs.explain, jobs.decide):
            verb(job)


def _child(work: Callable[[], object], seconds: float | None = None, ready: bool = False) -> float:
    """Run work in a process of its own, killed after some seconds; return how long it took, below zero if killed."""
    reader, writer = os.pipe()
    begun, number = time.perf_counter(), os.fork()
    if number == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            work_of = (lambda: work(lambda: os.write(writer, b"."))) if ready else work
            work_of()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if ready:
        os.read(reader, 1)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(number, signal.SIGKILL)
    _, status = os.waitpid(number, 0)
    os.close(reader), os.close(writer)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        raise SystemExit("a child failed")
    took = time.perf_counter() - begun
    return -took if os.WIFSIGNALED(status) else took


def _left(settings: Settings) -> dict[str, str]:
    """Return the hashes of what a night leaves."""
    files = sorted(path for pattern in COMPARED for path in settings.out.glob(pattern))
    return {f"{path.relative_to(settings.out)}": hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _litter(folder: Path, settings: Settings) -> list[str]:
    """Return what nobody should find after a night."""
    hidden = settings.out / ".scores"
    stagings = sorted(path.name for path in hidden.glob("*"))
    unfinished = [path.name for path in settings.out.rglob("*.part")]
    journals = [path.name for path in (folder / "mlruns").glob("*-journal")]
    return [*stagings[1:], *unfinished, *journals, *(path.name for path in (folder.parent / "tmp").glob("*"))]


def _nights(folder: Path, kills: int) -> str:
    plain = load(folder / "shop.toml")
    other = replace(plain, value=31.0)  # another run, of which the scores are replaced
    took = _child(lambda: _night(plain))
    expected, rng = _left(plain), np.random.default_rng(1)
    ends: Counter[str] = Counter()
    for _ in range(kills):
        shutil.rmtree(plain.out)
        if rng.random() < 0.5:
            _child(lambda: _night(other))
        killed = _child(lambda: _night(plain), rng.uniform(0, took)) < 0
        journal = next((plain.out / ".scores").glob("*/scores.jsonl"), None)
        parts = len(journal.read_text().splitlines()) - 1 if journal else 0
        _child(lambda: _night(plain))
        same, litter = _left(plain) == expected, _litter(folder, plain)
        ends["killed" if killed else "ended before"] += 1
        ends["with finished parts"] += killed and parts > 0
        ends["other bytes"] += not same
        ends["litter"] += bool(litter)
        if litter or not same:
            print("left behind:", litter, "the same bytes:", same, flush=True)
        if sys.stderr.isatty() or not (ends["killed"] + ends["ended before"]) % 10:
            print(dict(ends), file=sys.stderr, flush=True)
    return f"{kills} nights of {took:.1f} s: {dict(ends)}"


def _promotions(folder: Path, kills: int) -> str:
    registry, names = Registry.at(folder), [f"shop-{name}" for name in ("churn", "next_purchase", "tier")]

    def promote(version: str) -> Callable[[Callable[[], object]], None]:
        def work(ready: Callable[[], object]) -> None:
            registry.champions(names)
            ready()
            registry.promote_together([(name, version, "by hand") for name in names], datetime.now(UTC))

        return work

    ends: Counter[str] = Counter()
    rng = np.random.default_rng(2)
    times = [_timed(promote(version)) for version in ("1", "2", "1", "2")]
    for number in range(kills):
        version = "12"[number % 2]
        _child(promote(version), rng.uniform(0, np.median(times)), ready=True)
        standing = _standing(registry, names)
        ends["of one training"] += len(set(standing)) == 1
        ends["moved"] += set(standing) == {version}
        _child(promote(version), ready=True)
        ends["moved when run again"] += set(_standing(registry, names)) == {version}
        ends["litter"] += bool(list((folder / "mlruns").glob("*-journal")))
    return f"{kills} promotions of {np.median(times):.3f} s: {dict(ends)}"


def _timed(work: Callable[[Callable[[], object]], None]) -> float:
    """Return how long a promotion takes from the moment that it begins."""
    reader, writer = os.pipe()

    def measured() -> None:
        begun: list[float] = []
        work(lambda: begun.append(time.perf_counter()))
        os.write(writer, f"{time.perf_counter() - begun[0]:.6f}\n".encode())

    _child(measured)
    return float(os.read(reader, 20))


def _standing(registry: Registry, names: list[str]) -> list[str]:
    """Return the versions that score, read in a process of its own."""
    reader, writer = os.pipe()
    _child(lambda: os.write(writer, ",".join(c.version for c in registry.champions(names)).encode()))
    return os.read(reader, 100).decode().split(",")


if __name__ == "__main__":
    main()
