"""Differences: in what the tables of today differ from those that models were trained on.

A share is compared with the highest of the training's year, by the lower bound of its interval: neither few rows nor a
season is a break.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from scipy.stats import chi2

from patron.history.history import History
from patron.history.profiles import ALL, FEWEST_ROWS, WINDOWS, YEAR, days_old, profile
from patron.history.tolerance import Tolerance
from patron.metrics.shares import share_interval
from patron.models.serving import Bundle
from patron.scoring.breaks import HARD, SOFT, Break, tolerated

__all__ = ["age_breaks", "breaks_of", "data_breaks"]

Z, TAIL = 4.0, 1e-4  # of intervals: hundreds of shares are compared in every night
WORDS = {
    "unknown": "unknown",
    "low": "below what 5% were",
    "high": "above what 5% were",
    "new": "of kinds that were none",
}
CHECKS = {"unknown": "unknown", "low": "range", "high": "range", "new": "kinds"}
EXCESS = {"unknown": (0.1, 0.5), "range": (0.25, 0.75), "kinds": (0.2, 0.5), "set_aside": (0.05, 0.5)}  # soft, hard
REPEATED = (1.5, 1.9)  # times the rows for each order: soft, hard
FEWER, LOST, MORE = (0.6, 0.25), (0.95, 0.5), (1.1, 1.9)  # shares of the rows that there should be: soft, hard
QUIET, EXPECTED = (1.5, 3.0), (10, 30)  # times the longest silence, and rows that should have come in it
DAYS_QUIET = (2, 7)
FEWER_MET = 0.1
AGED = 2.0


def breaks_of(
    models: Iterable[Bundle], history: History, cutoff: datetime, now: datetime, tolerance: Tolerance
) -> list[Break]:
    """Return in what the tables differ from those that some models were trained on, the hard ones first.

    Args:
        models: trained models; those of one training carry one profile, those of an earlier release none.
        history: the checked event tables of today.
        cutoff: at which is scored.
        now: the time of the run.
        tolerance: as in `data_breaks`.
    """
    carried = [model.spec["trained_on"] for model in models if "trained_on" in model.spec]
    breaks: list[Break] = []
    for training in (carried[i] for i in range(len(carried)) if carried[i] not in carried[:i]):
        today = profile(history, cutoff=cutoff, training=training)
        breaks += data_breaks(training, today, tolerance, days_old(history.ends, now))
    return tolerated(breaks, tolerance)


def age_breaks(models: Iterable[Bundle], ends: datetime, now: datetime, tolerance: Tolerance) -> list[Break]:
    """Return in what tables that end at some time are too old by now, held against the training of some models."""
    ages = {model.spec["trained_on"].get("age") for model in models if "trained_on" in model.spec}
    breaks = [known for age in ages for known in _of_age(age, days_old(ends, now), tolerance)]
    return tolerated(breaks, tolerance)


def data_breaks(
    training: Mapping[str, Any], now: Mapping[str, Any], tolerance: Tolerance, age: float | None = None
) -> list[Break]:
    """Return in what the tables differ from those of a training, the hard ones first.

    Args:
        training: the profile that the model carries, with the `age` of the newest event in days.
        now: that of today's tables, of the same features.
        tolerance: which differences refuse, are told or do not matter.
        age: days since the newest event; None where nobody knows the time.
    """
    breaks = [*_of_tables(training, now), *_of_age(training.get("age"), age, tolerance)]
    return tolerated(breaks, tolerance)


def _of_tables(training: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Break]:
    goes_on = now["ends"] >= training["ends"]
    for name, then in training["tables"].items():
        here = now["tables"].get(name)
        if here is None:
            yield Break(name, "", "columns", "there", "the table is gone", HARD)
            continue
        for column, known in then.get("columns", {}).items():
            yield from _of_column(name, column, known, here.get("columns", {}).get(column))
        if goes_on:
            yield from _lost(name, then, here)
            yield from _repeated(name, then.get("read_for_each", 0.0), here.get("read_for_each", 0.0))
        if then.get("days") and here.get("days"):
            yield from _fewer(name, np.asarray(then["days"]), np.asarray(here["days"]))
            yield from _stale(name, np.asarray(then["days"]), np.asarray(here["days"]))
        yield from _apart(name, then["met"], here["met"])
        yield from _aside(name, then, here)


def _of_column(table: str, column: str, then: Mapping[str, Any], now: Mapping[str, Any] | None) -> Iterator[Break]:
    if now is None:
        yield Break(table, column, "columns", f"a {then['type']}", "the column is gone", HARD)
    elif now["type"] != then["type"] and not _is_empty(now):
        yield Break(table, column, "types", f"a {then['type']}", f"a {now['type']}", HARD)
    else:
        for sign, windows in then["signs"].items():
            seen = [_excess(table, column, sign, window, windows, now["signs"].get(sign, {})) for window in windows]
            yield from sorted((b for b in seen if b), key=lambda b: b.level)[:1]


def _is_empty(column: Mapping[str, Any]) -> bool:
    """Check whether nothing is known of a column, which then has no type of its own."""
    return any(rows == signs > 0 for rows, signs, _ in list(column["signs"]["unknown"].values())[-1:])


def _excess(
    table: str, column: str, sign: str, window: str, then: Mapping[str, Any], now: Mapping[str, Any]
) -> Break | None:
    """Compare the share of a sign in the last window with the highest of the training's year."""
    rows, signs, _ = now.get(window, (0, 0, 0.0))
    if rows < FEWEST_ROWS:
        return None
    check, most = CHECKS[sign], then[window][2]
    level = _level(signs, rows, EXCESS[check], most)
    where = f"{rows:,} rows" if window == f"{ALL}" else f"the {rows:,} rows of {_days(int(window))}"
    seen = f"{signs / rows:.0%} of {where} are {WORDS[sign]}"
    return Break(table, column, check, f"at most {most:.1%}", seen, level) if level else None


