"""Levers: what the business can change, as measures say it of themselves or the settings do, and what trials showed.

A lever is no cause: until a trial has moved it, a reason of a lever is an association like all others.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from patron.errors import QuestionError, SettingsError, listed, nearest
from patron.explanations.tested_levers import TestedLever
from patron.features.definitions import Definition
from patron.features.measures import ON_CUTOFF
from patron.models.serving import Bundle, FeatureSpec

__all__ = ["UNTESTED", "check_levers", "check_measures", "evidence", "lever_names", "measure_name", "with_levers"]

UNTESTED: Mapping[str, float] = MappingProxyType({})
WINDOW = re.compile(r"_\d+(d|mo)$")


def measure_name(column: str) -> str:
    """Return the measure of a column, whatever its window.

    >>> measure_name("tickets_90d"), measure_name("tickets_3mo"), measure_name("recency")
    ('tickets', 'tickets', 'recency')
    """
    return WINDOW.sub("", column)


def with_levers(model: Bundle, levers: Mapping[str, str | TestedLever]) -> Bundle:
    """Return a model some of whose features are levers, beside those that say so themselves.

    Args:
        model: any trained model.
        levers: what the business does, in words or with what its trial showed, by measure or column; what the model
            does not look at is left out.

    >>> spec = {"features": [{"name": "tickets_90d", "source": "tickets"}, {"name": "recency", "source": "orders"}]}
    >>> with_levers(Bundle(spec), {"tickets": "requests answered"}).spec["features"][0]["lever"]
    'requests answered'
    """
    if not levers:
        return model
    features = [_with_lever(feature, levers) for feature in model.spec["features"]]
    return replace(model, spec=model.spec | {"features": features})


def _with_lever(feature: FeatureSpec, levers: Mapping[str, str | TestedLever]) -> FeatureSpec:
    lever = _entry(feature["name"], levers)
    if lever is None or feature["source"] == ON_CUTOFF:
        return feature
    if isinstance(lever, TestedLever):
        return feature | {"lever": lever.words, "tested": lever.effect, "tested_by": lever.source}
    return feature | {"lever": lever}


def check_measures(levers: Mapping[str, str | TestedLever], features: Iterable[Definition]) -> None:
    """Refuse levers of the settings that no feature is measured by, or that all customers share.

    Args:
        levers: what the business does, by measure or column.
        features: of all questions.

    Raises:
        SettingsError: with the nearest name.
    """
    sources = {feature.name: feature.source for feature in features}
    sources |= {measure_name(name): source for name, source in sources.items()}
    for name, lever in levers.items():
        words = lever.words if isinstance(lever, TestedLever) else lever
        if name not in sources:
            known = nearest(name, sources) or f" There are: {listed({measure_name(n) for n in sources})}."
            raise SettingsError(
                f"[levers] names {name!r}, which is no measure of these features.{known} Write the name of a measure "
                f"or of a column, and what the business does: tickets = {words!r}."
            )
        if sources[name] == ON_CUTOFF:
            raise SettingsError(
                f"[levers] names {name!r}, which all customers of a cutoff share: nobody can change it for one of "
                "them. Leave it out."
            )


def lever_names(model: Bundle) -> list[str]:
    """Return the columns of a model that are levers."""
    return [feature["name"] for feature in model.spec["features"] if feature.get("lever")]


def check_levers(names: Iterable[str], model: Bundle, argument: str) -> None:
    """Refuse names that are no lever of a model, neither as its measure nor as its column.

    Args:
        names: of measures or columns.
        model: any trained model.
        argument: in which the names were given.

    Raises:
        QuestionError: with the nearest lever, and how to declare one.
    """
    known = lever_names(model)
    every = sorted({*known, *map(measure_name, known)})
    for name in names:
        if name not in every:
            raise QuestionError(
                f"{argument} names {name!r}, which is no lever of this model.{nearest(name, every)} Its levers: "
                f"{listed(map(measure_name, known))}. Declare one where the measure is written, "
                '@pt.measure(..., lever="complaints answered"), and train again, or in the settings:\n'
                f'[levers]\n{name} = "what the business does"'
            )


def evidence(feature: FeatureSpec, tested: Mapping[str, float], is_chance: bool) -> str:
    """Return what is known of changing a feature: nothing, that it could be tried, or what a trial changed.

    Args:
        feature: as the bundle describes it.
        tested: what trials changed, by measure or column, before what the settings say of it.
        is_chance: whether the answer is a probability, so that the change is told in points.

    >>> evidence({"name": "tickets_90d", "lever": "requests answered"}, {"tickets": -0.04}, is_chance=True)
    'lever tested: its trial changed the answer by -4.0 points'
    """
    if not feature.get("lever"):
        return "association, not a lever"
    given = _entry(feature["name"], tested)
    effect = feature.get("tested") if given is None else given
    if effect is None:
        return "association, lever untested"
    changed = f"{effect * 100:+.1f} points" if is_chance else f"{effect:+,.2f}"
    source = feature.get("tested_by", "its trial") if given is None else "its trial"
    return f"lever tested: {source} changed the answer by {changed}"


def _entry(column: str, table: Mapping[str, Any]) -> Any:
    """Return what a table says of a column, or else of its measure, None where it says nothing."""
    return table.get(column, table.get(measure_name(column)))
