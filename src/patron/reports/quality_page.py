"""The quality page: how good the answers are, for people who act on them; its section stands on both pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from patron.evaluation.backtests import Backtest
from patron.evaluation.cards import Card
from patron.models.training import BASELINES
from patron.reports import plots
from patron.reports.rendering import inline, render

__all__ = ["answer", "page", "rates", "verdict"]

TENTH, POCKETS, SWING, CLEAR = 0.1, 3, 0.05, 0.01
OFF, OFF_OF_RARE, Z_95 = 0.02, 0.15, 1.96
THIRDS: Mapping[str, Mapping[str, str]] = {
    "tenure": {
        "low": "the third of customers who came last",
        "middle": "the middle third by time since the first order",
        "high": "the third of customers who came first",
    },
    "orders": {
        "low": "the third with the fewest orders",
        "middle": "the middle third by number of orders",
        "high": "the third with the most orders",
    },
    "spend": {
        "low": "the third who spent least",
        "middle": "the middle third by money spent",
        "high": "the third who spent most",
    },
}


def page(name: str, made_at: datetime, tests: Sequence[Backtest], currency: str = "") -> str:
    """Return the page that shows how good the answers would have been at each past date, and at all together.

    Args:
        name: the business.
        made_at: when the page was made.
        tests: the back-test of each question.
        currency: code or sign of the currency that money is in.

    >>> print(page("Shop", datetime(2024, 5, 2), [])[:15])
    <!doctype html>
    """
    sections = [
        {"pooled": answer(test.pooled, currency), "folds": [answer(card, currency) for card in test.folds]}
        for test in tests
    ]
    return render("backtest.html.j2", currency, name=name, made_at=made_at, tests=sections)


def answer(card: Card, currency: str) -> dict[str, Any]:
    """Return the values of the section on one question, from its card."""
    bins = card.reliability
    predicted, observed = (float(np.average(bins[kind], weights=bins["count"])) for kind in ("predicted", "observed"))
    rival = card.challenger if card.champion in BASELINES else card.best_baseline
    used = {name: _per_hundred(card, name, observed) for name in (card.champion, rival)}
    return {
        "card": card,
        "names": plots.names(card.question),
        "event": plots.event(card),
        "verdict": verdict(card),
        "off": _off(predicted, observed),
        "sure": _sure(card, predicted, observed),
        "metric": next(iter(card.differences)),
        "other": _others(card),
        "hits": used | {"constant": observed * 100},
        "predicted": predicted,
        "happened": observed,
        "dates": _dates(card),
        "swing": _swing(card),
        "pockets": _pockets(card),
        "segments": _segments(card).to_dict("records"),
        "reliability": inline(plots.reliability_plot(card)),
        "gain": inline(plots.gain_plot(card)),
        "deciles": inline(plots.decile_plot(card, currency)) if len(card.deciles) else "",
        "intervals": inline(plots.interval_plot(card, currency)) if len(card.intervals) else "",
        "waits": inline(plots.wait_plot(card)) if len(card.waits) else "",
        "used": card.measured[card.champion],
        "same": card.measured.get("constant", {}),
        "stay": card.measured.get("persistence", {}),
    }


def verdict(card: Card) -> str:
    """Return better, partly, tie or worse than the best simple rule; unused where a rule is in use.

    The question's first metric decides; partly means that it ties, and others are better, and none is worse. Bias does
    not count there: a rule has none either once it is shifted.
    """
    if card.champion in BASELINES:
        return "unused"
    first, others = next(iter(card.better.values())), _others(card)
    counted = [name for name in others["better"] if not name.startswith("bias")]
    return "partly" if first == "tie" and counted and not others["worse"] else first


def rates(card: Card) -> list[float]:
    """Return how often it happened, at each date at which that is known."""
    known = [*card.shift.get("trained", {}).values(), *card.shift.get("observed", {}).values()]
    return known or [float(np.average(card.reliability.observed, weights=card.reliability["count"]))]


def _others(card: Card) -> dict[str, list[str]]:
    """The metrics after the first that are better, and those that are worse, beyond luck."""
    rest = list(card.better.items())[1:]
    return {kind: [name for name, result in rest if result == kind] for kind in ("better", "worse")}


def _per_hundred(card: Card, candidate: str, observed: float) -> float:
    """Of every hundred in the tenth that a candidate is surest about, for how many it came true."""
    curve = card.gains[candidate].astype(np.float64)
    return float(np.interp(TENTH, curve.contacted, curve.found)) * observed / TENTH * 100


def _off(predicted: float, observed: float) -> bool:
    """Whether the percentages are off by enough to matter: by two points, or of something rare by a seventh."""
    bias = predicted - observed
    return abs(bias) > OFF or abs(bias) > OFF_OF_RARE * observed


def _sure(card: Card, predicted: float, observed: float) -> bool:
    """Whether the percentages are off beyond luck: by the interval of the bias, where the event of a card has one."""
    bias = card.measured[card.champion].get("bias")
    if bias:
        return bias.low > 0 or bias.high < 0
    count = card.reliability["count"].sum()
    return abs(predicted - observed) > Z_95 * float(np.sqrt(observed * (1 - observed) / count))


def _dates(card: Card) -> list[dict[str, Any]]:
    """How often it happened at each date of training, and beside the prediction at each date of the test."""
    seen = {kind: card.shift.get(kind, {}) for kind in ("trained", "predicted", "observed")}
    days = sorted({day for days in seen.values() for day in days})
    return [
        {"day": datetime.fromisoformat(day), "predicted": seen["predicted"].get(day)}
        | {"happened": seen["observed"].get(day, seen["trained"].get(day)), "tested": day in seen["observed"]}
        for day in days
    ]


def _swing(card: Card) -> tuple[float, float] | None:
    """The lowest and the highest rate there was, where they are far enough apart to matter."""
    known = rates(card)
    return (min(known), max(known)) if max(known) - min(known) > SWING else None


def _pockets(card: Card) -> list[dict[str, Any]]:
    """The groups of customers for whom the predictions are clearly off, the farthest off first."""
    segments = _segments(card)
    return segments[segments.off.abs() >= CLEAR].head(POCKETS).to_dict("records") if len(segments) else []


def _segments(card: Card) -> pd.DataFrame:
    segments = card.segments
    if segments.empty:
        return segments
    words = [
        THIRDS.get(by, {}).get(part, f"{by}: {part}") for by, part in zip(segments["by"], segments.segment, strict=True)
    ]
    return segments.assign(words=words)
