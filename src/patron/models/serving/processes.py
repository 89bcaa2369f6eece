"""Processes: the chance of a purchase, or of the end of a contract, that a law gives to customers, as log-odds."""

from functools import lru_cache
from typing import Any

import numpy as np

from patron.models.serving.renewals import ended_by

Nodes = tuple[tuple[float, int], ...]
EVERYWHERE: Nodes = ((np.inf, 24),)
BY_REACH: Nodes = ((1.0, 8), (2.0, 12), (3.0, 16), *EVERYWHERE)  # to a reach so many nodes: all but the last digits
RULES = {count: np.polynomial.legendre.leggauss(count) for _, count in BY_REACH}
NEGLIGIBLE = 37.0  # exp(-37) is below the precision of a double
LEAST_CHANCE = 1e-4  # no purchase process is trusted beyond odds of ten thousand to one


def process_log_odds(
    process: dict[str, Any], seen: np.ndarray, step: int | None, nodes: Nodes = EVERYWHERE
) -> np.ndarray:
    """Return the log-odds that a Pareto/NBD, or a law of renewals, gives to what is asked, shape (n,).

    What is asked is a purchase by the end of the horizon, or within one step of it by those who have not bought
    before, or with the sign -1 its opposite.

    Args:
        process: r, alpha, s and beta, the edges of the horizon in days, and the sign; or what `ended_by` reads.
        seen: days since the last order, days since the first, and orders, shape (n, 3); or what `ended_by` sees.
        step: step of the horizon, None for all of it.
        nodes: of the sums of a Pareto/NBD; `BY_REACH` takes half the time, for what is asked of rows over and over.
    """
    days = tuple(process["edges"][1:])
    by_edge = LAWS[process.get("law", "purchases")](process, seen, days, nodes)
    late = by_edge[-1 if step is None else step]
    early = by_edge[step - 1] if step else np.zeros(len(seen))
    chance = np.clip((late - early) / np.maximum(1.0 - early, 1e-12), LEAST_CHANCE, 1.0 - LEAST_CHANCE)
    return np.asarray(process["sign"] * np.log(chance / (1.0 - chance)))


def bought_by(process: dict[str, Any], seen: np.ndarray, days: float) -> np.ndarray:
    """Return the chance of a purchase within some days by Pareto/NBD (Schmittlein et al. 1987), shape (n,).

    The integrals over the time of leaving and of the next purchase are sums over Gauss-Legendre nodes, as in
    `patron.models.clv.pareto_nbd`, which is tested to agree.
    """
    return _purchases(process, seen, (days,), EVERYWHERE)[0].copy()


def _purchases(process: dict[str, Any], seen: np.ndarray, days: tuple[float, ...], nodes: Nodes) -> np.ndarray:
    parameters = (process[name] for name in ("r", "alpha", "s", "beta"))
    return _bought_by(*parameters, days, np.asarray(seen, dtype=np.float64).tobytes(), nodes)


def _renewals(process: dict[str, Any], seen: np.ndarray, days: tuple[float, ...], nodes: Nodes) -> np.ndarray:
    return np.stack([ended_by(process, seen, until) for until in days])


@lru_cache(maxsize=8)  # of the same rows each step of the horizon is asked, and each candidate with a process
def _bought_by(
    r: float, alpha: float, s: float, beta: float, days: tuple[float, ...], seen: bytes, nodes: Nodes
) -> np.ndarray:
    """Return the chance of a purchase within each number of days, shape (days, n); *seen* holds doubles, (n, 3)."""
    x, t_x, age = repeats(np.frombuffer(seen).reshape(-1, 3))
    wait = age - t_x
    stayed = np.exp(-(r + x) * np.log1p(wait / (alpha + t_x)) - s * np.log1p(wait / (beta + t_x)))
    left = s / (beta + t_x) * _decayed(wait, r + x, alpha + t_x, s + 1.0, beta + t_x, nodes)
    alive, pace = stayed / (stayed + left), (r + x) / (alpha + age)
    chances = np.empty((len(days), len(x)))
    for place, until in enumerate(days):
        soon = pace * _decayed(np.full(len(x), until), r + x + 1.0, alpha + age, s, beta + age, nodes)
        chances[place] = alive * np.minimum(soon, 1.0)
    return chances


def repeats(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return repeat purchases, days from first to last purchase, and days since the first, shape (n,) each.

    Orders at one instant are one purchase; what contradicts itself is mended towards a single purchase.
    """
    recency, tenure, orders = np.maximum(np.nan_to_num(seen.astype(np.float64)), 0.0).T
    age = np.maximum(tenure, recency)
    x = np.where(age > recency, np.maximum(orders - 1.0, 0.0), 0.0)
    return x, np.where(x > 0, age - recency, 0.0), age


def _decayed(
    length: np.ndarray, power_a: np.ndarray, a: np.ndarray, power_b: float, b: np.ndarray, nodes: Nodes
) -> np.ndarray:
    """Integrate (1 + u/a)^-power_a (1 + u/b)^-power_b over (0, length)."""
    with np.errstate(over="ignore"):
        ends = [part * np.expm1(NEGLIGIBLE / np.maximum(power, 1e-3)) for part, power in ((a, power_a), (b, power_b))]
    rate = (power_a + 1.0) / a + (power_b + 1.0) / b
    reach = np.log1p(np.minimum(length, np.minimum(*ends)) * rate)
    total = np.empty(len(length))
    band = np.searchsorted([most for most, _ in nodes], reach)
    for number, (_, count) in enumerate(nodes):
        rows = np.flatnonzero(band == number)
        parts = (part[rows] for part in (reach, rate, power_a, a, b))
        total[rows] = _sum_over(RULES[count], power_b, *parts)
    return total


def _sum_over(
    rule: tuple[np.ndarray, np.ndarray],
    power_b: float,
    reach: np.ndarray,
    rate: np.ndarray,
    power_a: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
) -> np.ndarray:
    total = np.zeros(len(reach))
    for node, weight in zip(*rule, strict=True):
        growth = np.exp(reach * (0.5 * (node + 1.0)))
        u = (growth - 1.0) / rate
        total += 0.5 * weight * reach * growth / rate * np.exp(-power_a * np.log1p(u / a) - power_b * np.log1p(u / b))
    return total


LAWS = {"purchases": _purchases, "renewals": _renewals}
