"""Cutoffs: a horizon from the usual gap between orders, and dates whose labels have passed, around holes in data."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from patron.features.rhythm import typical_gap
from patron.history.history import History

__all__ = ["Cutoffs", "cutoffs_of"]

HORIZONS = (365, 180, 90, 60, 30, 14, 7)
A_MONTH = 30.0  # contracts are paid by the month
TIMES = 3  # usual gaps that a horizon holds
TRAIN, LEAST = 3, 3
LEAST_PAST = 180  # days of the past before the first cutoff, where there are so many
LONG = 730  # from so many days on only customers of the last year are asked about


@dataclass(frozen=True)
class Cutoffs:
    """A horizon and the dates at which the past is asked, with why they were chosen.

    Args:
        horizon: days.
        train: the cutoffs to learn from.
        valid: the one to choose by.
        test: the one to judge by.
        active_in: days in which a customer must have ordered to be asked about; None for ever.
        why: in words.
        doubt: what is wrong with them, or nothing.
    """

    horizon: int
    train: tuple[datetime, ...]
    valid: datetime
    test: datetime
    active_in: int | None
    why: str
    doubt: str = ""


def cutoffs_of(history: History) -> Cutoffs:
    """Return a horizon and cutoffs that the orders of a history allow."""
    gap = typical_gap(history, history.ends) if "orders" in history.tables else A_MONTH
    wanted = next((days for days in reversed(HORIZONS) if days >= TIMES * gap), HORIZONS[0])
    span = (history.ends - _begun(history)).days
    possible = {days: dates for days in HORIZONS if days <= wanted and (dates := _dates(history, days))}
    roomy = (days for days, dates in possible.items() if len(dates) > LEAST and days >= wanted / 2)
    horizon = next(roomy, next(iter(possible), 0))
    if not horizon:
        return _too_short(history, span)
    chosen = _chosen(possible[horizon], horizon, gap, span)
    return chosen if "orders" in history.tables else replace(chosen, why=f"the contracts span {span:,} days")


def _begun(history: History) -> datetime:
    """Return the time of the first order; other events may be older."""
    orders = (receipt.first for receipt in history.receipts if receipt.table in ("orders", "lines") and receipt.first)
    return next(orders, history.starts)


def _dates(history: History, horizon: int) -> list[datetime]:
    """Return cutoffs a horizon apart, the last ones that are possible, or none where these are fewer than three."""
    step, first = timedelta(days=horizon), _begun(history)
    past = timedelta(days=min(LEAST_PAST, max(horizon, (history.ends - first).days // 3)))
    dates: list[datetime] = []
    cutoff = history.ends - step
    while cutoff - first >= past and len(dates) < TRAIN + 2:
        hole = next((h for h in history.holes if cutoff < h[1] and h[0] < cutoff + step), None)
        if hole is None:
            dates.append(cutoff)
            cutoff -= step
        else:
            cutoff = hole[0] - step
    return dates[::-1] if len(dates) >= LEAST else []


def _chosen(dates: list[datetime], horizon: int, gap: float, span: int) -> Cutoffs:
    *train, valid, test = dates
    why = f"the usual gap between two orders counts as {gap:.0f} days, and the orders span {span:,} days"
    if len(train) < TRAIN:
        why += f"; these leave room for {len(train)} cutoff{'s' * (len(train) > 1)} to learn from"
    return Cutoffs(horizon, tuple(train), valid, test, 365 if span > LONG else None, why)


def _too_short(history: History, span: int) -> Cutoffs:
    """Return cutoffs a day apart or more for a history that is too short to be learned from, and say so."""
    horizon = max(1, span // 5)
    dates = [history.ends - timedelta(days=k * horizon) for k in (3, 2, 1)]
    doubt = f"the orders span {span:,} days, too few to learn from: bring more, or read the answers as a trial"
    return Cutoffs(horizon, (dates[0],), dates[1], dates[2], None, f"the orders span {span:,} days", doubt)
