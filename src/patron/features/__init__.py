"""Built-in features by theme, and the choice of those that a history can answer."""

from collections.abc import Mapping

from patron.errors import MeasureError
from patron.features import (
    attributes,
    baskets,
    breadth,
    campaigns,
    contacts,
    habits,
    prepaid,
    purchases,
    season,
    service,
    social,
    subscriptions,
    usage,
    values,
)
from patron.features.definitions import definitions, expression
from patron.features.measures import ON_CUTOFF, Combination, Feature, Measure
from patron.features.rhythm import USUAL as USUAL_GAP
from patron.features.rhythm import fitted, typical_gap
from patron.history.history import History
from patron.periods import EVER

__all__ = [
    "ALL",
    "BASIC",
    "USUAL_GAP",
    "as_trained",
    "attributes",
    "available",
    "baskets",
    "breadth",
    "campaigns",
    "contacts",
    "fitted",
    "habits",
    "prepaid",
    "purchases",
    "season",
    "service",
    "social",
    "subscriptions",
    "typical_gap",
    "usage",
    "values",
]

BASIC: tuple[Feature, ...] = (*purchases.ALL, *service.ALL, *breadth.ALL, *season.ALL)
ALL: tuple[Feature, ...] = (*BASIC, *habits.ALL, *values.ALL, *baskets.ALL, *contacts.ALL, *social.ALL)


def available(history: History, features: tuple[Feature, ...] = ALL) -> tuple[tuple[Feature, ...], tuple[str, ...]]:
    """Split the features into those that the history can answer and the names of those that it cannot.

    A feature is left out where the history lacks its event table, or the table lacks a role that it needs.

    Args:
        history: the checked event tables.
        features: candidates, all built-in ones by default.

    Returns:
        the features that can be computed, and the names of the others, each once.
    """
    kept = tuple(f for f in features if _answers(history, f))
    return kept, tuple(dict.fromkeys(f.name for f in features if f not in kept))


def as_trained(features: tuple[Feature, ...], formulas: Mapping[str, str], history: History) -> tuple[Feature, ...]:
    """Return features as a model of an earlier release computes them, where that was otherwise.

    Args:
        features: those of today.
        formulas: by column how the model computes it.
        history: the checked event tables.
    """
    return tuple(_as_known(feature, formulas, history) for feature in features)


def _as_known(feature: Feature, formulas: Mapping[str, str], history: History) -> Feature:
    former = next((measure.over(*feature.windows) for measure in contacts.FORMER if measure.name == feature.name), None)
    if former is None or not _computes(history, former):
        return feature
    known = any(formulas.get(meant.name) == meant.formula for meant in definitions(history.tables, (former,)))
    return former if known else feature


def _answers(history: History, feature: Feature) -> bool:
    parts = feature.parts if isinstance(feature, Combination) else (feature,)
    return all(_computes(history, part) for part in parts)


def _computes(history: History, part: Measure) -> bool:
    if part.source == ON_CUTOFF:
        return True
    if part.source not in history.tables or part.source in history.attributes:
        return False
    try:
        expression(part.over(EVER), history[part.source].schema())
    except MeasureError:
        return False
    return True
