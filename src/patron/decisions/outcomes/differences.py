"""Differences: what treated customers did beyond those held out, with intervals, from columns alone.

Variance is reduced by what was known before (CUPED: Deng, Xu, Kohavi and Walker 2013); intervals hold for arms of
unequal spread (Welch), and those of an early look for any number of looks (mixture SPRT: Robbins 1970, Johari et al.
2022). Where customers were held out by clusters, variances are those of clusters, and degrees of freedom count these as
alike in size as they are (Carter, Schnepel and Steigerwald 2017).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from patron.errors import QuestionError
from patron.metrics import Estimate

__all__ = ["Difference", "always_valid", "difference"]

Floats = npt.NDArray[np.float64]
LEVEL = 0.95
FEW = 10  # rows for each covariate


@dataclass(frozen=True)
class Difference:
    """A difference of two means.

    Args:
        value: the mean of the treated less that of the control, after the adjustment.
        variance: of it; nan where an arm has one customer only.
        freedom: the degrees of freedom of the variance (Welch and Satterthwaite).
        raw: the difference without the adjustment.
        kept: the share of the variance that the adjustment leaves.
        planned: what the variance was expected to be from what was known before; nan where nothing was.
        design: how many times the variance is what it were if each customer had been held out alone.
    """

    value: float
    variance: float
    freedom: float
    raw: float
    kept: float
    planned: float
    design: float = 1.0

    def interval(self, level: float = LEVEL) -> Estimate:
        """Return the difference with its interval by the t distribution, for a single look after the horizon."""
        from scipy.stats import t

        half = float(t.ppf((1 + level) / 2, self.freedom)) * math.sqrt(self.variance)
        return Estimate(self.value, self.value - half, self.value + half)

    def anytime(self, level: float = LEVEL) -> Estimate:
        """Return the difference with an interval that holds however often somebody looks."""
        planned = self.planned if self.planned > 0 else self.variance
        half = always_valid(self.variance, planned, level)
        return Estimate(self.value, self.value - half, self.value + half)


def difference(
    outcome: npt.ArrayLike,
    treated: npt.ArrayLike,
    before: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
) -> Difference:
    """Compute the difference of the mean outcome between treated customers and those held out.

    Args:
        outcome: what came of it, shape (n,).
        treated: who was to be treated, shape (n,).
        before: what was known before, the outcome's own past first, shape (n,) or (n, k). Its slope is that within the
            arms, so that the expected difference does not move. None, or too few rows for it, leaves the outcome as it
            is.
        cluster: whole numbers, the same for customers who were treated or held out only together, shape (n,); None
            where each was alone.

    Raises:
        QuestionError: an arm is empty, or a value is unknown.

    >>> result = difference([3, 5, 1, 1], [True, True, False, False])
    >>> result.value, result.variance
    (3.0, 1.0)
    """
    y, arm = np.asarray(outcome, dtype=np.float64), np.asarray(treated, dtype=bool)
    known = np.empty((len(y), 0)) if before is None else np.asarray(before, dtype=np.float64).reshape(len(y), -1)
    _check(y, arm, known)
    alone = np.arange(len(y))
    group = alone if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    adjusted = y - _explained(y, arm, known)
    raw, variance = _moments(y, arm, group)
    value, less = _moments(adjusted, arm, group)
    past = _variance(known[:, 0], group) * len(y) if known.shape[1] else math.nan
    single = less if cluster is None else _moments(adjusted, arm, alone)[1]
    return Difference(
        value,
        sum(less),
        _freedom(less, (_count(group[arm]), _count(group[~arm]))),
        raw,
        sum(less) / sum(variance) if sum(variance) else 1.0,
        past / arm.sum() + past / (~arm).sum(),
        sum(less) / sum(single) if sum(single) else 1.0,
    )


def always_valid(variance: float, planned: float, level: float = LEVEL) -> float:
    """Compute the half width of an interval that holds at every look at once.

    That of the mixture sequential probability ratio test with a normal mixture, whose spread makes it narrowest about
    where the variance is the planned one (Waudby-Smith et al. 2024).

    Args:
        variance: of the difference at this look.
        planned: the variance at which the interval is to be narrowest, set before any look.
        level: of the interval.

    >>> round(always_valid(0.04, 0.04), 3), round(1.96 * 0.04**0.5, 3)
    (0.607, 0.392)
    """
    wide = -2 * math.log(1 - level)
    spread = planned * (wide + math.log(wide) + 1)
    return mixture_half_width(variance, spread, level)


def mixture_half_width(variance: float, spread: float, level: float) -> float:
    """Compute the half width for a normal mixture of a spread (a variance), as `always_valid` chooses it."""
    if not variance > 0 or not spread > 0:
        return 0.0 if variance == 0 else math.nan
    doubt = math.log((variance + spread) / variance) - 2 * math.log(1 - level)
    return math.sqrt(variance * (variance + spread) / spread * doubt)


def _check(y: Floats, arm: npt.NDArray[np.bool_], known: Floats) -> None:
    if not arm.any() or arm.all():
        raise QuestionError(
            f"A difference needs treated and held-out customers, got {arm.sum():,} and {(~arm).sum():,}. Hold some "
            "out: holdout = 0.1 in [decisions]."
        )
    bad = int((~np.isfinite(y)).sum() + (~np.isfinite(known)).sum())
    if bad or len(arm) != len(y):
        raise QuestionError(
            f"An outcome and what was known before are numbers, one for each of {len(arm):,} customers; {bad:,} are "
            "unknown. What nobody spent is 0: frame.fillna(0)."
        )


def _explained(y: Floats, arm: npt.NDArray[np.bool_], known: Floats) -> Any:
    """Return what the past explains of an outcome, of mean 0 over both arms; the slopes are those within the arms."""
    if not known.shape[1] or len(y) < FEW * (known.shape[1] + 1):
        return 0.0
    inside, result = known.copy(), y.copy()
    for rows in (arm, ~arm):
        inside[rows] -= known[rows].mean(axis=0)
        result[rows] -= y[rows].mean()
    scale = inside.std(axis=0)
    moving = scale > 0
    slope = np.linalg.lstsq(inside[:, moving] / scale[moving], result, rcond=None)[0]
    return ((known - known.mean(axis=0))[:, moving] / scale[moving]) @ slope


def _moments(y: Floats, arm: npt.NDArray[np.bool_], group: Any) -> tuple[float, tuple[float, float]]:
    """Return the difference of the means, and the variance of each."""
    value = float(y[arm].mean() - y[~arm].mean())
    return value, (_variance(y[arm], group[arm]), _variance(y[~arm], group[~arm]))


def _variance(values: Floats, group: Any) -> float:
    """Return the variance of a mean of customers in clusters; of one cluster it is unknown."""
    place = np.unique(group, return_inverse=True)[1]
    total = np.bincount(place, values - values.mean())
    count = len(total)
    return float((total**2).sum() * count / (count - 1) / len(values) ** 2) if count > 1 else math.nan


def _count(group: Any) -> float:
    """Return how many clusters of one size count like these."""
    size = np.unique(group, return_counts=True)[1]
    return float(size.sum() ** 2 / (size**2).sum())


def _freedom(variances: tuple[float, float], counts: tuple[float, float]) -> float:
    """Return the degrees of freedom by Welch and Satterthwaite, of as many customers, or clusters, in each arm."""
    less = [max(count - 1, 1.0) if count > 1 else 0.0 for count in counts]
    parts = sum(v**2 / n for v, n in zip(variances, less, strict=True) if n and v > 0)
    return sum(variances) ** 2 / parts if parts > 0 else float(max(sum(less), 1))
