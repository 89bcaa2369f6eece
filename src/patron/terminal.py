"""Terminal: cards as a few lines of text, for those who watch a run."""

import pandas as pd

from patron.backtests import Backtest
from patron.baskets import BasketCard
from patron.cards import Card

__all__ = ["backtest_lines", "basket_lines", "card_lines"]

INDENT = " " * 10


def card_lines(card: Card) -> str:
    """Return every figure of a card with its interval: a line for each candidate."""
    base = ", ".join(f"{name} {value:,.3f}" for name, value in card.base.items())
    head = f"test {_dates(card)}: {card.rows:,} rows, {base}; 95 % intervals over customers"
    return _indented([head, *card.table().T.to_string().splitlines(), *_warned(card)])


def backtest_lines(test: Backtest) -> str:
    """Return a back-test in brief: the figures of each date, then of all together; a star marks the champion."""
    cards = (*test.folds, test.pooled) if len(test.folds) > 1 else test.folds
    return "\n".join(_brief(card) for card in cards)


def basket_lines(card: BasketCard) -> str:
    """Return how often the next basket was guessed, by each way of guessing."""
    ways = "; ".join(f"{way} {card.hit[way]} / {card.recall[way]}" for way in card.hit)
    return (
        f"basket    {card.top} likeliest by {card.by}, {card.rows:,} baskets; hit rate / recall: {ways}; "
        f"recall gained on the better baseline {card.gain}; never bought before by anybody: {card.unseen:.1%}"
    )


def _brief(card: Card) -> str:
    first, difference = next(iter(card.differences.items()))
    found = {
        f"* {n}" if n == card.champion else n: {m: f.value for m, f in fs.items()} for n, fs in card.measured.items()
    }
    found["difference"] = {m: f.value for m, f in card.differences.items()}
    told = pd.DataFrame(found).T.map("{:,.3f}".format)
    told.loc["verdict"] = pd.Series(card.better)
    said = f"{first} of {card.challenger} less {card.best_baseline}: {difference}, {card.better[first]}"
    head = f"{_dates(card)}: {card.rows:,} answers; {said}"
    return _indented([head, *told.to_string().splitlines(), *_warned(card)])


def _warned(card: Card) -> list[str]:
    told = [f"beware: {name} seems to know the outcome: {why}" for name, why in card.suspects.items()]
    return [*told, *([f"beware: {card.too_short}"] if card.too_short else [])]


def _dates(card: Card) -> str:
    return ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in card.cutoffs)


def _indented(lines: list[str]) -> str:
    return "\n".join(f"{INDENT}{line}" for line in lines)
