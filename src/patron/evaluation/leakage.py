"""Probes: is a good figure too good to be true, and a poor one as good as it gets.

They take plain frames, so they also serve a snapshot without dates, from which nothing else here can be learned.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron import metrics
from patron.errors import MeasureError
from patron.metrics import Estimate, estimate, paired_difference
from patron.models.candidates import boosted
from patron.models.targets import Examples

__all__ = ["Ceiling", "LeakProbe", "ceiling_probe", "leak_probe", "too_good"]

TOO_GOOD = 0.95
STRONG = 0.85
AHEAD = 0.03
ASKED = 5
PARTS = 5
ROUNDS = 80
MIN_ROWS = 50


@dataclass(frozen=True)
class LeakProbe:
    """What the leak probe found.

    Args:
        features: `feature`, `auc` (what it tells alone, whichever way round) and `others` (what all others tell
            together, cross-fitted; known for the best few), the most telling first.
        suspects: why each feature that is too good is not to be believed, by name.
        shuffled: AUC of a model fitted to shuffled labels, which must be a half.
    """

    features: pd.DataFrame
    suspects: Mapping[str, str]
    shuffled: Estimate

    def check(self) -> None:
        """Refuse to go on with features that know the outcome, or with rows that stand on both sides of a split.

        Raises:
            MeasureError: a feature is too good to be true, or shuffled labels can be predicted.
        """
        for name, why in self.suspects.items():
            raise MeasureError(
                f"The feature {name!r} seems to know the outcome: {why}. Leave it out, or show that it is known "
                "before the cutoff (give it a `known_at`)."
            )
        if self.shuffled.low > 0.5:
            raise MeasureError(
                f"Labels that were shuffled are still predicted, with an AUC of {self.shuffled}: rows of one customer "
                "stand on both sides of the split. Name the customer of each row: groups=..."
            )


@dataclass(frozen=True)
class Ceiling:
    """How much is left: a model that may look at the answers of other customers at the same cutoff.

    Args:
        oracle: its AUC, cross-fitted by customer.
        left: the oracle's AUC less ours; where zero lies within, nothing more is to be had from these features.
    """

    oracle: Estimate
    left: Estimate


def leak_probe(X: pd.DataFrame, y: np.ndarray, groups: Sequence[object] | None = None, seed: int = 0) -> LeakProbe:
    """Learn whether a feature knows what it should not, before a model is proud of it.

    A feature is not believed where it alone has an AUC above 0.95, or one above 0.85 that is
    clearly above what all others tell together.

    Args:
        X: features of n rows, numbers or texts.
        y: 1 where it happened, else 0, shape (n,).
        groups: customer of each row; each row its own where None.
        seed: of the shuffling and of LightGBM's sampling.

    Raises:
        MeasureError: there are fewer than 50 rows, or one answer only.

    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> found = leak_probe(pd.DataFrame({"noise": rng.normal(size=200), "closed": y * 2.0}), y)
    >>> list(found.suspects)
    ['closed']
    """
    y = np.asarray(y, dtype=np.float64)
    _check_enough(y)
    who = np.arange(len(y)) if groups is None else np.asarray(groups)
    codes, categories = _coded(X)
    alone = {name: _alone(codes[:, i], y, i in categories, who) for i, name in enumerate(X.columns)}
    best = sorted(alone, key=lambda name: -alone[name])[:ASKED]
    others = {name: _without(X.columns.get_loc(name), codes, categories, y, who, seed) for name in best}
    told = pd.DataFrame({"feature": list(alone), "auc": list(alone.values())})
    told["others"] = told.feature.map(others)
    suspects = {name: why for name in best if (why := _why(alone[name], others[name]))}
    mixed = np.random.default_rng(seed).permutation(y)
    shuffled = estimate(metrics.auc, who, mixed, _crossed(codes, categories, mixed, who, seed), repeats=200, seed=seed)
    return LeakProbe(told.sort_values("auc", ascending=False, ignore_index=True), suspects, shuffled)


def too_good(
    X: pd.DataFrame, y: np.ndarray, groups: Sequence[object], timeless: Collection[str] = ()
) -> dict[str, str]:
    """Learn at once which features tell so much alone that they must know the outcome; the quick half of the probe.

    Args:
        X: features of n rows, numbers or texts.
        y: 1 where it happened, else 0, shape (n,).
        groups: customer of each row.
        timeless: features that nobody dated: a status of today tells of the past who had left by now. What is true of
            a customer at any time seldom tells much of one horizon, so less is believed of them.

    Returns:
        why each is not to be believed, by name; none where there is one answer only, or fewer than 50 rows.

    >>> y = np.arange(60) % 2
    >>> list(too_good(pd.DataFrame({"day": np.arange(60), "closed": y * 2.0}), y, np.arange(60)))
    ['closed']
    """
    y = np.asarray(y, dtype=np.float64)
    if len(y) < MIN_ROWS or len(np.unique(y)) != 2 or X.shape[1] == 0:
        return {}
    codes, categories = _coded(X)
    who = np.asarray(groups)
    alone = {name: _alone(codes[:, i], y, i in categories, who) for i, name in enumerate(X.columns)}
    return {
        name: _why(auc, 1.0) or f"{_alone_has(auc)}, much for what is said to hold at any time"
        for name, auc in alone.items()
        if auc > (STRONG if name in timeless else TOO_GOOD)
    }


def ceiling_probe(
    X: pd.DataFrame, y: np.ndarray, chance: np.ndarray, customers: Sequence[object], seed: int = 0
) -> Ceiling:
    """Estimate how much better the features could have done at a cutoff, had its own answers been known.

    Args:
        X: features of n rows at one test cutoff (or several).
        y: 1 where it happened, else 0, shape (n,).
        chance: the probability that our model gave, shape (n,).
        customers: of each row.
        seed: of LightGBM's sampling and of the bootstrap.

    Raises:
        MeasureError: there are fewer than 50 rows, or one answer only.
    """
    y = np.asarray(y, dtype=np.float64)
    _check_enough(y)
    who = np.asarray(customers)
    oracle = _crossed(*_coded(X), y, who, seed)
    return Ceiling(
        estimate(metrics.auc, who, y, oracle, seed=seed),
        paired_difference(metrics.auc, who, y, oracle, chance, seed=seed),
    )


def _check_enough(y: np.ndarray) -> None:
    if len(y) < MIN_ROWS or len(np.unique(y)) != 2:
        raise MeasureError(
            f"A probe needs at least {MIN_ROWS} rows with both answers, 0 and 1, got {len(y)} rows with "
            f"{sorted(set(np.unique(y).tolist()))[:3]}. Give more rows, or another horizon."
        )


def _coded(X: pd.DataFrame) -> tuple[np.ndarray, list[int]]:
    """Numbers, and texts as codes; unknown and infinite as NaN."""
    columns, categories = [], []
    for i, name in enumerate(X.columns):
        column = X[name]
        if pd.api.types.is_numeric_dtype(column):
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            columns.append(np.where(np.isinf(values), np.nan, values))
        else:
            codes = pd.Categorical(column).codes.astype(np.float64)
            columns.append(np.where(codes < 0, np.nan, codes))
            categories.append(i)
    return np.column_stack(columns).astype(np.float32), categories


def _alone(values: np.ndarray, y: np.ndarray, categorical: bool, who: np.ndarray) -> float:
    """AUC of one feature, either way round; a category by the rate that it has among other customers."""
    if categorical:
        values = _rates(values, y, _part(who))
    known = np.where(np.isnan(values), np.nanmin(values) - 1.0 if np.isfinite(values).any() else 0.0, values)
    return max(metrics.auc(y, known), metrics.auc(y, -known))


def _rates(codes: np.ndarray, y: np.ndarray, part: np.ndarray) -> np.ndarray:
    made = np.empty(len(y))
    places = np.where(np.isnan(codes), -1, codes).astype(int) + 1
    for k in range(PARTS):
        out = part == k
        count, hits = (np.bincount(places[~out], w, places.max() + 1) for w in (None, y[~out]))
        made[out] = ((hits + y.mean()) / (count + 1.0))[places[out]]
    return made


def _without(i: int, codes: np.ndarray, categories: list[int], y: np.ndarray, who: np.ndarray, seed: int) -> float:
    """AUC of all other features together; a half where there are none."""
    if codes.shape[1] == 1:
        return 0.5
    left = [c - (c > i) for c in categories if c != i]
    return metrics.auc(y, _crossed(np.delete(codes, i, axis=1), left, y, who, seed))


def _crossed(codes: np.ndarray, categories: list[int], y: np.ndarray, who: np.ndarray, seed: int) -> np.ndarray:
    """Log-odds for each row from trees that did not see its customer."""
    names = [f"f{i}" for i in range(codes.shape[1])]
    made, part = np.zeros(len(y)), _part(who)
    for k in range(PARTS):
        out = part == k
        rows = np.arange(int((~out).sum()))
        fitted = boosted(
            codes[~out], Examples(rows, None, y[~out].astype(int), 2), names, categories, ROUNDS, seed=seed
        )
        made[out] = fitted.margins(codes[out], Examples(np.arange(int(out.sum())), None, y[out].astype(int), 2))[:, 0]
    return made


def _part(who: np.ndarray) -> np.ndarray:
    """Part the customers into folds by their place; equal customers stay together."""
    return np.asarray(pd.factorize(who)[0] % PARTS)


def _why(alone: float, others: float) -> str:
    if alone > TOO_GOOD:
        return f"{_alone_has(alone)}, and above {TOO_GOOD} nothing is to be believed"
    if alone > max(STRONG, others + AHEAD):
        return f"{_alone_has(alone)}, all other features together have {others:.3f}"
    return ""


def _alone_has(auc: float) -> str:
    return f"alone it has an AUC of {auc:.3f}"
