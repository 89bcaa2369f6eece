"""Dependence: how answers go with one measure, and which pairs of measures move them only together."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd

from patron.errors import QuestionError, ScoreError, listed, nearest
from patron.explanations.drivers import SEASON, importance
from patron.explanations.pushes import check_features, explained_score
from patron.models.serving import Bundle, FeatureSpec, encode
from patron.models.targets import target_of
from patron.questions.matrices import Matrix

__all__ = ["dependence", "interactions", "weighty_dependence"]

BINS = 20
MOST = 20_000
Answer = Callable[[np.ndarray], np.ndarray]


def dependence(model: Bundle, rows: Matrix, feature: str, bins: int = BINS, seed: int = 0) -> pd.DataFrame:
    """Return how the answer goes with one measure, all else of each customer as it is: accumulated local effects.

    Customers of each bin of the measure are moved to both of its edges only, so that no combination of values is asked
    about that hardly occurs, as partial dependence does where measures go together (Apley and Zhu 2020, "Visualizing
    the effects of predictor variables in black box supervised learning models"). It is the model's view, no cause.

    Args:
        model: any trained model.
        rows: features of n customers; of more than 20,000, a random sample is looked at.
        feature: a number among them.
        bins: the most bins; each has about as many customers.
        seed: of the sample.

    Returns:
        at each edge: value (of the feature), effect (on the answer, a probability or money, beside the mean of all
        customers), count (customers in the bin that ends there).

    Raises:
        QuestionError: the model has no such feature, it is a category, or there are no bins.
        ScoreError: a feature of the model is missing, or nobody has a value.

    >>> from patron.features.definitions import Definition
    >>> days = {"name": "recency", "words": "Days", "theme": "habit", "unit": "days", "source": "orders"}
    >>> spec = {"features": [days | {"dtype": "float64", "levels": [], "usual": 0.0}], "calibration": None,
    ...         "answer": {"kind": "churn", "horizon": 90}, "estimator": {"kind": "linear", "inputs": [0],
    ...         "mean": [0.0], "scale": [1.0], "coef": [[1.0]], "intercept": [[0.0]]}}
    >>> key = pd.DataFrame({"customer": ["ann", "bob"], "cutoff": pd.to_datetime(["2024-05-01"] * 2)})
    >>> rows = Matrix(key, pd.DataFrame({"recency": [0.0, 2.0]}), (Definition(**days, formula=""),))
    >>> dependence(Bundle(spec), rows, "recency", bins=1).round(3).values.tolist()
    [[0.0, -0.125, 0.0], [2.0, 0.125, 2.0]]
    """
    place = _place(model, feature)
    if bins < 1:
        raise QuestionError(f"Dependence is asked in {bins} bins; the least is 1. Write bins=20.")
    X = _sample(model, rows, MOST, seed)
    X = X[~np.isnan(X[:, place])]
    if not len(X):
        raise ScoreError(f"No customer has a value of {feature!r}. Ask about another feature, or give other rows.")
    edges = np.unique(np.quantile(X[:, place], np.linspace(0.0, 1.0, bins + 1), method="inverted_cdf"))
    if len(edges) == 1:
        return pd.DataFrame({"value": edges.astype(np.float64), "effect": [0.0], "count": [len(X)]})
    part = np.clip(np.searchsorted(edges, X[:, place], side="left"), 1, len(edges) - 1)
    below, above = X.copy(), X.copy()
    below[:, place], above[:, place] = edges[part - 1], edges[part]
    answer = _answer(model)
    count = np.bincount(part, minlength=len(edges))
    moved = np.bincount(part, weights=answer(above) - answer(below), minlength=len(edges)) / np.maximum(count, 1)
    effect = np.cumsum(moved)
    mean = (count[1:] * (effect[1:] + effect[:-1]) / 2).sum() / count.sum()
    return pd.DataFrame({"value": edges.astype(np.float64), "effect": effect - mean, "count": count})


def weighty_dependence(
    model: Bundle, rows: Matrix, weights: pd.DataFrame, top: int
) -> list[tuple[FeatureSpec, pd.DataFrame]]:
    """Return how the answer goes with each of the weightiest numbers, where the answer is a probability.

    Args:
        model: any trained model.
        rows: features of n customers.
        weights: what `patron.explanations.drivers.importance` gives.
        top: so many numbers, without the season; those that are alike for all customers are left out.
    """
    if not explained_score(model).is_chance:
        return []
    numbers = {f["name"]: f for f in model.spec["features"] if f["dtype"] != "category"}
    weighty = weights.feature[(weights.push > 0) & (weights.theme != SEASON) & weights.feature.isin(list(numbers))]
    tables = [(numbers[name], dependence(model, rows, name)) for name in weighty.head(top)]
    return [(feature, table) for feature, table in tables if len(table) > 1]


def interactions(model: Bundle, rows: Matrix, top: int = 5, most: int = 100, seed: int = 0) -> pd.DataFrame:
    """Estimate which pairs of the weightiest measures move the log-odds only together, by Friedman's H.

    Of what a pair moves together, the share that neither moves alone, from partial dependence over a sample (Friedman
    and Popescu 2008, "Predictive learning via rule ensembles"). Its cost grows with the square of the sample.

    Args:
        model: any trained model.
        rows: features of n customers.
        top: so many measures, those whose pushes are the largest, without the season.
        most: customers in the sample.
        seed: of the sample.

    Returns:
        feature, other, words, other_words, strength (0: none, 1: only together), together (1 where the answer is higher
        than each alone would make it when both are high or both low, -1 where it is lower), strongest first.

    Raises:
        QuestionError: fewer than two measures or customers are asked about.
        ScoreError: there are no rows, or a feature of the model is missing.
    """
    if top < 2 or most < 2:
        raise QuestionError(f"Interactions are of two measures and customers at least, got top={top}, most={most}.")
    weighty = importance(model, rows, seed=seed)
    names = weighty.feature[(weighty.push > 0) & (weighty.theme != SEASON)].head(top)
    X, log_odds = _sample(model, rows, most, seed), _log_odds(model)
    alone = {name: _partial(log_odds, X, [_index(model, name)]) for name in names}
    words = {feature["name"]: feature["words"] for feature in model.spec["features"]}
    lines = []
    for first, other in combinations(names, 2):
        both = _partial(log_odds, X, [_index(model, first), _index(model, other)])
        rest, moved = both - alone[first] - alone[other], (both**2).sum()
        strength = float(np.sqrt(min(1.0, (rest**2).sum() / moved))) if moved > 0 else 0.0
        sign = _sign(rest, X[:, [_index(model, first), _index(model, other)]])
        lines.append((first, other, words[first], words[other], strength, sign))
    table = pd.DataFrame(lines, columns=["feature", "other", "words", "other_words", "strength", "together"])
    return table.sort_values(["strength", "feature", "other"], ascending=[False, True, True], ignore_index=True)


def _sign(rest: np.ndarray, values: np.ndarray) -> int:
    """Return whether what a pair moves only together goes up where both are high or both low, or down."""
    ranks = pd.DataFrame(values).rank().to_numpy()
    both = np.prod(np.nan_to_num(ranks - np.nanmean(ranks, axis=0)), axis=1)
    return int(np.sign((rest * both).sum()))


def _place(model: Bundle, name: str) -> int:
    names = [feature["name"] for feature in model.spec["features"]]
    if name not in names:
        raise QuestionError(f"The model has no feature {name!r}.{nearest(name, names)} It has: {listed(names)}.")
    if model.spec["features"][names.index(name)]["dtype"] == "category":
        raise QuestionError(
            f"Dependence is on a number, and {name!r} is a category. Ask about another feature, or read its reasons: "
            "pt.drivers(model, rows)."
        )
    return names.index(name)


def _index(model: Bundle, name: str) -> int:
    return [feature["name"] for feature in model.spec["features"]].index(name)


def _sample(model: Bundle, rows: Matrix, most: int, seed: int) -> np.ndarray:
    check_features(model, rows)
    chosen = rows.take(np.random.default_rng(seed).permutation(np.arange(len(rows)) < most))
    return encode(chosen.X, model.spec["features"])


def _steps(model: Bundle, X: np.ndarray) -> np.ndarray:
    score = target_of(model.spec["answer"]).explained_score(model, X)
    return np.stack([model.log_odds(X, step) for step in score.steps], axis=1)


def _answer(model: Bundle) -> Answer:
    """Return the function of features that gives what drivers explain."""

    def answer(X: np.ndarray) -> np.ndarray:
        score = target_of(model.spec["answer"]).explained_score(model, X)
        return score.value(_steps(model, X), np.arange(len(X)))

    return answer


def _log_odds(model: Bundle) -> Answer:
    """Return the function of features that gives the log-odds whose pushes add up."""

    def log_odds(X: np.ndarray) -> np.ndarray:
        score = target_of(model.spec["answer"]).explained_score(model, X)
        return np.asarray(np.einsum("nsk,sk->n", _steps(model, X), score.weight))

    return log_odds


def _partial(answer: Answer, X: np.ndarray, places: list[int]) -> np.ndarray:
    """Return the partial dependence on some features at each row's own values, centred."""
    every = np.tile(X, (len(X), 1))
    every[:, places] = np.repeat(X[:, places], len(X), axis=0)
    mean = answer(every).reshape(len(X), len(X)).mean(axis=1)
    return mean - mean.mean()
