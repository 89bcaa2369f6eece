"""Compute how well a score sorts customers by what an offer changes in them, and what a policy brings.

Nobody is seen both with the offer and without it, so a rate with it is compared with a rate without it among customers
of like score (`qini`, `auuc`, which need arms that were drawn by lot), or each customer has an unbiased score of the
effect (`autoc`, `uplift_by_decile`), as AIPW gives one wherever propensities are known or well estimated. Curves are
straight between distinct scores, so rows that tie are never put in an order, and a constant score sorts nothing: its
Qini and AUTOC are zero.
"""

from functools import partial

import numpy as np
import pandas as pd

from patron.metrics.columns import Column, Floats, Weights, binary, by_draw, changes, ratio, rows, sums, top_sums
from patron.metrics.intervals import bootstrap

__all__ = ["aipw_value", "autoc", "auuc", "ipw_value", "qini", "uplift_by_decile"]

TENTHS = 10


@by_draw
def qini(treated: Column, outcome: Column, score: Column, *, weight: Column | None = None) -> float:
    """Return by how much treating the best first beats treating at random, as area per treated customer.

    `treated` (n,) is 1 with the offer, 0 without it, drawn by lot; `outcome` (n,) events (0 or 1) or amounts; `score`
    (n,) any score, higher is treated sooner. The curve over the share of rows reached is the outcome of the treated
    among them, less that of the others scaled to as many; the area between it and the straight line to its end is
    divided by the treated. nan where an arm is empty. Source: Radcliffe (2007), Using control groups to target on
    predicted lift.

    >>> qini([1, 0, 1, 0], [1, 0, 0, 0], [2, 2, 1, 1])
    0.125
    """
    weights, arm, result, guess = _checked(weight, treated, outcome, score)
    count, with_offer, without, raised, plain = _reached(weights, guess, arm, 1 - arm, arm * result, (1 - arm) * result)
    curve = raised - with_offer * _rate(plain, without)
    return ratio(_area(count, curve) - curve[-1] / 2 * _known(without), with_offer[-1])


@by_draw
def auuc(treated: Column, outcome: Column, score: Column, *, weight: Column | None = None) -> float:
    """Return the area under the curve of the gain per customer when the best are treated first.

    Columns are those of `qini`. The curve over the share of rows reached is that share times the difference of the mean
    outcomes with the offer and without it among them; a score that sorts nothing has half of the average effect. nan
    where an arm is empty. Source: Devriendt, Van Belle, Guns and Verbeke (2020), Learning to rank for uplift modeling.

    >>> auuc([1, 0, 1, 0], [1, 0, 0, 0], [2, 2, 1, 1]), auuc([1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1])
    (0.375, 0.25)
    """
    weights, arm, result, guess = _checked(weight, treated, outcome, score)
    count, with_offer, without, raised, plain = _reached(weights, guess, arm, 1 - arm, arm * result, (1 - arm) * result)
    difference = _rate(raised, with_offer) - _rate(plain, without)
    share = count / np.where(count[-1] > 0, count[-1], np.nan)
    return _figure(_area(count, share * difference) * _known(with_offer) * _known(without))


@by_draw
def autoc(effect: Column, score: Column, *, weight: Column | None = None) -> float:
    """Return how much larger the effect is among the best than among all, averaged over every share of the best.

    `effect` (n,) an unbiased score of each row's effect (AIPW), `score` (n,) any score, higher is treated sooner. The
    very best weigh most, so it shows a few customers with a large effect; zero where the score sorts nothing. Source:
    Yadlowsky, Fleming, Shah, Brunskill and Wager (2025), Evaluating treatment prioritization rules via rank-weighted
    average treatment effects; here in closed form, with rows that tie sharing their mean.

    >>> round(autoc([1, 0], [2, 1]), 4), autoc([1, 0], [1, 1])
    (0.3466, 0.0)
    """
    weights, gain, guess = rows(weight, effect=effect, score=score)
    count, total = _reached(weights, guess, gain)
    share, reached = (column / np.where(count[-1] > 0, count[-1], np.nan) for column in (count, total))
    begin, end, before = share[:-1], share[1:], reached[:-1]
    slope = np.divide(np.diff(reached, axis=0), end - begin, out=np.zeros_like(begin), where=end > begin)
    first = begin <= 0
    steps = np.log(np.where(first, 1, end) / np.where(first, 1, begin))
    areas = (before - slope * begin) * steps + slope * (end - begin)
    return _figure(areas.sum(axis=0) - reached[-1])


@by_draw
def ipw_value(followed: Column, outcome: Column, propensity: Column, *, weight: Column | None = None) -> float:
    """Estimate the mean outcome under a policy from the rows whose arm was the one it recommends.

    `followed` (n,) is 1 where the row got what the policy recommends, `outcome` (n,) what came of it, `propensity` (n,)
    the probability of the arm that the row got. nan where the policy was nowhere followed. Source: Hájek (1971), the
    weighted mean whose weights add up to one.

    >>> ipw_value([1, 0, 1, 0], [4, 0, 1, 9], [0.25, 0.5, 0.5, 0.5])
    3.0
    """
    weights, same, result, chance = rows(weight, followed=followed, outcome=outcome, propensity=propensity)
    inverse = binary("followed", same) / chance
    return ratio(sums(inverse * result, weights), sums(inverse, weights))


