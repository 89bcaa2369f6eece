"""Training: a ranking of what next baskets hold, chosen against good neighbours by a rolling back-test.

The trees rank only where they beat the neighbours beyond noise at past cutoffs whose labels training did not see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.history.history import History
from patron.models.baskets.calibration import fit_chances
from patron.models.baskets.candidates import COLUMNS, Candidates, candidates
from patron.models.baskets.lines import Lines, next_baskets
from patron.models.baskets.market import buyers_of, market_at
from patron.models.baskets.results import bought_before, came, list_results, sizes_of
from patron.models.rolling_origin import folds
from patron.models.serving import BasketSpec, candidate_scores
from patron.periods import EVER, Span

__all__ = ["LENGTHS", "TOP", "Examples", "Ranking", "examples_at", "fit_ranking"]

TOP = {"category": 3, "item": 10}
LENGTHS = {"category": (3, 10), "item": (10, 20)}
MONTH, FORTNIGHT = timedelta(days=30), timedelta(days=15)
MOST_CUTOFFS, MOST_EXAMPLES, FEWEST = 6, 3_000, 200
JUDGED = 2
ROUNDS = (50, 100)
OWN_WEIGHTS = (0.5, 0.6, 0.7, 0.8, 0.9)
BEYOND_NOISE = 1.96
TREES = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 30,
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "lambda_l2": 5.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


@dataclass(frozen=True)
class Ranking:
    """A trained ranking, and why its way was chosen.

    Args:
        spec: what a bundle keeps of it.
        ranker: its trees, where it has any.
        reason: why it ranks so, in a sentence.
    """

    spec: BasketSpec
    ranker: lgb.Booster | None
    reason: str


@dataclass(frozen=True)
class Examples:
    """Customers at a cutoff who bought within the horizon, with what they might have bought.

    Args:
        candidates: what each might buy.
        hits: whether the next basket held it, shape (n,).
        sizes: of the basket of each customer, shape (customers,).
        repeats: how much of it the customer had bought before, shape (customers,).
    """

    candidates: Candidates
    hits: np.ndarray
    sizes: np.ndarray
    repeats: np.ndarray


def fit_ranking(lines: Lines, cutoffs: Sequence[datetime], active_in: Span, horizon: Span, seed: int = 0) -> Ranking:
    """Fit the ways of ranking at past cutoffs, and choose the one that ranks.

    Args:
        lines: what was bought, by category or item.
        cutoffs: those that training may use, in the order of time; more are put between the first and the last.
        active_in: who is asked about, as in the questions.
        horizon: how far ahead the next basket may lie.
        seed: draws customers.

    Raises:
        QuestionError: a horizon has not passed.
    """
    by = lines.by
    chosen = _cutoffs(lines.history, cutoffs, horizon)
    most = max(MOST_EXAMPLES // len(chosen), 1)
    examples = {c: examples_at(lines, c, active_in, horizon, seed, most) for c in chosen}
    examples = {cutoff: example for cutoff, example in examples.items() if example.hits.any()}
    plain: BasketSpec = {
        "by": by,
        "top": TOP[by],
        "way": "neighbours",
        "own_weight": OWN_WEIGHTS[len(OWN_WEIGHTS) // 2],
        "rounds": 0,
        "columns": list(COLUMNS),
        "chance": None,
        "horizon": horizon.length,
        "active_in": None if active_in == EVER else active_in.length,
        "seed": seed,
    }
    return _chosen(plain, examples, horizon) if examples else Ranking(plain, None, "nobody bought again to learn from")


def examples_at(lines: Lines, cutoff: datetime, active_in: Span, horizon: Span, seed: int, most: int) -> Examples:
    """Return customers at a cutoff who bought within the horizon, at most so many, drawn by the seed.

    Raises:
        QuestionError: the horizon has not passed.
    """
    held = next_baskets(lines, cutoff, horizon)
    market = market_at(lines, cutoff, active_in, horizon, seed)
    customers = np.intersect1d(held["customer"].unique(), market.active)
    if len(customers) > most:
        drawn = np.random.default_rng(seed).choice(len(customers), most, replace=False)
        customers = customers[np.sort(drawn)]
    buyers = buyers_of(lines, cutoff, customers, market.items)
    those = candidates(market, buyers)
    again = held[bought_before(buyers, market.items, held)]
    return Examples(those, came(those, held), sizes_of(those, held), sizes_of(those, again))


def _cutoffs(history: History, known: Sequence[datetime], horizon: Span) -> list[datetime]:
    """Return cutoffs a month apart (a fortnight, for short horizons) back from the last, a few spread over all."""
    step = FORTNIGHT if horizon.delta <= MONTH else MONTH
    first, last = min(known), max(known)
    history.check_passed(last, horizon)
    every = [last - n * step for n in range((last - first) // step + 1)]
    passed = [cutoff for cutoff in reversed(every) if _has_passed(history, cutoff, horizon)]
    places = np.unique(np.linspace(0, len(passed) - 1, min(MOST_CUTOFFS, len(passed))).round().astype(int))
    return [passed[place] for place in places]


def _has_passed(history: History, cutoff: datetime, horizon: Span) -> bool:
    try:
        history.check_passed(cutoff, horizon)
        history.check_cutoff(cutoff)
    except QuestionError:
        return False
    return True


def _chosen(plain: BasketSpec, examples: Mapping[datetime, Examples], horizon: Span) -> Ranking:
    """Return the ranking whose lists were best at past cutoffs: neighbours, or trees where they are better for sure."""
    parts = list(folds(list(examples), horizon))[-JUDGED:]
    judged = [examples[fold.judged] for fold in parts] or list(examples.values())[-1:]
    nobody = [None] * len(judged)
    weights = [_with(plain, own_weight=weight) for weight in OWN_WEIGHTS]
    near, of_near = _best(weights, nobody, judged)
    fitted = [[examples[cutoff] for cutoff in fold.fitted] for fold in parts]
    if min((sum(len(example.sizes) for example in known) for known in fitted), default=0) < FEWEST:
        return _calibrated(near, None, nobody, judged, "neighbours rank, as too few past baskets teach trees")
    rankers = [_fitted(near, known) for known in fitted]
    stages = [_with(near, way="ranker", rounds=rounds) for rounds in ROUNDS]
    best, of_best = _best(stages, rankers, judged)
    gain = of_best - of_near
    noise = BEYOND_NOISE * gain.std() / np.sqrt(len(gain))
    words = f"{gain.mean():+.4f} of recall and NDCG against neighbours at past cutoffs, noise {noise:.4f}"
    if gain.mean() <= noise:
        return _calibrated(near, None, nobody, judged, f"neighbours rank; trees gain {words}")
    return _calibrated(best, _fitted(best, list(examples.values())), rankers, judged, f"trees rank; they gain {words}")


def _with(spec: BasketSpec, **changed: object) -> BasketSpec:
    return {**spec, **changed}  # type: ignore[typeddict-item]


def _best(
    specs: Sequence[BasketSpec], rankers: Sequence[lgb.Booster | None], judged: Sequence[Examples]
) -> tuple[BasketSpec, np.ndarray]:
    """Return the specification whose lists are best, the first of equal ones, and how good that of each customer is."""
    qualities = [_quality(spec, rankers, judged) for spec in specs]
    first = int(np.argmax([quality.mean() for quality in qualities]))
    return specs[first], qualities[first]


def _quality(spec: BasketSpec, rankers: Sequence[lgb.Booster | None], judged: Sequence[Examples]) -> np.ndarray:
    """Return how good the list of each customer is: NDCG of a short one and recall of a long one, in the mean."""
    short, long = LENGTHS[spec["by"]]
    parts = []
    for ranker, example in zip(rankers, judged, strict=True):
        those = example.candidates
        result = list_results(
            those.row, candidate_scores(spec, ranker, those.X), example.hits, example.sizes, (short, long)
        )
        parts.append((result[f"ndcg_{short}"] + result[f"recall_{long}"]) / 2)
    return np.concatenate(parts)


def _fitted(spec: BasketSpec, examples: Sequence[Examples]) -> lgb.Booster:
    """Return trees that order the candidates of each customer; customers without a hit have nothing to order."""
    X, hits, groups = zip(*(_ordered(example) for example in examples), strict=True)
    data = lgb.Dataset(
        np.concatenate(X), np.concatenate(hits), group=np.concatenate(groups), feature_name=list(COLUMNS)
    )
    rounds = spec["rounds"] or max(ROUNDS)
    return lgb.train({**TREES, "seed": spec["seed"]}, data, num_boost_round=rounds)


def _ordered(example: Examples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row = example.candidates.row
    counts = np.bincount(row, weights=example.hits, minlength=len(example.sizes))
    kept = counts[row] > 0
    groups = np.bincount(row[kept])
    return (
        example.candidates.X[list(COLUMNS)].to_numpy(np.float32)[kept],
        example.hits[kept].astype(np.int8),
        groups[groups > 0],
    )


def _calibrated(
    spec: BasketSpec,
    ranker: lgb.Booster | None,
    rankers: Sequence[lgb.Booster | None],
    judged: Sequence[Examples],
    reason: str,
) -> Ranking:
    """Add the chances that candidates had at the judged cutoffs, by the score that the back-test gave them."""
    scores = [candidate_scores(spec, r, e.candidates.X) for r, e in zip(rankers, judged, strict=True)]
    X = pd.concat([example.candidates.X for example in judged], ignore_index=True)
    hits = np.concatenate([example.hits for example in judged])
    return Ranking(_with(spec, chance=fit_chances(np.concatenate(scores), X, hits)), ranker, reason)
