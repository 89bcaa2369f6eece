"""Compute where a score is right and where it earns its keep, as small tables ready to plot."""

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import pandas as pd

from patron.errors import PatronError
from patron.metrics.columns import Column, Floats, binary, rows, tied, top_sums
from patron.metrics.shares import share_interval

__all__ = ["earned", "gain", "intervals", "lift", "reached", "reliability"]

LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


def reliability(actual: Column, predicted: Column, bins: int = 10, *, level: float = 0.95) -> pd.DataFrame:
    """Compare promised chances with the rates that came true, from unlikely rows to likely ones.

    `actual` (n,) is 0 or 1, `predicted` (n,) probabilities, `bins` groups of about equal count: rows of equal
    prediction stay together, so there may be fewer. Columns: `predicted` (mean), `observed` (rate), `count`,
    `low` and `high` (bounds of the rate, which take rows as independent: several cutoffs of one customer make
    them too narrow). Raises PatronError for bins below 1, a level out of (0, 1) and columns that do not fit.
    Source: Wilson (1927), the score interval.

    >>> print(reliability([0, 0, 0, 1], [0.1, 0.1, 0.6, 0.6], bins=2).round(3).to_string(index=False))
     predicted  observed  count   low  high
           0.1       0.0      2 0.000 0.658
           0.6       0.5      2 0.095 0.905
    """
    if bins < 1:
        raise PatronError(f"A reliability curve needs bins, got bins={bins}. Give one or more, as bins=10.")
    weight, true, guess = rows(None, actual=actual, predicted=predicted)
    count, hits, total = _binned(guess, bins, weight, binary("actual", true), guess)
    low, high = _interval(hits, count, level)
    columns = {"predicted": total / count, "observed": hits / count, "count": count.astype(int)}
    return pd.DataFrame({**columns, "low": low, "high": high})


def earned(actual: Column, predicted: Column, bins: int = 10) -> pd.DataFrame:
    """Compare promised amounts with what came in, from the customers worth least to those worth most.

    `actual` (n,) and `predicted` (n,) amounts in one unit, `bins` groups of about equal count: rows of equal prediction
    stay together. Columns: `predicted` and `observed` (means), `count`, `low` and `high` (95 % bounds of the mean
    observed, by the normal approximation, which takes rows as independent).

    >>> print(earned([0, 2, 10, 14], [1, 1, 12, 12], bins=2).round(2).to_string(index=False))
     predicted  observed  count  low  high
           1.0       1.0      2 -0.96  2.96
          12.0      12.0      2  8.08 15.92
    """
    weight, true, guess = rows(None, actual=actual, predicted=predicted)
    count, total, squares, promised = _binned(guess, bins, weight, true, true**2, guess)
    mean = total / count
    spread = Z * np.sqrt(np.maximum(squares / count - mean**2, 0) / np.maximum(count - 1, 1))
    columns = {"predicted": promised / count, "observed": mean, "count": count.astype(int)}
    return pd.DataFrame({**columns, "low": mean - spread, "high": mean + spread})


def intervals(actual: Column, low: Column, high: Column, predicted: Column, bins: int = 5) -> pd.DataFrame:
    """Compute how often an interval holds, for small and large predictions apart.

    `actual`, `low`, `high` and `predicted` (n,) in one unit, `bins` groups of about equal count by `predicted`.
    Columns: `predicted` (mean), `held` (share in the interval, bounds included), `count`, `low` and `high` (95 % Wilson
    bounds).

    >>> print(intervals([1, 5, 9, 9], [2] * 4, [6] * 4, [1, 1, 8, 8], bins=2)[["predicted", "held", "count"]])
       predicted  held  count
    0        1.0   0.5      2
    1        8.0   0.0      2
    """
    weight, true, low, high, guess = rows(None, actual=actual, low=low, high=high, predicted=predicted)
    inside = ((low <= true) & (true <= high)).astype(np.float64)
    count, promised, hits = _binned(guess, bins, weight, guess, inside)
    under, over = _interval(hits, count, LEVEL)
    columns = {"predicted": promised / count, "held": hits / count, "count": count.astype(int)}
    return pd.DataFrame({**columns, "low": under, "high": over})


