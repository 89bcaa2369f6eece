"""Choice: which candidate to use, from what each lost at later cutoffs; ties go to the simpler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from patron.metrics import Estimate
from patron.metrics.intervals import Z_95

__all__ = ["ALL_FEATURES", "BASELINES", "LATER", "ORDER", "TREES", "TUNED", "Choice", "choose", "mean_estimate"]

TREES = "lightgbm"
TUNED = "tuned"
BASELINES = ("constant", "activity", "age", "logit")
SIMPLE = (*BASELINES, "parametric", "parametric_logit", "geometric", "geometric_logit")
ALL_FEATURES = "logit_all"
ORDER = (*SIMPLE, ALL_FEATURES, TREES, "hybrid", "blend")
LATER = "at later cutoffs"
MIN_CUSTOMERS = 100
LOW_SKILL = 0.02  # of the constant's log loss: a ranking that hardly tells customers apart


@dataclass(frozen=True)
class Choice:
    """The candidate to use, and why.

    Args:
        champion: its name.
        reason: why that one, in a sentence.
        losses: log loss of each candidate with its interval.
        gains: by how much each candidate is below the best baseline, paired; above zero is better.
    """

    champion: str
    reason: str
    losses: Mapping[str, Estimate]
    gains: Mapping[str, Estimate]


def choose(losses: Mapping[str, np.ndarray], customers: np.ndarray, cutoffs: np.ndarray, where: str = LATER) -> Choice:
    """Choose from the log losses of the same rows.

    A candidate must lower the loss of the best baseline beyond noise (a 95 % interval clustered by customer), and raise
    it beyond noise at no later cutoff, since cutoffs differ by more than customers can tell; of those that do, the
    simplest within one standard error of the best is taken (the rule of Breiman et al. 1984, Classification and
    Regression Trees). Where none does, or where there are fewer than 100 customers, the best of the simple ones is
    taken (the baselines, the purchase process, both together: a handful of numbers each). What is none of Patron's own
    candidates is a yardstick: it is compared with the champion, and is never it.

    Args:
        losses: log loss of each row, shape (n,), by candidate.
        customers: customer of each row, shape (n,).
        cutoffs: cutoff of each row, or a number of it, shape (n,).
        where: the rows, as the reason calls them.

    >>> lost = {"constant": 0.7, "activity": 0.7, "logit": 0.6, "lightgbm": 0.5}
    >>> choose({name: np.full(200, loss) for name, loss in lost.items()}, np.arange(200), np.ones(200)).champion
    'lightgbm'
    """
    order = [name for name in ORDER if name in losses]
    best = min((name for name in BASELINES if name in losses), key=lambda name: losses[name].mean())
    beside = [name for name in losses if name not in ORDER]
    yardsticks = [name for name in beside if name != TUNED]
    figures = {name: mean_estimate(losses[name], customers) for name in (*order, *beside)}
    gains = {name: mean_estimate(losses[best] - losses[name], customers) for name in (*order, *beside)}
    winners = [
        name for name in order if gains[name].low > 0 and not _fails(losses[best] - losses[name], customers, cutoffs)
    ]
    if (count := len(np.unique(customers))) < MIN_CUSTOMERS:
        winners = []
    champion = _simplest(winners, losses, customers) if winners else _simple(losses)
    own = {name: gains[name] for name in order}
    reason = _won(champion, best, own) if winners else _lost(champion, best, own, count)
    if TUNED in losses:
        champion, outcome = _tuning(champion, losses, customers, cutoffs)
        reason = outcome + reason if champion == TUNED else reason + outcome
    reason += _skill(champion, losses, customers)
    reason += "".join(_compared(name, champion, losses, customers) for name in yardsticks)
    return Choice(champion, reason.replace(LATER, where), figures, gains)


def mean_estimate(values: np.ndarray, customers: np.ndarray) -> Estimate:
    """Return a mean over rows with its 95 % interval, rows of one customer taken as alike.

    Source: the ratio estimator for clusters of unequal size (Cochran 1977, Sampling Techniques, chapter 9A).

    >>> print(mean_estimate(np.array([1.0, 3.0, 1.0, 3.0]), np.array(["a", "a", "b", "b"])))
    2.000 [2.000, 2.000]
    """
    place = np.unique(customers, return_inverse=True)[1]
    mean = float(values.mean())
    off = np.bincount(place, weights=values - mean)
    clusters = len(off)
    spread = Z_95 * np.sqrt(clusters / max(clusters - 1, 1) * float((off**2).sum())) / len(values)
    return Estimate(mean, mean - spread, mean + spread)


def _fails(gained: np.ndarray, customers: np.ndarray, cutoffs: np.ndarray) -> bool:
    """Check whether the mean gain is below zero beyond noise at some cutoff."""
    some = (cutoffs == cutoff for cutoff in np.unique(cutoffs))
    return any(mean_estimate(gained[here], customers[here]).high < 0 for here in some)


def _simplest(names: Sequence[str], losses: Mapping[str, np.ndarray], customers: np.ndarray) -> str:
    """Return the first that is behind the best by no more than one standard error of the difference."""
    best = min(names, key=lambda name: losses[name].mean())
    for name in names:
        behind = mean_estimate(losses[name] - losses[best], customers)
        if behind.value <= (behind.high - behind.value) / Z_95:
            return name
    return best


def _simple(losses: Mapping[str, np.ndarray]) -> str:
    return min((name for name in SIMPLE if name in losses), key=lambda name: losses[name].mean())


def _won(champion: str, best: str, gains: Mapping[str, Estimate]) -> str:
    return f"{champion} lowers the log loss of the best baseline ({best}) by {gains[champion]} {LATER}"


def _lost(champion: str, best: str, gains: Mapping[str, Estimate], customers: int) -> str:
    if customers < MIN_CUSTOMERS:
        return f"{champion}, a simple one, since {customers} customers {LATER} are too few to prove more"
    near = max((name for name in gains if name not in BASELINES), key=lambda name: gains[name].value)
    but = ", but is worse than it beyond noise at one of them" if gains[near].low > 0 else ""
    return (
        f"{champion}, a simple one, since nothing beats the best baseline ({best}) beyond noise {LATER}: "
        f"{near} comes nearest, {gains[near]}{but}"
    )


def _tuning(
    champion: str, losses: Mapping[str, np.ndarray], customers: np.ndarray, cutoffs: np.ndarray
) -> tuple[str, str]:
    """Return the champion, tuned or not, and whether tuning was worth it."""
    gained = losses[champion] - losses[TUNED]
    gain, few = mean_estimate(gained, customers), len(np.unique(customers)) < MIN_CUSTOMERS
    if gain.low > 0 and not few and not _fails(gained, customers, cutoffs):
        return (
            TUNED,
            f"{TUNED} lowers the log loss of the best that is not tuned ({champion}) by {gain} {LATER}; without it ",
        )
    but = "beyond noise, but not at each of them" if gain.low > 0 else "which is within noise"
    if gain.high < 0:
        but = "which is worse"
    why = "too few customers to prove it" if few else but
    return champion, f"; tuning was not worth it: {TUNED} lowers the log loss of {champion} by {gain}, {why}"


def _compared(yardstick: str, champion: str, losses: Mapping[str, np.ndarray], customers: np.ndarray) -> str:
    """Describe how a classifier that is not kept does beside the champion."""
    gain = mean_estimate(losses[champion] - losses[yardstick], customers)
    if gain.low > 0:
        ahead = f"lowers the log loss of {champion} by {gain}: {champion} is registered, as no pickle is kept"
    elif gain.high < 0:
        raised = mean_estimate(losses[yardstick] - losses[champion], customers)
        ahead = f"has a higher log loss than {champion} by {raised}"
    else:
        ahead = f"is as good as {champion} within noise, {gain}"
    return f"; {yardstick}, which is judged and never kept, {ahead}"


def _skill(champion: str, losses: Mapping[str, np.ndarray], customers: np.ndarray) -> str:
    """Describe what share of the constant's log loss is explained, as the skill score of Murphy (1988) does."""
    if champion == "constant":
        return ""
    gained = losses["constant"] - losses[champion]
    share = mean_estimate(100.0 * gained / max(losses["constant"].mean(), 1e-12), customers)
    off = f"{share.value:.1f} % [{share.low:.1f}, {share.high:.1f}] off the log loss of the constant"
    return f"; it takes only {off}: little signal" if share.value < 100.0 * LOW_SKILL else f"; it takes {off}"
