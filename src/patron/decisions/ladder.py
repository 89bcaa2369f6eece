"""Strategy ladder: what ever finer strategies would gain, from treating nobody to the plan.

All rungs are reckoned by the same draws of the effects, so that the interval of a difference is that of the difference.
"""

from collections.abc import Callable, Iterator, Sequence
from statistics import NormalDist
from typing import NamedTuple, TypedDict

import numpy as np

from patron.decisions.gains import Gains

__all__ = ["Rung", "ladder"]

DRAWS = 995  # a tenth of them is the middle of a draw, so that one effect alone has its own bounds
LEVEL = 0.8
ROUNDING = 1e-9
Limits = tuple[np.ndarray, np.ndarray]


class Rung(TypedDict):
    """What one strategy would gain before anybody is held out, and how much more than the rung below it."""

    rung: str
    customers: int
    cost: float
    expected_gain: float
    gain_low: float
    gain_high: float
    more: float
    more_low: float
    more_high: float


class Pair(NamedTuple):
    """An offer to those of a segment who may get it, and what it is worth on average."""

    segment: int
    offer: int
    rows: np.ndarray
    mean: float


def ladder(gains: Gains, worth: np.ndarray, segment: np.ndarray, limits: Limits, picked: np.ndarray) -> list[Rung]:
    """Return the rungs: nobody, everybody, the best rule by segment, a cut by risk x value, and the plan.

    All keep to the same limits. Everybody: the one offer that brings most to all who may get it, by a draw where limits
    do not reach them. By segment: each gets one offer or none, the best segments first, and of the last some by a draw.
    The cut: one offer to those with the most at stake, as far as its mean effect pays.

    The bounds of all changes by an offer (`Gains.together`) are taken as the tenth and nine tenths of a normal law on
    each side; those of the rungs are the same tenths. Of bounds of another level, they are bounds of that level.

    Args:
        gains: what each offer is expected to earn with each customer, in the order of a draw.
        worth: what the plan maximises, -inf where a customer may not get the offer, shape (customers, offers).
        segment: the segment of each customer.
        limits: what one of each offer takes of each scarce thing, and how much there is of it.
        picked: the offer of each customer in the plan, or -1.
    """
    plans: dict[str, Callable[[], np.ndarray]] = {  # each is of all customers, so that it goes before the next comes
        "nobody": lambda: _nobody(len(worth)),
        "everybody": lambda: _everybody(worth, limits),
        "by segment": lambda: _by_segment(worth, segment, limits),
        "model cut": lambda: _cut(worth, gains, limits),
        "individual": lambda: picked,
    }
    drawn = _draws(worth.shape[1])
    below, rungs = np.zeros(DRAWS + 1), []
    for name, plan in plans.items():
        totals, customers, cost = _totals(gains, plan(), drawn)
        rungs.append(_rung(name, customers, cost, totals, totals - below))
        below = totals
    return rungs


