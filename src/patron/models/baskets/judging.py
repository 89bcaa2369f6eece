"""Judging: how often lists foretold the next basket at test cutoffs, beside the ways that any of them must beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd

from patron.metrics import Estimate, bootstrap, by_draw
from patron.metrics.columns import mean, rows
from patron.models.baskets.lines import Lines, next_baskets
from patron.models.baskets.results import list_results, simple_scores
from patron.models.baskets.training import LENGTHS, Examples, Ranking, examples_at
from patron.models.serving import candidate_chances, candidate_scores
from patron.periods import Span

__all__ = ["OURS", "BasketCard", "judge_ranking"]

OURS, NEIGHBOURS = "ours", "neighbours"
EVERYBODY = 2**31


@dataclass(frozen=True)
class BasketCard:
    """How often the next basket held what was listed, of those who bought within the horizon.

    Args:
        by: category or item.
        top: suggestions for each customer.
        rows: customers at cutoffs who bought.
        hit: share of them with a suggestion in the basket, by way (ours, own past, popular, ...).
        recall: share of the basket that was suggested, by way.
        gain: recall of ours less that of the best of the other ways, on the same draws.
        figures: recall, hit rate and NDCG of a short and a long list, by way.
        beyond_neighbours: ours less the neighbours, on the same draws, by metric.
        repeat: the same of what a customer had bought before, in our list.
        new: the same of what a customer had never bought, in a list of such alone.
        chance: the mean chance of what was suggested, and how much of it came.
        unseen: share of what these baskets held that nobody had bought before, so that no way could foretell it.
        reason: why the way was chosen that ranks.
    """

    by: str
    top: int
    rows: int
    hit: dict[str, Estimate]
    recall: dict[str, Estimate]
    gain: Estimate
    figures: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    beyond_neighbours: dict[str, Estimate] = field(default_factory=dict)
    repeat: dict[str, Estimate] = field(default_factory=dict)
    new: dict[str, Estimate] = field(default_factory=dict)
    chance: dict[str, float] = field(default_factory=dict)
    unseen: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class _Judged:
    """The results of some customers: by way and metric, of repeats and of the new, and their keys."""

    customers: np.ndarray
    ways: Mapping[str, Mapping[str, np.ndarray]]
    repeat: Mapping[str, np.ndarray]
    new: Mapping[str, np.ndarray]
    chances: np.ndarray
    hits: np.ndarray
    unseen: np.ndarray


def judge_ranking(
    lines: Lines, cutoffs: Sequence[datetime], active_in: Span, horizon: Span, ranking: Ranking, seed: int = 0
) -> BasketCard:
    """Judge a ranking at test cutoffs, beside the own past, what is popular, both, and neighbours.

    Raises:
        QuestionError: a horizon has not passed.
    """
    by = ranking.spec["by"]
    parts = [_judged(lines, cutoff, active_in, horizon, ranking) for cutoff in cutoffs]
    customers = np.concatenate([part.customers for part in parts])
    estimates = partial(_estimates, customers, seed)
    ways = {way: estimates([part.ways[way] for part in parts]) for way in parts[0].ways}
    short, _ = LENGTHS[by]
    rival = max((way for way in ways if way != OURS), key=lambda way: ways[way][f"recall_{short}"].value)
    gains = {way: estimates([_less(part.ways[OURS], part.ways[way]) for part in parts]) for way in {rival, NEIGHBOURS}}
    chances, hits = (np.concatenate([getattr(part, name) for part in parts]) for name in ("chances", "hits"))
    return BasketCard(
        by=by,
        top=ranking.spec["top"],
        rows=len(customers),
        hit={way: figures[f"hit_{short}"] for way, figures in ways.items()},
        recall={way: figures[f"recall_{short}"] for way, figures in ways.items()},
        gain=gains[rival][f"recall_{short}"],
        figures=ways,
        beyond_neighbours=gains[NEIGHBOURS],
        repeat=estimates([part.repeat for part in parts]),
        new=estimates([part.new for part in parts]),
        chance={"predicted": float(chances.mean()), "came": float(hits.mean())},
        unseen=float(np.concatenate([part.unseen for part in parts]).mean()),
        reason=ranking.reason,
    )


def _judged(lines: Lines, cutoff: datetime, active_in: Span, horizon: Span, ranking: Ranking) -> _Judged:
    spec, lengths = ranking.spec, LENGTHS[ranking.spec["by"]]
    example = examples_at(lines, cutoff, active_in, horizon, spec["seed"], EVERYBODY)
    those, X = example.candidates, example.candidates.X
    ours = candidate_scores(spec, ranking.ranker, X)
    scores = {OURS: ours, **simple_scores(X), NEIGHBOURS: candidate_scores({**spec, "way": "neighbours"}, None, X)}
    came = example.sizes > 0
    chances = candidate_chances(spec["chance"], ours, X)
    place = pd.Series(-ours).groupby(those.row).rank(method="first").to_numpy()
    listed = (place <= spec["top"]) & came[those.row]
    held = next_baskets(lines, cutoff, horizon)
    return _Judged(
        those.customers[came],
        {way: list_results(those.row, s, example.hits, example.sizes, lengths) for way, s in scores.items()},
        *_parted(example, ours, held, lengths),
        chances[listed],
        example.hits[listed],
        (~held["item"].isin(those.items)).to_numpy(),
    )


def _parted(
    example: Examples, scores: np.ndarray, held: pd.DataFrame, lengths: tuple[int, ...]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the results of what was bought before, and of the rest in a list of its own; nan without such."""
    those, before = example.candidates, example.candidates.X.n.to_numpy() > 0
    came = example.sizes > 0
    results = []
    for kept, hits, sizes in (
        (np.ones(len(before), bool), example.hits & before, example.repeats),
        (~before, example.hits, example.sizes - example.repeats),
    ):
        part = list_results(those.row[kept], scores[kept], hits[kept], sizes, lengths)
        results.append({name: _spread(values, sizes > 0)[came] for name, values in part.items()})
    return results[0], results[1]


def _spread(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    spread = np.full(len(among), np.nan)
    spread[among] = values
    return spread


def _less(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: values - theirs[name] for name, values in ours.items()}


def _estimates(customers: np.ndarray, seed: int, parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, Estimate]:
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    known = ~np.isnan(next(iter(columns.values())))
    metrics = {name: partial(_mean, place=place) for place, name in enumerate(columns)}
    if not known.any():
        return dict.fromkeys(columns, Estimate(float("nan"), float("nan"), float("nan")))
    return bootstrap(metrics, customers[known], *(values[known] for values in columns.values()), seed=seed)


@by_draw
def _mean(*columns: np.ndarray, place: int, weight: np.ndarray | None = None) -> float:
    weights, values = rows(weight, value=columns[place])
    return mean(values, weights)
