"""Baskets: what customers buy next, ranked from their own past, from customers like them, and from what sells now."""

from patron.models.baskets.carrying import carry_rankings, train_baskets
from patron.models.baskets.contents import basket_kinds, item_names
from patron.models.baskets.judging import BasketCard, judge_ranking
from patron.models.baskets.lines import Lines
from patron.models.baskets.reading import read_lines
from patron.models.baskets.suggestions import AMONG, Suggesting, what
from patron.models.baskets.training import TOP, Ranking, fit_ranking

__all__ = [
    "AMONG",
    "TOP",
    "BasketCard",
    "Lines",
    "Ranking",
    "Suggesting",
    "basket_kinds",
    "carry_rankings",
    "fit_ranking",
    "item_names",
    "judge_ranking",
    "read_lines",
    "train_baskets",
    "what",
]
