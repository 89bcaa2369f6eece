"""Estimate how good probabilities will prove to be, before anybody knows what comes true.

A calibrated probability says how often it comes true, so the probabilities of some customers say what a metric will be
on them: its mean over all the labels they leave open, and how far those labels make it vary (CBPE, confidence-based
performance estimation: Kivimäki, Białek, Kuberski and Nurminen, 2025, arXiv:2505.05295; of averages alone 2024,
arXiv:2407.08649). Here both are computed, not drawn: metrics are taken at the expected counts, and their variance by
the delta method over independent labels.

What an interval covers: that of customers with a chance of .3 more or fewer than three in ten may come true. What it
does not cover: that the probabilities are wrong. Where customers are others than in training, but such customers still
do what they did, the estimate holds; where the same customers now do something else (the relation itself has shifted,
a price war), it shows nothing of it, however wrong it is. Only labels tell that, and until then nothing does.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from patron.errors import PatronError
from patron.metrics.columns import SMALLEST_PROBABILITY, Column, Floats, changes, probability, rows
from patron.metrics.intervals import Estimate

__all__ = ["expected_agreement", "expected_lift", "expected_performance"]

FEW = 5  # expected labels of a class; of fewer the normal approximation says little
TENTHS = np.linspace(0.1, 1.0, 10)
UNKNOWN = float("nan")


def expected_performance(predicted: Column, *, level: float = 0.95) -> dict[str, Estimate]:
    """Estimate AUC, log loss, Brier and rate that calibrated probabilities will reach, from themselves alone.

    `predicted` (n,) are calibrated probabilities, of independent customers. `level` is that of the intervals, whose
    meaning is that of this module: they hold where the probabilities are right, also for other customers than those of
    training, and say nothing of a changed relation. Bounds are nan where fewer than five events, or five others, are
    expected. Raises PatronError for values that are no probabilities.

    >>> expected_performance([0.2, 0.8])["Brier"].value, expected_performance([0.2, 0.8])["rate"].value
    (0.16, 0.5)
    """
    chance = _chance(predicted)
    known = np.clip(chance, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    odds = np.log(known) - np.log1p(-known)
    surprise = -(chance * np.log(known) + (1 - chance) * np.log1p(-known))
    size = max(len(chance), 1)
    figures = {
        "AUC": (*_auc(chance), 1.0),
        "log loss": (_mean(surprise), odds / size, np.inf),
        "Brier": (_mean(chance * (1 - chance)), (1 - 2 * chance) / size, 1.0),
        "rate": (_mean(chance), np.full(len(chance), 1 / size), 1.0),
    }
    return {name: _estimate(value, slope, chance, most, level) for name, (value, slope, most) in figures.items()}


def expected_lift(predicted: Column, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate what share of the events the best tenths of the customers will hold, from their probabilities alone.

    `predicted` (n,) and `level` are those of `expected_performance`, with all that its intervals do not cover. Columns:
    `contacted` (share of the customers, best first, in tenths), `found` (share of the events), `low` and `high` (its
    bounds), and `lift` (found over contacted).

    >>> expected_lift([0.5] * 1 + [0.1] * 9).head(1).round(2).to_dict("records")
    [{'contacted': 0.1, 'found': 0.36, 'low': nan, 'high': nan, 'lift': 3.57}]
    """
    chance = _chance(predicted)
    events = float(chance.sum()) or UNKNOWN
    before, ties = _places(chance)
    estimates = []
    for share in map(float, TENTHS):
        inside = np.clip((share * len(chance) - before) / ties, 0.0, 1.0)  # rows that tie at the border in part
        held = float((inside * chance).sum() / events)
        estimates.append(_estimate(held, (inside - held) / events, chance, 1.0, level))
    table = pd.DataFrame(estimates).rename(columns={"value": "found"})
    table.insert(0, "contacted", TENTHS)
    return table.assign(lift=table.found / TENTHS)