def _level(signs: int, rows: int, limits: tuple[float, float], most: float) -> str:
    """Return how hard a share breaks that surely exceeds the highest: by these limits, or by a part of what is left."""
    soft, hard = min(limits[0], 2 * limits[0] * (1 - most)), min(limits[1], 0.8 * (1 - most))
    if _lowest(signs, rows) - most <= soft:
        return ""
    return HARD if signs / rows - most > hard else SOFT


def _lost(table: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Break]:
    """Compare the rows of the time before the end of the training, which should be the same ones."""
    rows = then.get("rows", 0)
    here = now.get("past", now.get("rows", 0))
    if rows < FEWEST_ROWS:
        return
    ratio = here / rows
    hard = ratio < LOST[1] or ("past" in now and ratio > MORE[1])
    if hard or ratio < LOST[0] or ("past" in now and ratio > MORE[0]):
        seen = f"{here:,} rows{' of the time up to the training' if 'past' in now else ''}"
        yield Break(table, "", "rows", f"{rows:,}", seen, HARD if hard else SOFT)


def _repeated(table: str, then: float, now: float) -> Iterator[Break]:
    """Compare how many rows were read for each order, which double where a table is loaded twice."""
    if then and now > REPEATED[0] * then:
        level = HARD if now > REPEATED[1] * then else SOFT
        yield Break(table, "", "rows", f"{then:.1f} rows for each", f"{now:.1f} rows were read for each order", level)


def _fewer(table: str, then: np.ndarray, now: np.ndarray) -> Iterator[Break]:
    """Compare the rows of the last days with the fewest of as many days in the training's year."""
    for window in WINDOWS[:0:-1]:
        if min(len(then), len(now)) < window:
            continue
        least, rows = int(np.convolve(then, np.ones(window), "valid").min()), int(now[-window:].sum())
        most_likely = chi2.ppf(1 - TAIL, 2 * (rows + 1)) / 2
        if most_likely < FEWER[0] * least:
            hard = most_likely < FEWER[1] * least and len(then) >= YEAR  # of less than a year nobody knows the seasons
            seen = f"{rows:,} rows in {_days(window)}"
            yield Break(table, "", "rows", f"at least {least:,}", seen, HARD if hard else SOFT)
            return


def _stale(table: str, then: np.ndarray, now: np.ndarray) -> Iterator[Break]:
    """Compare the days without rows at the end with the longest silence in the training's year."""
    lag, longest = _silence(now), _longest(then)
    expected = then.mean() * lag
    for level, times, days, rows in reversed(list(zip((SOFT, HARD), QUIET, DAYS_QUIET, EXPECTED, strict=True))):
        if lag > times * longest + days and expected > rows:
            yield Break(table, "", "stale", f"never more than {longest} days", f"no row for {lag} days", level)
            return


def _silence(days: np.ndarray) -> int:
    """Return how many days at the end have no row."""
    busy = np.flatnonzero(days)
    return int(len(days) - 1 - busy[-1]) if len(busy) else len(days)


def _longest(days: np.ndarray) -> int:
    """Return the most days in a row without a row, those at the end included."""
    busy = np.concatenate([[-1], np.flatnonzero(days), [len(days)]])
    return int(np.diff(busy).max() - 1)


def _apart(table: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Break]:
    """Compare how many keys meet."""
    for other in then.keys() & now.keys():
        (known, met), (recent, meets) = then[other], now[other]
        if min(known, recent) < FEWEST_ROWS or not met:
            continue
        share, most = met / known, 1.0 - _lowest(recent - meets, recent)
        if most < share - FEWER_MET * min(1.0, 2 * share):
            level = HARD if most < share / 2 else SOFT
            yield Break(table, "", "keys", f"{share:.0%} met {other}", f"{meets:,} of {recent:,} do", level)


def _aside(table: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Break]:
    """Compare by reason the rows that cannot be used, of those that came since, or of all where few came."""
    came = now.get("read", 0) - then.get("read", 0)
    for why, count in now.get("set_aside", {}).items():
        before = then.get("set_aside", {}).get(why, 0)
        new = came >= FEWEST_ROWS and count >= before
        rows, signs = (came, min(count - before, came)) if new else (now["read"], count)
        share = before / max(then.get("read", 0), 1)
        if rows >= FEWEST_ROWS and (level := _level(signs, rows, EXCESS["set_aside"], share)):
            seen = f"{signs / rows:.0%} of {rows:,}{' new' if new else ''} rows have {why}"
            yield Break(table, "", "set_aside", f"{share:.1%}", seen, level)


def _of_age(then: float | None, now: float | None, tolerance: Tolerance) -> Iterator[Break]:
    """Compare how old the newest event is."""
    if now is None:
        return
    if tolerance.freshness is not None:
        if now > tolerance.freshness:
            limit = f"and [contract] freshness is {tolerance.freshness:g}"
            yield Break("all tables", "", "stale", limit, f"the newest event is {now:.1f} days old", HARD)
    elif then is not None and now > AGED * max(then, 0.0) + DAYS_QUIET[1]:
        seen = f"the newest event is {now:.0f} days old"
        yield Break("all tables", "", "stale", f"{max(then, 0.0):.0f} days", seen, SOFT)


def _lowest(signs: int, rows: int) -> float:
    """Return the lower end of the interval of a share."""
    return float(share_interval(signs, rows, Z)[0])


def _days(window: int) -> str:
    return "the last day" if window == 1 else f"the last {window} days"