def reached(actual: Column, promised: Mapping[float, Column], end: float) -> pd.DataFrame:
    """Compare how many are back by a day with how many were promised to be, although observation ends earlier.

    `actual` (n,) days until the purchase or, for those still awaited, `end`, the days of observation; `promised`: for
    each share the days (n,) by which it is to be back. Counted are the customers whose day lies within the observation,
    for whom alone it is known. Columns: `promised`, `observed` (shares), `count`, `low` and `high` (95 % Wilson
    bounds).

    >>> print(reached([2, 9, 30], {0.5: [3, 5, 8], 0.9: [20, 40, 50]}, end=30)[["promised", "observed", "count"]])
       promised  observed  count
    0       0.5  0.333333      3
    1       0.9  1.000000      1
    """
    lines = []
    for share, days in promised.items():
        _, true, bound = rows(None, actual=actual, days=days)
        known = bound < end
        lines.append((share, float((true < bound)[known].sum()), float(known.sum())))
    shares, hits, count = (np.array([line[k] for line in lines if line[2]]) for k in range(3))
    low, high = _interval(hits, count, LEVEL)
    columns = {"promised": shares, "observed": hits / count, "count": count.astype(int)}
    return pd.DataFrame({**columns, "low": low, "high": high})


def gain(actual: Column, score: Column) -> pd.DataFrame:
    """Compute what share of the events is found by contacting any share of the customers, best score first.

    `actual` (n,) events (0 or 1) or amounts, `score` (n,) any score. Columns: `contacted` and `found`, shares
    that start at 0 and end at 1, one row per distinct score; the straight line between two rows is the
    average over all orders of the customers who tie. `found` is nan where `actual` sums to zero.

    >>> print(gain([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1]).to_string(index=False))
     contacted  found
          0.00    0.0
          0.25    0.5
          0.75    1.0
          1.00    1.0
    """
    weight, true, score = rows(None, actual=actual, score=score)
    size, events = tied(score, weight, true)
    contacted, hits = (np.append(0, column[::-1].cumsum()) for column in (size, events))
    everybody, every_event = contacted[-1] or np.nan, hits[-1] or np.nan
    return pd.DataFrame({"contacted": contacted / everybody, "found": hits / every_event})


def lift(actual: Column, score: Column) -> pd.DataFrame:
    """Compute how many times more events than by chance lie in each tenth of the customers, best tenth first.

    `actual` (n,) events (0 or 1) or amounts, `score` (n,) any score. Columns: `decile` (1 to 10), `rate`
    (mean of `actual` in it), `lift` (that over the mean of all) and `cumulative` (lift of all tenths so far).
    Rows that tie or straddle two tenths are shared out. Lifts are nan where `actual` sums to zero.

    >>> print(lift([1] * 3 + [0] * 7, range(10, 0, -1)).head(4).round(2).to_string(index=False))
     decile  rate  lift  cumulative
          1   1.0  3.33        3.33
          2   1.0  3.33        3.33
          3   1.0  3.33        3.33
          4   0.0  0.00        2.50
    """
    weight, true, score = rows(None, actual=actual, score=score)
    shares = np.linspace(0, 1, 11)
    hits = top_sums(true, score, weight, shares)
    rate = np.diff(hits) * 10 / (weight.sum() or np.nan)
    whole = hits[-1] or np.nan
    columns = {"decile": np.arange(1, 11), "rate": rate, "lift": np.diff(hits) * 10 / whole}
    return pd.DataFrame({**columns, "cumulative": hits[1:] / shares[1:] / whole})


def _binned(guess: Floats, bins: int, weight: Floats, *columns: Floats) -> list[Floats]:
    """Add weights and columns up over groups of about equal count, from the lowest guess to the highest."""
    size, *sums = tied(guess, weight, *columns)
    # Rows of equal prediction have one middle rank, so no order of theirs can split them.
    middle = size.cumsum() - size / 2
    bin_index = np.floor(middle * bins / max(size.sum(), 1)).astype(np.intp)
    added = [np.bincount(bin_index, column).astype(np.float64) for column in (size, *sums)]
    return [column[added[0] > 0] for column in added]


def _interval(hits: Floats, count: Floats, level: float) -> tuple[Floats, Floats]:
    if not 0 < level < 1:
        raise PatronError(f"The level of an interval is a share, got level={level}. Give one as level=0.95.")
    return share_interval(hits, count, NormalDist().inv_cdf((1 + level) / 2))
