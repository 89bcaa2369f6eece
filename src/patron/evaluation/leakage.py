"""Leakage: whether a good figure is too good to be true, because a feature knows the outcome.

The probes take plain frames, so they also serve a snapshot without dates, from which nothing else here can be learned.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron import metrics
from patron.errors import MeasureError
from patron.metrics import Estimate, estimate
from patron.models.candidates import boosted
from patron.models.targets import Examples

__all__ = ["LeakProbe", "leak_probe", "too_good"]

TOO_GOOD = 0.95
STRONG = 0.85
MARGIN_OVER_OTHERS = 0.03
N_BEST = 5
N_FOLDS = 5
ROUNDS = 80
MIN_ROWS = 50


@dataclass(frozen=True)
class LeakProbe:
    """The results of the leak probe.

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


def leak_probe(X: pd.DataFrame, y: np.ndarray, groups: Sequence[object] | None = None, seed: int = 0) -> LeakProbe:
    """Estimate whether a feature knows what it should not, before a model is proud of it.

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
    >>> probe = leak_probe(pd.DataFrame({"noise": rng.normal(size=200), "closed": y * 2.0}), y)
    >>> list(probe.suspects)
    ['closed']
    """
    y = np.asarray(y, dtype=np.float64)
    _check_enough(y)
    customer = np.arange(len(y)) if groups is None else np.asarray(groups)
    codes, categories = _encoded(X)
    alone = {name: _auc_alone(codes[:, i], y, i in categories, customer) for i, name in enumerate(X.columns)}
    best = sorted(alone, key=lambda name: -alone[name])[:N_BEST]
    others = {name: _auc_of_others(X.columns.get_loc(name), codes, categories, y, customer, seed) for name in best}
    table = pd.DataFrame({"feature": list(alone), "auc": list(alone.values())})
    table["others"] = table.feature.map(others)
    suspects = {name: why for name in best if (why := _reason(alone[name], others[name]))}
    mixed = np.random.default_rng(seed).permutation(y)
    guess = _cross_fitted(codes, categories, mixed, customer, seed)
    shuffled = estimate(metrics.auc, customer, mixed, guess, repeats=200, seed=seed)
    return LeakProbe(table.sort_values("auc", ascending=False, ignore_index=True), suspects, shuffled)


def too_good(
    X: pd.DataFrame, y: np.ndarray, groups: Sequence[object], timeless: Collection[str] = ()
) -> dict[str, str]:
    """Return at once which features tell so much alone that they must know the outcome; the quick half of the probe.

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
    codes, categories = _encoded(X)
    customer = np.asarray(groups)
    alone = {name: _auc_alone(codes[:, i], y, i in categories, customer) for i, name in enumerate(X.columns)}
    return {
        name: _reason(auc, 1.0) or f"{_alone_has(auc)}, much for what is said to hold at any time"
        for name, auc in alone.items()
        if auc > (STRONG if name in timeless else TOO_GOOD)
    }


def _check_enough(y: np.ndarray) -> None:
    if len(y) < MIN_ROWS or len(np.unique(y)) != 2:
        raise MeasureError(
            f"A probe needs at least {MIN_ROWS} rows with both answers, 0 and 1, got {len(y)} rows with "
            f"{sorted(set(np.unique(y).tolist()))[:3]}. Give more rows, or another horizon."
        )


def _encoded(X: pd.DataFrame) -> tuple[np.ndarray, list[int]]:
    """Return numbers, and texts as codes; unknown and infinite as NaN."""
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


def _auc_alone(values: np.ndarray, y: np.ndarray, categorical: bool, customer: np.ndarray) -> float:
    """Return the AUC of one feature, either way round; a category by the rate that it has among other customers."""
    if categorical:
        values = _rates(values, y, _folds(customer))
    known = np.where(np.isnan(values), np.nanmin(values) - 1.0 if np.isfinite(values).any() else 0.0, values)
    return max(metrics.auc(y, known), metrics.auc(y, -known))


def _rates(codes: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    rates = np.empty(len(y))
    levels = np.where(np.isnan(codes), -1, codes).astype(int) + 1
    for k in range(N_FOLDS):
        out = fold == k
        count, hits = (np.bincount(levels[~out], w, levels.max() + 1) for w in (None, y[~out]))
        rates[out] = ((hits + y.mean()) / (count + 1.0))[levels[out]]
    return rates


def _auc_of_others(
    i: int, codes: np.ndarray, categories: list[int], y: np.ndarray, customer: np.ndarray, seed: int
) -> float:
    """Return the AUC of all other features together; a half where there are none."""
    if codes.shape[1] == 1:
        return 0.5
    left = [c - (c > i) for c in categories if c != i]
    return metrics.auc(y, _cross_fitted(np.delete(codes, i, axis=1), left, y, customer, seed))


def _cross_fitted(
    codes: np.ndarray, categories: list[int], y: np.ndarray, customer: np.ndarray, seed: int
) -> np.ndarray:
    """Return log-odds for each row from trees that did not see its customer."""
    names = [f"f{i}" for i in range(codes.shape[1])]
    log_odds, fold = np.zeros(len(y)), _folds(customer)
    for k in range(N_FOLDS):
        out = fold == k
        known, unseen = (_examples(y[mask]) for mask in (~out, out))
        trees = boosted(codes[~out], known, names, categories, ROUNDS, seed=seed)
        log_odds[out] = trees.log_odds(codes[out], unseen)[:, 0]
    return log_odds


def _examples(y: np.ndarray) -> Examples:
    return Examples(np.arange(len(y)), None, y.astype(int), 2)


def _folds(customer: np.ndarray) -> np.ndarray:
    """Return the fold of each row, by the place of its customer; equal customers stay together."""
    return np.asarray(pd.factorize(customer)[0] % N_FOLDS)


def _reason(alone: float, others: float) -> str:
    if alone > TOO_GOOD:
        return f"{_alone_has(alone)}, and above {TOO_GOOD} nothing is to be believed"
    if alone > max(STRONG, others + MARGIN_OVER_OTHERS):
        return f"{_alone_has(alone)}, all other features together have {others:.3f}"
    return ""


def _alone_has(auc: float) -> str:
    return f"alone it has an AUC of {auc:.3f}"
