"""Suggestions: what each customer buys next, the likeliest first, with its chance and a reason."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from patron.errors import QuestionError, ScoreError, listed, nearest
from patron.history.history import History
from patron.models.baskets.candidates import Candidates, candidates
from patron.models.baskets.contents import check_contents, item_names
from patron.models.baskets.lines import LineSource
from patron.models.baskets.market import Market, buyers_of, market_at
from patron.models.baskets.parted import BLOCK, lines_within
from patron.models.baskets.reasons import reasons
from patron.models.serving import BasketSpec, Bundle
from patron.periods import Moment, instant, span

__all__ = ["AMONG", "Among", "Suggesting", "what"]

Among = Literal["all", "repeat", "new"]
AMONG = ("all", "repeat", "new")


@dataclass(frozen=True)
class Suggesting:
    """What suggestions rest on, read once: the next baskets of any customers follow from it.

    Lines are read again for some customers at a time where they do not fit into the memory that is given.

    Args:
        model: a trained model of the next purchase.
        by: item or category.
        lines: what was ever bought, in memory or part by part.
        market: what is known of all items at the cutoff.
    """

    model: Bundle
    by: str
    lines: LineSource
    market: Market

    @classmethod
    def of(cls, model: Bundle, history: History, cutoff: datetime, by: str, memory: float = math.inf) -> "Suggesting":
        """Read the lines, and what is known of all items at a cutoff.

        Args:
            model: a trained model of the next purchase.
            history: the checked event tables, with `lines`.
            cutoff: the instant at which customers are looked at.
            by: item or category.
            memory: gigabytes that the lines may take; all are read at once unless given.

        Raises:
            QuestionError: the cutoff lies outside the history, or the lines do not say what baskets held.
            ScoreError: the model was not trained to rank what is bought.
        """
        spec = _spec(model, by)
        check_contents(history, by)
        history.check_cutoff(cutoff)
        lines = lines_within(history, by, memory)
        spans = span(spec["active_in"]), span(spec["horizon"])
        return cls(model, by, lines, market_at(lines, cutoff, *spans, spec["seed"]))

    @property
    def top(self) -> int:
        """How many suggestions the model was judged by."""
        return int(_spec(self.model, self.by)["top"])

    def likeliest(self, customers: pd.Series, k: int) -> pd.DataFrame:
        """Return the likeliest for each customer: the columns `next_<by>_<rank>`, up to *k*, in the order given.

        Args:
            customers: their keys.
            k: how many each gets at most; missing where there are fewer.
        """
        known = np.intersect1d(self.market.active, customers.to_numpy(dtype=object))
        parts = [
            _listed(those, self.model.rank(self.by, those.X), k, None, "all")
            for those in _blocks(self.lines, replace(self.market, active=known), None)
        ]
        wide = pd.concat(parts).pivot(index="customer", columns="rank", values="item")
        ranks = range(1, min(k, len(self.market.items)) + 1)
        named = wide.reindex(index=customers, columns=ranks).add_prefix(f"next_{self.by}_")
        return named.reset_index(drop=True).rename_axis(columns=None)


def what(
    model: Bundle,
    history: History,
    cutoff: Moment | None = None,
    by: str = "item",
    k: int = 10,
    only: Collection[str] | None = None,
    without_bought_in: int | None = None,
    among: Among = "all",
) -> pd.DataFrame:
    """Return what each customer's next basket is likely to hold.

    Args:
        model: a trained model of the next purchase, `trained.model` or from the registry.
        history: the checked event tables, with `lines`.
        cutoff: the instant at which customers are looked at; the end of the history unless given.
        by: "item" or "category".
        k: how many suggestions a customer gets at most.
        only: what may be suggested; anything unless given.
        without_bought_in: what a customer bought in so many last days is not suggested.
        among: "repeat" for what the customer bought before, "new" for what they never did, or "all".

    Returns:
        `customer`, `cutoff`, `rank` from 1, the item or category, `name` where a column of the lines gives names,
        `chance` that the next basket holds it if there is one within the horizon, `kind` (repeat or new) and `reason`.

    Raises:
        QuestionError: the cutoff lies outside the history, an option cannot be read, or the lines do not say what
            baskets held.
        ScoreError: the model was not trained to rank what is bought.
    """
    _check_options(k, without_bought_in, among)
    when = history.ends if cutoff is None else instant(cutoff)
    suggesting = Suggesting.of(model, history, when, by)
    lines, market = suggesting.lines, suggesting.market
    allowed = None if only is None else _allowed(market, only, by)
    parts = [
        _listed(those, model.rank(by, those.X), k, without_bought_in, among)
        for those in _blocks(lines, market, allowed)
    ]
    table = pd.concat(parts, ignore_index=True).assign(cutoff=when)
    names = item_names(history, by)
    if names:
        table["name"] = table["item"].map(names)
    columns = ["customer", "cutoff", "rank", "item", *(["name"] if names else []), "chance", "kind", "reason"]
    return table[columns].rename(columns={"item": by})


def _blocks(lines: LineSource, market: Market, allowed: np.ndarray | None) -> Iterator[Candidates]:
    for some, theirs in lines.each(market.active):
        for start in range(0, max(len(some), 1), BLOCK):
            customers = some[start : start + BLOCK]
            yield candidates(market, buyers_of(theirs, market.cutoff, customers, market.items), allowed)


def _listed(
    those: Candidates, ranked: pd.DataFrame, k: int, without_bought_in: int | None, among: Among
) -> pd.DataFrame:
    """Return the first few candidates of each customer of a block."""
    X, bought = those.X, those.X.n.to_numpy() > 0
    kept = {"all": np.ones(len(X), bool), "repeat": bought, "new": ~bought}[among]
    if without_bought_in is not None:
        kept &= ~(X["last"].to_numpy() <= without_bought_in)
    order = np.lexsort((-ranked.score.to_numpy(), those.row))
    order = order[kept[order]]
    row = those.row[order]
    place = np.arange(len(order)) - np.searchsorted(row, row)
    first = order[place < k]
    return pd.DataFrame(
        {
            "customer": those.customers[those.row[first]],
            "rank": place[place < k] + 1,
            "item": those.items.to_numpy()[those.column[first]],
            "chance": ranked.chance.to_numpy()[first],
            "kind": np.where(bought[first], "repeat", "new"),
            "reason": reasons(X.iloc[first]),
        }
    )


def _spec(model: Bundle, by: str) -> BasketSpec:
    known = {basket["by"]: basket for basket in model.spec.get("baskets", ())}
    if by not in known:
        has = f"it ranks by {listed(known)}" if known else "it ranks none"
        raise ScoreError(
            f"The model for {model.spec['question']!r} ranks no next basket by {by!r}; {has}. "
            "Ask the model of next_purchase, trained on lines with that column: patron train."
        )
    return known[by]


def _check_options(k: int, without_bought_in: int | None, among: str) -> None:
    if among not in AMONG:
        raise QuestionError(f"Suggestions are among {', '.join(AMONG)}, got {among!r}. Write among='new', for example.")
    for name, number in (("k", k), ("without_bought_in", without_bought_in)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1):
            raise QuestionError(f"{name} is a whole number from 1, got {number!r}. Write {name}=10, for example.")


def _allowed(market: Market, only: Collection[str], by: str) -> np.ndarray:
    if isinstance(only, str):
        raise QuestionError(
            f"only names what may be suggested as a list, got the text {only!r}. Write only=[{only!r}]."
        )
    never = [name for name in only if name not in market.items]
    if never:
        raise QuestionError(
            f"only names the {by} {never[0]!r}, which nobody had bought before {market.cutoff:%Y-%m-%d} "
            f"({len(never)} of {len(only)} such).{nearest(str(never[0]), market.items)} "
            "Name what was bought before, or a later cutoff."
        )
    return np.asarray(market.items.isin(list(only)))
