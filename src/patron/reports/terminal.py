"""The terminal: receipts and cards as a few lines of text, for those who watch a run."""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

import pandas as pd

from patron.evaluation.backtests import Backtest
from patron.evaluation.cards import Card
from patron.evaluation.causes import CauseCard
from patron.models.baskets import BasketCard
from patron.reports.comparison_page import ComparisonReport
from patron.reports.customer_page import CustomerReport

__all__ = [
    "backtest_lines",
    "basket_lines",
    "card_lines",
    "cause_lines",
    "comparison_lines",
    "receipt_lines",
    "waterfall_lines",
]

INDENT = " " * 10
WIDTH = 120
KIND, COUNT = 11, 13  # the widths of two columns of a receipt


def card_lines(card: Card) -> str:
    """Return the figures of all candidates, then those of the champion with their intervals and what it gained."""
    base = ", ".join(f"{name} {value:,.3f}" for name, value in card.base.items())
    head = f"test {_dates(card)}: {card.rows:,} rows, {base}"
    table = card.table().drop(columns=[name for name in card.measured if name != card.champion])
    doubt = f"the champion ({card.champion}), with 95 % intervals over customers:"
    return _indented([head, *_figures(card), doubt, *table.to_string().splitlines(), *_warned(card)])


def backtest_lines(test: Backtest) -> str:
    """Return a back-test in brief: the figures of each date, then of all together; a star marks the champion."""
    cards = test.folds if len(test.folds) == 1 else (*test.folds, test.pooled)
    return "\n".join(_brief(card) for card in cards)


def basket_lines(card: BasketCard) -> str:
    """Return how often the next basket was predicted, by each way of predicting it."""
    ways = "; ".join(f"{way} {card.hit[way]} / {card.recall[way]}" for way in card.hit)
    repeat, new = (figures[f"hit_{card.top}"] for figures in (card.repeat, card.new))
    first = (
        f"basket    {card.top} likeliest by {card.by}, {card.rows:,} baskets; hit rate / recall: {ways}; "
        f"recall gained on the best other way {card.gain}; never bought before by anybody: {card.unseen:.1%}"
    )
    second = (
        f"hit rate of what the customer had bought before {repeat}, of {card.top} new to the customer {new}; "
        f"chances {card.chance['predicted']:.3f}, came {card.chance['came']:.3f}; {card.reason}"
    )
    return f"{first}\n{INDENT}{second}"


def cause_lines(card: CauseCard) -> str:
    """Return how often each cause was expected and came, and how well it was known for whom."""
    rows = card.table.itertuples()
    counts = ", ".join(f"{row.cause} {row.expected:,.0f} expected and {row.came:,} came" for row in rows)
    figures = f"{card.log_loss:.3f}, with the same shares for everybody {card.constant:.3f}"
    return f"causes    {counts}; log loss of the cause of who left {figures}"


def waterfall_lines(report: CustomerReport) -> str:
    """Return how the answer of a customer comes about: points, where they lead, and why, the strongest first."""
    head = f"customer  {report.pseudonym}, {report.steps.cutoff.iloc[0]:%Y-%m-%d}: {report.headline}"
    lines = [line for step in report.steps.to_dict("records") for line in _step_lines(report, step)]
    return "\n".join([head, *lines, *(f"{INDENT}what if: {move}" for move in report.moves)])


def comparison_lines(report: ComparisonReport) -> str:
    """Return by which facts the answers of two groups differ: in points, those of each, and the fact."""
    lines = (
        f"{INDENT}{fact['difference_points']:>9} {fact['change_points']:>7} {fact['other_change_points']:>7}  "
        f"{fact['words']} ({_usual(fact)}; difference {fact['low_points']} to {fact['high_points']})"
        for fact in report.shown_facts
    )
    title = f"{INDENT}{'points':>9} {'here':>7} {'there':>7}"
    return "\n".join([f"compared  {report.headline}", title, *lines])


def _usual(fact: Mapping[str, Any]) -> str:
    """Return what is usual here and there, once where it is the same, as of the same customers by two versions."""
    own, other = fact["value"], fact["other_value"]
    return f"usual {own}" if own == other else f"usual {own}; there {other}"


def _step_lines(report: CustomerReport, step: Mapping[str, Any]) -> Iterator[str]:
    points = report.words.points(step["points"]) if step["step"] else ""
    yield f"{INDENT}{points:>9} {report.words.shown(step['after']):>11}  {step['text']}"
    if step["lever"]:
        yield f"{INDENT}{'':>23}can be acted on: {step['lever']} ({step['evidence']})"


def receipt_lines(receipt: pd.DataFrame) -> str:
    """Return the receipt of one table, aligned, with the line that would change what was assumed below it."""
    lines = [line for row in receipt.itertuples(index=False) for line in _receipt_line(*row[1:])]
    return "\n".join([f"history   {receipt.table.iloc[0]}", *(f"{INDENT * 2}{line}" for line in lines)])


def _receipt_line(what: str, rows: int | None, detail: str, change: str) -> Iterator[str]:
    count = "" if pd.isna(rows) else f"{rows:,}"
    room, margin = WIDTH - len(INDENT * 2) - KIND - COUNT, " " * (KIND + COUNT)
    first, *rest = wrap(detail, room) or [""]
    yield f"{what:<{KIND}}{count:>{COUNT - 2}}  {first}".rstrip()
    yield from (f"{margin}{line}" for line in rest)
    if change:
        yield f"{margin}to change it: {change}"


def _brief(card: Card) -> str:
    first, difference = next(iter(card.differences.items()))
    gain = f"{first} of {card.challenger} less {card.best_baseline}: {difference}, {card.better[first]}"
    return _indented([f"{_dates(card)}: {card.rows:,} answers; {gain}", *_figures(card), *_warned(card)])


def _figures(card: Card) -> list[str]:
    """Return a line for each metric, in a column for each candidate, narrow enough for a screen."""
    columns = {
        f"* {name}" if name == card.champion else name: {metric: figure.value for metric, figure in figures.items()}
        for name, figures in card.measured.items()
    }
    return pd.DataFrame(columns).to_string(float_format="{:,.3f}".format, na_rep="").splitlines()


def _warned(card: Card) -> list[str]:
    mend = "leave its column out (leave_out), or say from when it was known"
    leaks = [f"beware: {name} seems to know the outcome: {why}; {mend}" for name, why in card.suspects.items()]
    return [*leaks, *(f"beware: {line}" for line in (card.too_short, card.beaten, *card.beware) if line)]


def _dates(card: Card) -> str:
    return ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in card.cutoffs) or "customers held out"


def _indented(lines: list[str]) -> str:
    return "\n".join(f"{INDENT}{line}" for line in lines)