def _rung(name: str, customers: int, cost: float, totals: np.ndarray, more: np.ndarray) -> Rung:
    """One rung; the first of the draws is that of the expected effects."""
    (gain_low, gain_high), (more_low, more_high) = (
        np.quantile(column[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="hazen").tolist()
        for column in (totals, more)
    )
    return {
        "rung": name,
        "customers": customers,
        "cost": cost,
        "expected_gain": float(totals[0]),
        "gain_low": gain_low,
        "gain_high": gain_high,
        "more": float(more[0]),
        "more_low": more_low,
        "more_high": more_high,
    }


def _draws(offers: int) -> np.ndarray:
    """How far the effect of each offer lies from the expected one, in bounds of it; none in the first row."""
    rng, edge = np.random.default_rng(0), NormalDist().inv_cdf((1 + LEVEL) / 2)
    even = np.array([NormalDist().inv_cdf((place + 0.5) / DRAWS) / edge for place in range(DRAWS)])
    return np.vstack([np.zeros(offers), np.column_stack([rng.permutation(even) for _ in range(offers)])])


def _totals(gains: Gains, plan: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, int, float]:
    """The gain of a plan at each draw, how many it treats, and what it costs."""
    rows = np.flatnonzero(plan >= 0)
    offers = plan[rows]
    count = np.bincount(offers, minlength=drawn.shape[1])
    (kept,), (below,), (above,) = gains.together(rows, offers, [len(rows)])
    cost, fatigue = float(count @ gains.cost), float(gains.fatigue[rows, offers].sum())
    moved = np.where(drawn > 0, drawn * above, drawn * below)
    return (kept + moved).sum(axis=1) - cost - fatigue, len(rows), cost


def _everybody(worth: np.ndarray, limits: Limits) -> np.ndarray:
    """The one offer that brings most, to all who may get it, or as many of them as limits reach."""
    may = [np.flatnonzero(np.isfinite(column))[: _reach(limits[0][j], limits[1])] for j, column in enumerate(worth.T)]
    return _best(worth, [_given(len(worth), j, rows) for j, rows in enumerate(may)])


def _by_segment(worth: np.ndarray, segment: np.ndarray, limits: Limits) -> np.ndarray:
    """One offer or none for each segment: those first that earn most for each unit of money, or for each contact."""
    members = [(int(name), np.flatnonzero(segment == name)) for name in np.unique(segment)]
    pairs = [
        Pair(name, j, rows, float(worth[rows, j].mean()))
        for name, those in members
        for j in range(worth.shape[1])
        if len(rows := those[np.isfinite(worth[those, j])])
    ]
    paying = sorted((pair for pair in pairs if pair.mean > 0), key=lambda pair: -pair.mean)
    by_money = sorted(paying, key=lambda pair: -pair.mean / max(limits[0][pair.offer, 0], ROUNDING))
    return _best(worth, [_filled(len(worth), order, limits) for order in (by_money, paying)])


def _filled(size: int, order: Sequence[Pair], limits: Limits) -> np.ndarray:
    """Give offers to segments in an order while limits last, each segment once."""
    (use, left), plan, done = limits, _nobody(size), set()
    for pair in order:
        count = min(len(pair.rows), _reach(use[pair.offer], left))
        if pair.segment not in done and count:
            done.add(pair.segment)
            plan[pair.rows[:count]] = pair.offer
            left = left - count * use[pair.offer]
    return plan


def _cut(worth: np.ndarray, gains: Gains, limits: Limits) -> np.ndarray:
    """One offer to those with the most at stake, as far as limits reach and the mean effect of the offer pays."""
    return _best(worth, list(_cuts(worth, gains, limits)))


def _cuts(worth: np.ndarray, gains: Gains, limits: Limits) -> Iterator[np.ndarray]:
    use, most = limits
    for j, cost in enumerate(gains.cost):
        rows = np.flatnonzero(np.isfinite(worth[:, j]))
        stake = gains.stake[rows]
        total = float(stake.sum())
        effect = float((worth[rows, j] + cost).sum()) / total if total > 0 else 0.0
        paying = np.flatnonzero(stake * effect > cost)
        first = paying[np.argsort(-stake[paying], kind="stable")][: _reach(use[j], most)]
        yield _given(len(worth), j, rows[first])


def _given(size: int, offer: int, rows: np.ndarray) -> np.ndarray:
    """The plan that gives one offer to some."""
    plan = _nobody(size)
    plan[rows] = offer
    return plan


def _nobody(size: int) -> np.ndarray:
    """The plan that gives nothing."""
    return np.full(size, -1, dtype=np.int16)


def _best(worth: np.ndarray, plans: list[np.ndarray]) -> np.ndarray:
    """The plan that is worth most, the first of those that are equal."""
    rows = [np.flatnonzero(plan >= 0) for plan in plans]
    return max(zip(plans, rows, strict=True), key=lambda pair: worth[pair[1], pair[0][pair[1]]].sum())[0]


def _reach(use: np.ndarray, left: np.ndarray) -> int:
    """How many of an offer there can be of what is left."""
    scarce = (use > 0) & np.isfinite(left)
    return int(np.floor(left[scarce] / use[scarce] + ROUNDING).min()) if scarce.any() else np.iinfo(np.int64).max
