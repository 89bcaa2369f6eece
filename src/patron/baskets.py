"""Baskets: what a customer buys next, ranked from their own past and from what everybody buys now.

The chance that the next basket holds a category (or item) leans from the customer's own share of baskets towards
the share of all recent baskets: (own + weight * everybody) / (baskets + weight), own baskets fading with their age.
A weight of zero is the customer's own past alone, a very large one is plain popularity: the two baselines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.errors import QuestionError
from patron.evaluation import Figure, figure
from patron.history import History
from patron.periods import EVER, Span

__all__ = ["Basket", "BasketCard", "asked_by", "fit_basket", "judge_basket", "suggest"]

RECENT = Span(90)
POPULAR = 1e9
OWN = 1e-6
HALF_LIVES = (60.0, 180.0, 720.0)
WEIGHTS = (0.1, 1.0, 8.0, 64.0, 512.0)
POPULAR_BEYOND = 2


@dataclass(frozen=True)
class Basket:
    """How suggestions are made.

    Args:
        by: category or item.
        half_life: days after which an own basket counts half.
        weight: baskets of everybody that an own past is mixed with.
        top: how many suggestions a customer gets.
    """

    by: str
    half_life: float = 180.0
    weight: float = 2.0
    top: int = 3


@dataclass(frozen=True)
class BasketCard:
    """How often the next basket held a suggestion, of those who bought within the horizon.

    Args:
        by: category or item.
        top: suggestions for each customer.
        rows: customers at cutoffs who bought.
        hit: share of them with a suggestion in the basket, by way (ours, own past, popular).
        recall: share of the basket that was suggested, by way.
        gain: recall of ours less that of the better of the two others, on the same draws.
    """

    by: str
    top: int
    rows: int
    hit: dict[str, Figure]
    recall: dict[str, Figure]
    gain: Figure


def asked_by(history: History) -> str | None:
    """Return what baskets can be told in: category, else item, else nothing."""
    columns = history["lines"].columns if "lines" in history.tables else ()
    return next((by for by in ("category", "item") if by in columns), None)


def suggest(history: History, cutoff: datetime, active_in: Span, basket: Basket) -> pd.DataFrame:
    """Return the likeliest contents of each customer's next basket.

    Args:
        history: the checked event tables, with `lines`.
        cutoff: the instant at which customers are looked at.
        active_in: who is asked about, as in the questions.
        basket: how suggestions are made.

    Returns:
        `customer`, `cutoff`, `rank` from 1, the category or item, and `chance` that the next basket holds it.

    Raises:
        QuestionError: the cutoff lies outside the history, or the lines have no category or item.
    """
    history.check_cutoff(cutoff)
    _check(history, basket.by)
    scored = _scored(history, cutoff, active_in, basket)
    place = ibis.row_number().over(
        ibis.window(group_by="customer", order_by=[ibis.desc(scored.chance), scored[basket.by]])
    )
    ranked = scored.mutate(rank=place + 1, cutoff=ibis.literal(cutoff))
    kept = ranked.filter(ranked["rank"] <= basket.top).select("customer", "cutoff", "rank", basket.by, "chance")
    return kept.to_pyarrow().to_pandas().sort_values(["customer", "rank"], ignore_index=True)


def fit_basket(history: History, cutoffs: Sequence[datetime], active_in: Span, horizon: Span, by: str) -> Basket:
    """Choose how suggestions are made by the share of next baskets that they foretell.

    Raises:
        QuestionError: a horizon has not passed, or nobody bought.
    """
    tried = [Basket(by, half_life, weight) for half_life in HALF_LIVES for weight in WEIGHTS]
    rates = [np.mean([r.recall.mean() for r in _results(history, cutoffs, active_in, horizon, b)]) for b in tried]
    return tried[int(np.argmax(rates))]


def judge_basket(
    history: History, cutoffs: Sequence[datetime], active_in: Span, horizon: Span, basket: Basket, seed: int = 0
) -> BasketCard:
    """Judge suggestions at test cutoffs, beside the customer's own past and plain popularity."""
    ways = {"ours": basket, "own past": replace(basket, weight=OWN), "popular": replace(basket, weight=POPULAR)}
    found = {name: pd.concat(_results(history, cutoffs, active_in, horizon, way)) for name, way in ways.items()}
    ours = found["ours"]
    hit = {name: figure(_mean, f.customer, f.hit.to_numpy(), seed=seed) for name, f in found.items()}
    recall = {name: figure(_mean, f.customer, f.recall.to_numpy(), seed=seed) for name, f in found.items()}
    rival = max(("own past", "popular"), key=lambda name: recall[name].value)
    difference = ours.recall.to_numpy() - found[rival].recall.to_numpy()
    return BasketCard(
        by=basket.by,
        top=basket.top,
        rows=len(ours),
        hit=hit,
        recall=recall,
        gain=figure(_mean, ours.customer, difference, seed=seed),
    )


