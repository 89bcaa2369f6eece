"""What the buy-till-you-die models share: integrals that cannot cancel, and a fit that ends well on any data."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import nbdtrik
from threadpoolctl import threadpool_limits

from patron.errors import ScoreError
from patron.models.clv.transactions import Array, Transactions, take

CHUNK = 4096  # rows at a time: 24 nodes of these stay in the processor's cache
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(24)
NEGLIGIBLE = 37.0  # exp(-37) is below the precision of a double
FREE = float(np.log(5.0))  # the prior is flat within a factor 5 of the data's own scale
SAMPLE = 20_000  # distinct rows that suffice to come close to the optimum


def by_rows(function: Callable[..., Array], *columns: Array) -> Array:
    """Compute in blocks of customers (the last axis), so that memory stays bounded."""
    rows = columns[0].shape[-1]
    blocks = [function(*(part[..., i : i + CHUNK] for part in columns)) for i in range(0, rows, CHUNK)]
    return np.concatenate(blocks, axis=-1)


def nodes(length: Array, rate: Array) -> tuple[Array, Array]:
    """Place Gauss-Legendre nodes u on (0, length), dense near 0 on the scale 1/rate, with their weights.

    Equal steps of log(1 + u rate) suit integrands that fall like an exponential or a power of u.
    """
    reach = np.log1p(length * rate)
    growth = np.exp(reach * (0.5 * (NODES[:, None] + 1.0)))
    return (growth - 1.0) / rate, 0.5 * NODE_WEIGHTS[:, None] * reach * growth / rate


def integrate(weighted: Array) -> Array:
    """Sum weighted values over the nodes, which is their integral."""
    return np.asarray(weighted.sum(axis=0))


class Moments(NamedTuple):
    """What is known of the purchases within a horizon, each discounted to the cutoff by its factor d_j, (n,) each.

    ``p_any`` is the chance of at least one, ``sum`` the expected sum of d_j, ``squares`` that of d_j squared,
    ``pairs`` that of d_i d_j over i != j.
    """

    p_any: Array
    sum: Array
    squares: Array
    pairs: Array

    def median(self) -> Array:
        """Return the median number of purchases, (n,), whole numbers; only of moments without a discount.

        Where there are any, those beyond the first are taken as negative binomial of the same mean and variance.
        """
        some = np.clip(self.p_any, 1e-12, 1.0)
        mean = np.maximum(self.sum / some - 1.0, 1e-9)
        variance = np.maximum((self.pairs + self.sum) / some - (mean + 1.0) ** 2, (1.0 + 1e-6) * mean)
        share = np.clip((some - 0.5) / some, 0.0, 1.0)
        beyond = nbdtrik(share, mean**2 / (variance - mean), mean / variance)
        return np.asarray(np.where(some > 0.5, 1.0 + np.ceil(beyond - 1e-9), 0.0))


class Decay(NamedTuple):
    """Nodes and weights of a falling integrand, with the logarithms that gradients need again."""

    u: Array
    weight: Array
    log_a: Array
    log_b: Array


def decay(length: Array, power_a: Array, a: Array, power_b: float, b: Array) -> Decay:
    """Weigh (1 + u/a)^-power_a (1 + u/b)^-power_b over (0, length): summed, the weights are its integral.

    Every use in this family (dead before the cutoff, a purchase within the horizon) has positive integrands of
    this form, so nothing cancels where a is close to b, and nothing overflows where a power is in the thousands.
    """
    with np.errstate(over="ignore"):
        reach_a = a * np.expm1(NEGLIGIBLE / np.maximum(power_a, 1e-3))
        reach_b = b * np.expm1(NEGLIGIBLE / max(power_b, 1e-3))
    reach = np.minimum(length, np.minimum(reach_a, reach_b))
    u, step = nodes(reach, (power_a + 1.0) / a + (power_b + 1.0) / b)
    log_a, log_b = np.log(1.0 + u / a), np.log(1.0 + u / b)
    return Decay(u, step * np.exp(-power_a * log_a - power_b * log_b), log_a, log_b)


Score = Callable[[Array, Transactions, Array], tuple[float, Array]]


def maximise(score: Score, history: Transactions, counts: Array, centre: Array, effects: int) -> tuple[Array, float]:
    """Find the parameters that explain the histories best, whatever these are.

    The log-parameters start at ``centre`` and have a prior that is flat within a factor 5 of it and costs half a
    squared e-fold beyond: ordinary data get plain maximum likelihood, while a likelihood without maximum still
    ends somewhere sensible. The last ``effects`` parameters have a normal prior of spread 2 around 0.
    Returns the parameters and the log-likelihood at them.
    """
    best = np.concatenate([centre, np.zeros(effects)])
    if len(counts) > 3 * SAMPLE:
        some = slice(None, None, len(counts) // SAMPLE)
        best = _climb(score, take(history, some), counts[some], best, centre)
    best = _climb(score, history, counts, best, centre)
    return best, score(best, history, counts)[0]


def _climb(score: Score, history: Transactions, counts: Array, start: Array, centre: Array) -> Array:
    total, free = counts.sum(), len(centre)

    def loss(theta: Array) -> tuple[float, Array]:
        value, slope = score(theta, history, counts)
        off = theta[:free] - centre
        beyond = np.sign(off) * np.maximum(np.abs(off) - FREE, 0.0)
        penalty = 0.5 * float((beyond**2).sum() + (theta[free:] ** 2).sum() / 4.0)
        pull = np.concatenate([beyond, theta[free:] / 4.0])
        return (penalty - value) / total, (pull - slope) / total

    bounds = [(c - 6.0, c + 6.0) for c in centre] + [(-5.0, 5.0)] * (len(start) - free)
    stop = {"ftol": 1e-13, "gtol": 1e-7, "maxiter": 500}
    return minimised(loss, start, jac=True, bounds=bounds, options=stop)


def minimised(loss: Callable[[Array], Any], start: Array, **terms: Any) -> Array:
    """Return where a loss of a few numbers is smallest, on one thread: two would wait for each other at every step.

    >>> minimised(lambda at: float((at[0] - 3.0) ** 2), np.zeros(1)).round(3)
    array([3.])
    """
    with threadpool_limits(1, "blas"):
        return np.asarray(minimize(loss, start, method="L-BFGS-B", **terms).x)


def winsorized(x: Array, counts: Array) -> Array:
    """Cap counts at ten times the 99th percentile of the repeat buyers, which no Gamma of rates reaches.

    So one robot among the customers cannot bend the rates of all the others. Only the fit sees the cap.
    """
    order = np.argsort(x)
    repeated = np.cumsum(np.where(x[order] > 0, counts[order], 0.0))
    usual = float(x[order][np.searchsorted(repeated, 0.99 * repeated[-1])])
    return np.minimum(x, 10.0 * usual)


def scales(history: Transactions, counts: Array) -> tuple[float, float]:
    """Return the data's own scales: the mean age in days (1 where nobody aged) and the purchases per such age."""
    age = float((history.T * counts).sum() / counts.sum())
    unit = age if age > 0 else 1.0
    return unit, float(((history.x * counts).sum() + 1.0) / ((history.T * counts).sum() / unit + 1.0))


class Plain:
    """Models of numbers only, so that they can be stored as JSON and read back without unpickling."""

    def to_json(self) -> dict[str, Any]:
        """Return everything the model knows as JSON-ready numbers and lists."""
        return {f.name: _listed(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """Rebuild the model that gave these numbers, refusing the numbers of another model."""
        names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
        if set(plain) != set(names):
            raise ScoreError(
                f"This is not a stored {cls.__name__}. Got the names {sorted(plain)}, expected "
                f"{sorted(names)}. Pass what {cls.__name__}.to_json() gave."
            )
        return cls(**{name: _tupled(plain[name]) for name in names})


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _tupled(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
