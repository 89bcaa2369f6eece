"""Baskets: what a customer buys next, ranked from their own past and from what everybody buys now.

The chance that the next basket holds a category (or item) leans from the customer's own share of baskets towards
the share of all recent baskets: (own + weight * everybody) / (baskets + weight), own baskets fading with their age.
A weight of zero is the customer's own past alone, a very large one is plain popularity: the two baselines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.errors import QuestionError
from patron.history.history import History
from patron.history.order_lines import PART, with_parts
from patron.metrics import Estimate, estimate
from patron.periods import EVER, Span

__all__ = ["TOP", "Basket", "BasketCard", "asked_by", "fit_basket", "judge_basket", "suggest"]

TOP = {"category": 3, "item": 10}
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
        unseen: share of what these baskets held that nobody had bought before, so that no way could foretell it.
    """

    by: str
    top: int
    rows: int
    hit: dict[str, Estimate]
    recall: dict[str, Estimate]
    gain: Estimate
    unseen: float = 0.0


def asked_by(history: History) -> tuple[str, ...]:
    """Return what baskets can be told in: category, item, both or neither."""
    columns = history["lines"].columns if "lines" in history.tables else ()
    return tuple(by for by in TOP if by in columns)


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
    """Choose how suggestions are made by the share of next baskets that they foretell at some cutoffs.

    Raises:
        QuestionError: a horizon has not passed, or the lines have no category or item.
    """
    _check(history, by)
    recalls: dict[Basket, list[float]] = {}
    for cutoff in cutoffs:
        held = _next_baskets(history, cutoff, horizon, by)
        for half_life in HALF_LIVES:
            pairs = _pairs(history, cutoff, active_in, Basket(by, half_life, top=TOP[by])).to_pyarrow().to_pandas()
            for weight in WEIGHTS:
                basket = Basket(by, half_life, weight, TOP[by])
                chance = _leaning(pairs.own, pairs.everybody, pairs.baskets, weight)
                ranked = pairs.assign(chance=chance).sort_values(["chance", by], ascending=[False, True])
                hits = _hits(held, ranked.groupby("customer").head(basket.top), by)
                recalls.setdefault(basket, []).append(hits.recall.mean())
    return max(recalls, key=lambda basket: float(np.mean(recalls[basket])))


def judge_basket(
    history: History, cutoffs: Sequence[datetime], active_in: Span, horizon: Span, basket: Basket, seed: int = 0
) -> BasketCard:
    """Judge suggestions at test cutoffs, beside the customer's own past and plain popularity."""
    ways = {"ours": basket, "own past": replace(basket, weight=OWN), "popular": replace(basket, weight=POPULAR)}
    results = {name: _results(history, cutoffs, active_in, horizon, way) for name, way in ways.items()}
    ours = results["ours"]
    hit = {name: estimate(_mean, f.customer, f.hit.to_numpy(), seed=seed) for name, f in results.items()}
    recall = {name: estimate(_mean, f.customer, f.recall.to_numpy(), seed=seed) for name, f in results.items()}
    rival = max(("own past", "popular"), key=lambda name: recall[name].value)
    difference = ours.recall.to_numpy() - results[rival].recall.to_numpy()
    return BasketCard(
        by=basket.by,
        top=basket.top,
        rows=len(ours),
        hit=hit,
        recall=recall,
        gain=estimate(_mean, ours.customer, difference, seed=seed),
        unseen=float(np.concatenate([_unseen(history, c, horizon, basket.by) for c in cutoffs]).mean()),
    )


def _check(history: History, by: str) -> None:
    if "lines" not in history.tables or by not in history["lines"].columns:
        raise QuestionError(
            f"What is bought next needs the {by} of each order line. Declare it at the door ({by} = '...')."
        )


def _scored(history: History, cutoff: datetime, active_in: Span, basket: Basket) -> Table:
    """The chance of each own or popular category of each customer."""
    pairs = _pairs(history, cutoff, active_in, basket)
    chance = _leaning(pairs.own, pairs.everybody, pairs.baskets, basket.weight)
    return pairs.select("customer", basket.by, chance=ibis.least(chance, 1.0))  # rounding can exceed one