def _check(history: History, by: str) -> None:
    if "lines" not in history.tables or by not in history["lines"].columns:
        raise QuestionError(
            f"What is bought next needs the {by} of each order line. Declare it at the door ({by} = '...')."
        )


def _scored(history: History, cutoff: datetime, active_in: Span, basket: Basket) -> Table:
    """The chance of each own or popular category of each customer."""
    asked = history.past("orders", cutoff, active_in).select("customer").distinct()
    past = _contents(history.past("lines", cutoff, EVER), basket.by)
    faded = past.mutate(weight=ibis.literal(0.5) ** (past.days_ago / basket.half_life))
    own = faded.group_by(["customer", basket.by]).aggregate(own=faded.weight.sum())
    visits = faded.select("customer", "days_ago", "weight").distinct()
    baskets = visits.group_by("customer").aggregate(baskets=visits.weight.sum())
    popular = _popular(history, cutoff, basket)
    pairs = own.select("customer", basket.by).union(
        asked.cross_join(popular.order_by(ibis.desc("everybody"), basket.by).limit(basket.top + POPULAR_BEYOND)).select(
            "customer", basket.by
        ),
        distinct=True,
    )
    beside = pairs.semi_join(asked, "customer").left_join(own, ["customer", basket.by])
    beside = beside.drop([c for c in beside.columns if c.endswith("_right")]).left_join(popular, basket.by)
    beside = beside.drop([c for c in beside.columns if c.endswith("_right")]).left_join(baskets, "customer")
    leaning = beside.own.fill_null(0.0) + basket.weight * beside.everybody.fill_null(0.0)
    return beside.select("customer", basket.by, chance=leaning / (beside.baskets.fill_null(0.0) + basket.weight))


def _popular(history: History, cutoff: datetime, basket: Basket) -> Table:
    recent = _contents(history.past("lines", cutoff, RECENT), basket.by)
    count = recent.select("customer", "days_ago").distinct().count().as_scalar()
    return recent.group_by(basket.by).aggregate(everybody=recent.count() / count.cast("float64"))


def _contents(lines: Table, by: str) -> Table:
    """Each basket (a customer's lines of one instant) with what it holds, once."""
    return lines.filter(lines[by].notnull()).select("customer", "days_ago", by).distinct()


def _results(
    history: History, cutoffs: Sequence[datetime], active_in: Span, horizon: Span, basket: Basket
) -> list[pd.DataFrame]:
    return [_result(history, cutoff, active_in, horizon, basket) for cutoff in cutoffs]


def _result(history: History, cutoff: datetime, active_in: Span, horizon: Span, basket: Basket) -> pd.DataFrame:
    """Hit and recall of each customer who bought within the horizon, judged by their first basket."""
    history.check_passed(cutoff, horizon)
    future = history.future("lines", cutoff, horizon)
    first = future.group_by("customer").aggregate(at=future["at"].min())
    bought = future.semi_join(first, ["customer", "at"]).select("customer", basket.by).distinct().to_pandas()
    suggested = suggest(history, cutoff, active_in, basket)
    held = bought[bought.customer.isin(suggested.customer)]
    found = held.merge(suggested[["customer", basket.by]], on=["customer", basket.by])
    size = held.groupby("customer").size()
    hits = found.groupby("customer").size().reindex(size.index, fill_value=0)
    return pd.DataFrame({"customer": size.index, "hit": (hits > 0).to_numpy(float), "recall": (hits / size).to_numpy()})


def _mean(values: np.ndarray, weight: np.ndarray | None = None) -> float:
    return float(np.average(values, weights=weight))