@by_draw
def aipw_value(
    followed: Column, outcome: Column, propensity: Column, expected: Column, *, weight: Column | None = None
) -> float:
    """Estimate the mean outcome under a policy from what a model expects, mended by the rows that followed it.

    `expected` (n,) is the outcome that a model, fitted on other rows, expects under the recommended arm; all else is as
    in `ipw_value`. Right where either the expectation or the propensity is. Source: Robins, Rotnitzky and Zhao (1994).

    >>> aipw_value([1, 0, 1, 0], [4, 0, 1, 9], [0.5, 0.5, 0.5, 0.5], [3, 3, 2, 2])
    2.5
    """
    columns = {"followed": followed, "outcome": outcome, "propensity": propensity, "expected": expected}
    weights, same, result, chance, hope = rows(weight, **columns)
    value = hope + binary("followed", same) / chance * (result - hope)
    return ratio(sums(value, weights), sums(np.ones(len(value)), weights))


def uplift_by_decile(
    groups: Column, effect: Column, score: Column, *, repeats: int = 500, seed: int = 0, level: float = 0.95
) -> pd.DataFrame:
    """Compute the mean effect in each tenth of the customers, best score first, with its interval over customers.

    `groups` (n,) names the customer of each row, `effect` (n,) an unbiased score of each row's effect (AIPW), `score`
    (n,) the promised effect. Columns: `decile` (1 to 10), `promised` (mean score), `uplift` (mean effect), `low` and
    `high`. Rows that tie or straddle two tenths are shared out. All else is as in `bootstrap`.

    >>> uplift_by_decile(range(20), [1] * 2 + [0] * 18, range(20, 0, -1))[["decile", "promised", "uplift"]].head(2)
       decile  promised  uplift
    0       1      19.5     1.0
    1       2      17.5     0.0
    """
    _, gain, guess = rows(None, effect=effect, score=score)
    by_tenth = {str(place): partial(_tenth, place=place) for place in range(TENTHS)}
    estimates = bootstrap(by_tenth, groups, gain, guess, repeats=repeats, seed=seed, level=level).values()
    promised = [_tenth(guess, guess, place=place) for place in range(TENTHS)]
    columns = {name: [getattr(estimate, name) for estimate in estimates] for name in ("value", "low", "high")}
    places = {"decile": np.arange(1, TENTHS + 1), "promised": promised}
    return pd.DataFrame({**places, **columns}).rename(columns={"value": "uplift"})


@by_draw
def _tenth(effect: Column, score: Column, *, place: int, weight: Column | None = None) -> float:
    weights, gain, guess = rows(weight, effect=effect, score=score)
    bounds = np.array([place, place + 1]) / TENTHS
    below, above = top_sums(gain, guess, weights, bounds)
    return ratio((above - below) * TENTHS, sums(np.ones(len(gain)), weights))


def _checked(weight: Column | None, treated: Column, outcome: Column, score: Column) -> list[Weights]:
    weights, arm, result, guess = rows(weight, treated=treated, outcome=outcome, score=score)
    return [weights, binary("treated", arm), result, guess]


def _reached(weights: Weights, score: Floats, *columns: Floats) -> list[Floats]:
    """Sum the weights, then columns by weight, of the rows down to each distinct score, best first; from nobody on."""
    order = np.argsort(score, kind="stable")[::-1]
    ends = np.append(np.flatnonzero(changes(score[order]))[1:], len(order))
    down = weights[order].astype(np.float64)
    spread = [np.ones(len(score)), *columns]
    if down.ndim > 1:
        spread = [column[:, None] for column in spread]
    total = [np.cumsum(down * column[order], axis=0) for column in spread]
    nobody = np.zeros((1, *down.shape[1:]))
    return [np.concatenate([nobody, column[ends - 1] if len(order) else nobody]) for column in total]


def _rate(total: Floats, count: Floats) -> Floats:
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)


def _area(count: Floats, curve: Floats) -> Floats:
    """Integrate a curve over the share of rows reached."""
    heights = (curve[1:] + curve[:-1]) / 2
    return np.asarray(ratio((np.diff(count, axis=0) * heights).sum(axis=0), count[-1]))


def _known(count: Floats) -> Floats:
    """Return 1 where an arm has rows, nan where it has none."""
    return np.asarray(np.where(count[-1] > 0, 1.0, np.nan))


def _figure(value: Floats) -> float:
    """Return a number as Python's own, and those of many draws as they are."""
    return float(value) if np.ndim(value) == 0 else value  # type: ignore[return-value]