def _leaning(own: Any, everybody: Any, baskets: Any, weight: float) -> Any:
    """The one formula, for columns of an engine and of a frame alike."""
    return (own + weight * everybody) / (baskets + weight)


def _pairs(history: History, cutoff: datetime, active_in: Span, basket: Basket) -> Table:
    """Each customer beside their own and the most popular contents: `own`, `everybody`, and all own `baskets`."""
    by = basket.by
    customers = history.past("orders", cutoff, active_in).select("customer").distinct()
    past = _contents(history.past("lines", cutoff, EVER), by).semi_join(customers, "customer")
    faded = past.mutate(weight=ibis.literal(0.5) ** (past.days_ago / basket.half_life))
    own = faded.group_by(["customer", by]).aggregate(own=faded.weight.sum())
    visits = faded.select("customer", "days_ago", "weight").distinct()
    baskets = visits.group_by("customer").aggregate(baskets=visits.weight.sum())
    popular = _popular(history, cutoff, basket)
    first = popular.order_by(ibis.desc("everybody"), by).limit(basket.top + POPULAR_BEYOND)
    every = customers.cross_join(first).select("customer", by)
    pairs = own.select("customer", by).union(every, distinct=True)
    beside = _joined(_joined(_joined(pairs, own, ["customer", by]), popular, [by]), baskets, ["customer"])
    known = {name: beside[name].fill_null(0.0) for name in ("own", "everybody", "baskets")}
    return beside.select("customer", by, **known)


def _joined(left: Table, right: Table, key: list[str]) -> Table:
    joined = left.left_join(right, key)
    return joined.drop([c for c in joined.columns if c.endswith("_right")])


def _popular(history: History, cutoff: datetime, basket: Basket) -> Table:
    recent = _contents(history.past("lines", cutoff, RECENT), basket.by)
    count = recent.select("customer", "days_ago").distinct().count().as_scalar()
    return recent.group_by(basket.by).aggregate(everybody=recent.count() / count.cast("float64"))


def _contents(lines: Table, by: str) -> Table:
    """Each basket (a customer's lines of one instant) with what it holds, once."""
    return lines.filter(lines[by].notnull()).select("customer", "days_ago", by).distinct()


def _results(
    history: History, cutoffs: Sequence[datetime], active_in: Span, horizon: Span, basket: Basket
) -> pd.DataFrame:
    """Hit and recall of each customer who bought within the horizon, judged by their first basket."""
    return pd.concat(
        _hits(_next_baskets(history, c, horizon, basket.by), suggest(history, c, active_in, basket), basket.by)
        for c in cutoffs
    )


def _next_baskets(history: History, cutoff: datetime, horizon: Span, by: str) -> pd.DataFrame:
    history.check_passed(cutoff, horizon)
    future = with_parts(history.future("lines", cutoff, horizon))
    named = future.mutate(order=future.order.fill_null("") if "order" in future.columns else ibis.literal(""))
    first = named.group_by("customer").aggregate(at=named["at"].min())
    begun = named.semi_join(first, ["customer", "at"]).select("customer", "order", PART).distinct()
    return (
        named.semi_join(begun, ["customer", "order", PART]).select("customer", by).distinct().to_pyarrow().to_pandas()
    )


def _unseen(history: History, cutoff: datetime, horizon: Span, by: str) -> np.ndarray:
    """Whether nobody had bought it before, for each thing in the next baskets."""
    known = history.past("lines", cutoff, EVER).select(by).distinct().to_pyarrow().to_pandas()[by]
    return (~_next_baskets(history, cutoff, horizon, by)[by].isin(known)).to_numpy()


def _hits(held: pd.DataFrame, suggested: pd.DataFrame, by: str) -> pd.DataFrame:
    bought = held[held.customer.isin(suggested.customer)]
    both = bought.merge(suggested[["customer", by]], on=["customer", by])
    size = bought.groupby("customer").size()
    hits = both.groupby("customer").size().reindex(size.index, fill_value=0)
    return pd.DataFrame({"customer": size.index, "hit": (hits > 0).to_numpy(float), "recall": (hits / size).to_numpy()})


def _mean(values: np.ndarray, weight: np.ndarray | None = None) -> float:
    return float(np.average(values, weights=weight))