def expected_agreement(
    chances: npt.ArrayLike, predicted: Column, classes: Sequence[object], *, level: float = 0.95
) -> dict[str, Estimate]:
    """Estimate accuracy and quadratic kappa that ordered classes will reach, from the chances of each class alone.

    `chances` (n, classes) are calibrated, `predicted` (n,) holds values of `classes`, which lists them in their order;
    `level` and what the intervals do not cover are those of `expected_performance`.

    >>> both = expected_agreement([[0.9, 0.1], [0.3, 0.7]], ["low", "top"], ["low", "top"])
    >>> round(both["accuracy"].value, 3), round(both["quadratic kappa"].value, 3)
    (0.8, 0.6)
    """
    shares, guess = np.asarray(chances, dtype=np.float64), pd.Categorical(predicted, categories=list(classes)).codes
    if shares.shape != (len(guess), len(classes)) or (guess < 0).any():
        raise PatronError(
            f"Chances of shape {shares.shape} do not fit {len(guess)} predictions of {len(classes)} classes. Give a "
            "chance of each class, in their order, for each row, and predictions that are classes."
        )
    hit = np.eye(len(classes))[guess]
    size = max(len(guess), 1)
    kappa, slopes = _kappa(shares, hit)
    figures = {
        "accuracy": (float((shares * hit).sum() / size), hit / size),
        "quadratic kappa": (kappa, slopes[:, guess].T),
    }
    return {name: _bounded(value, _spread(slope, shares), 1.0, level) for name, (value, slope) in figures.items()}


def _chance(predicted: Column) -> Floats:
    _, chance = rows(None, predicted=predicted)
    return np.clip(probability(chance), 0.0, 1.0)


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else UNKNOWN


def _auc(chance: Floats) -> tuple[float, Floats]:
    """Return the AUC at the expected counts of pairs, and by how much each label moves it."""
    events, others = chance.sum(), (1 - chance).sum()
    if not events * others:
        return UNKNOWN, np.zeros(len(chance))
    # A row makes no pair with itself, although the middle of its ties counts half of it.
    below = _below(chance, 1 - chance) - (1 - chance) / 2
    above = events - _below(chance, chance) - chance / 2
    value = float((chance * below).sum() / (events * others))
    return value, (below - above - value * (others - events)) / (events * others)


def _below(score: Floats, values: Floats) -> Floats:
    """Sum the values of all rows of a lower score, and half of those that tie, for each row."""
    order = np.argsort(score, kind="stable")
    group = np.cumsum(changes(score[order])) - 1
    sums = np.bincount(group, values[order])
    below = np.empty(len(score))
    below[order] = (np.cumsum(sums) - sums / 2)[group]
    return below


def _places(score: Floats) -> tuple[Floats, Floats]:
    """Return for each row how many have a higher score, and how many the same, itself among them."""
    _, group, sizes = np.unique(score, return_inverse=True, return_counts=True)
    return (len(score) - np.cumsum(sizes))[group].astype(np.float64), sizes[group].astype(np.float64)


def _kappa(shares: Floats, hit: Floats) -> tuple[float, Floats]:
    """Return the kappa at the expected counts, and by how much a row of each class and guess moves it."""
    steps = np.arange(shares.shape[1])
    cost = (steps[:, None] - steps) ** 2.0
    table, size = shares.T @ hit, len(shares)
    chance_cost = cost @ table.sum(axis=0)  # of a row of each class, beside all guesses
    apart, by_chance = size * (cost * table).sum(), float(table.sum(axis=1) @ chance_cost)
    if not by_chance:
        return UNKNOWN, np.zeros_like(cost)
    return float(1 - apart / by_chance), (apart * chance_cost[:, None] / by_chance - size * cost) / by_chance


def _spread(slopes: Floats, shares: Floats) -> float:
    """Return the standard deviation of a sum in which each row adds the slope of the class that it turns out to be."""
    mean = (shares * slopes).sum(axis=1)
    return float(np.sqrt(np.maximum((shares * slopes**2).sum(axis=1) - mean**2, 0.0).sum()))


def _estimate(value: float, slope: Floats, chance: Floats, most: float, level: float) -> Estimate:
    if min(chance.sum(), (1 - chance).sum()) < FEW:
        return Estimate(value, UNKNOWN, UNKNOWN)
    return _bounded(value, float(np.sqrt((chance * (1 - chance) * slope**2).sum())), most, level)


def _bounded(value: float, spread: float, most: float, level: float) -> Estimate:
    if not 0 < level < 1:
        raise PatronError(f"The level of an interval is a share, got level={level}. Give one as level=0.95.")
    half = NormalDist().inv_cdf((1 + level) / 2) * spread
    least = -1.0 if value < 0 else 0.0
    return Estimate(value, max(value - half, least), min(value + half, most))
