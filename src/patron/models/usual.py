"""Usual: what is usual and plausible of each feature, by how long customers are known, and which go together."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from patron.models.serving import FeatureSpec, PlausibleSpec, StandingSpec

__all__ = [
    "SPREAD",
    "standing",
    "third_of",
    "usual_value",
    "with_groups",
    "with_plausible",
    "with_spread",
    "with_usual",
]

STANDING = ("tenure", "contract_age")  # days since the first order, or under contract
PARTS = 3
TOGETHER = 0.8  # the least rank correlation, up or down, of all pairs in a group
MOST = 5_000  # rows that correlations are found from
MOST_RANGED = 50_000  # rows that plausible values are found from
PLAUSIBLE = [0.05, 0.95]
SPREAD = np.linspace(0.0, 1.0, 41)  # the quantiles that tell how a number is spread


def usual_value(column: pd.Series, levels: Sequence[str]) -> float | str | None:
    """Return the median of numbers or the most frequent of known texts, None where nothing is known."""
    if not pd.api.types.is_numeric_dtype(column):
        known = column[column.isin(levels)]
        return str(known.mode()[0]) if len(known) else None
    known = column.replace([np.inf, -np.inf], np.nan).dropna()
    return float(known.median()) if len(known) else None


def standing(X: pd.DataFrame) -> StandingSpec | None:
    """Return the thirds of customers by how long they are known, None where nobody knows or all are alike.

    >>> standing(pd.DataFrame({"tenure": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]}))
    {'feature': 0, 'edges': [20.0, 40.0]}
    """
    name = next((name for name in STANDING if name in X), None)
    if name is None or not pd.api.types.is_numeric_dtype(X[name]):
        return None
    known = X[name].replace([np.inf, -np.inf], np.nan).dropna()
    edges = [float(e) for e in known.quantile([1 / PARTS, 2 / PARTS], interpolation="lower")] if len(known) else []
    if not edges or edges[0] >= edges[1] or edges[1] >= known.max():
        return None
    return {"feature": X.columns.get_loc(name), "edges": edges}


def with_usual(features: Sequence[FeatureSpec], X: pd.DataFrame, thirds: StandingSpec | None) -> list[FeatureSpec]:
    """Return the features with what is usual of each in each third of customers.

    Args:
        features: as the bundle describes them.
        X: the training rows.
        thirds: of customers, as `standing` finds them.
    """
    if thirds is None:
        return list(features)
    third = third_of(X.iloc[:, thirds["feature"]], thirds)
    numbers = X.select_dtypes("number").replace([np.inf, -np.inf], np.nan)
    medians = numbers.groupby(third).median().reindex(range(PARTS)).astype("float64")
    usual: dict[str, list[float | str | None]] = {
        str(name): [None if np.isnan(m) else float(m) for m in column] for name, column in medians.items()
    }
    for f in features:
        if f["name"] not in usual:
            usual[f["name"]] = [usual_value(X.loc[third == i, f["name"]], f["levels"]) for i in range(PARTS)]
    return [cast(FeatureSpec, f | {"usual_in": usual[f["name"]]}) for f in features]


def with_plausible(features: Sequence[FeatureSpec], X: pd.DataFrame, thirds: StandingSpec | None) -> list[FeatureSpec]:
    """Return the features with the values that numbers had: from where to where most lie, in each third of customers.

    Args:
        features: as the bundle describes them.
        X: the training rows, of which a part is looked at where they are many.
        thirds: of customers, as `standing` finds them.
    """
    third = third_of(X.iloc[:, thirds["feature"]], thirds) if thirds else np.zeros(len(X))
    some = np.arange(len(X)) % max(1, len(X) // MOST_RANGED) == 0
    parts = [some & (third == i) for i in range(PARTS if thirds else 1)]
    return [f if f["dtype"] == "category" else f | {"plausible": _plausible(X[f["name"]], parts)} for f in features]


def _plausible(column: pd.Series, parts: Sequence[np.ndarray]) -> PlausibleSpec:
    values = column.to_numpy(dtype=np.float64)
    known = np.isfinite(values)
    seen = values[known]
    of_parts = [values[known & part] for part in parts]
    return {
        "whole": bool((seen % 1 == 0).all()),
        "all": [float(seen.min()), float(seen.max())] if len(seen) else None,
        "thirds": [np.quantile(p, PLAUSIBLE, method="nearest").tolist() if len(p) else None for p in of_parts],
    }


def with_spread(features: Sequence[FeatureSpec], X: pd.DataFrame) -> list[FeatureSpec]:
    """Return the features with how their values are spread: quantiles of numbers, the share of each level of texts.

    Args:
        features: as the bundle describes them.
        X: the training rows, of which a part is looked at where they are many.
    """
    some = X.iloc[:: max(1, len(X) // MOST_RANGED)]
    return [cast(FeatureSpec, f | _spread(some[f["name"]], f)) for f in features]


def _spread(column: pd.Series, feature: FeatureSpec) -> dict[str, list[float]]:
    if feature["dtype"] == "category":
        return {"level_shares": [round(float((column == level).mean()), 4) for level in feature["levels"]]}
    values = column.to_numpy(dtype=np.float64)
    known = values[np.isfinite(values)]
    quantiles = np.quantile(known, SPREAD, method="inverted_cdf") if len(known) else []
    return {"spread": [float(f"{quantile:.6g}") for quantile in quantiles]}


def third_of(days: npt.ArrayLike, thirds: StandingSpec) -> np.ndarray:
    """Return the third of each customer, 0 to 2, or -1 where nobody knows."""
    days = np.asarray(days, dtype=np.float64)
    return np.where(np.isfinite(days), np.searchsorted(thirds["edges"], days, side="left"), -1)


def with_groups(features: Sequence[FeatureSpec], X: pd.DataFrame) -> list[FeatureSpec]:
    """Return the features with the number of the group of each that goes together with others.

    All pairs of a group have a rank correlation (Spearman) of .8 or more, up or down, over a sample of the rows.

    Args:
        features: as the bundle describes them.
        X: the training rows.
    """
    numbers = [i for i, feature in enumerate(features) if feature["dtype"] != "category"]
    sample = X.iloc[:: max(1, len(X) // MOST), numbers].rank()
    ranks = sample.fillna(sample.mean()).fillna(0.0).to_numpy()
    varied = ranks.std(axis=0) > 0
    if varied.sum() < 2:
        return list(features)
    distance = 1.0 - np.abs(np.corrcoef(ranks[:, varied], rowvar=False))
    joined = linkage(squareform(distance, checks=False), method="complete")
    group = fcluster(joined, 1.0 - TOGETHER, criterion="distance")
    of = dict(zip(np.asarray(numbers)[varied].tolist(), group.tolist(), strict=True))
    shared = {number for number in of.values() if list(of.values()).count(number) > 1}
    return [f | {"group": of[i]} if of.get(i) in shared else f for i, f in enumerate(features)]
