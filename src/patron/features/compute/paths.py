"""Paths: which way a measure takes, the fold or the generic path, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ibis.expr.schema import Schema
from ibis.expr.types import Table

from patron.features.compute.fold.formulas import Formula, Unknown, decompose
from patron.features.definitions import columns, expression
from patron.features.measures import ON_CUTOFF, Combination, Feature, Measure
from patron.periods import EVER

__all__ = ["Path", "explain_plan", "formula"]


def formula(events: Table, measure: Measure) -> Formula | Unknown:
    """Return how the fold computes a measure, or why it takes the generic path.

    Args:
        events: its event table.
        measure: built-in or own.
    """
    return _decompose(measure.over(EVER), events.schema())


@lru_cache(maxsize=4096)
def _decompose(measure: Measure, schema: Schema) -> Formula | Unknown:
    """Return the formula over a table that has columns but no rows; kept, because questions come again."""
    return decompose(expression(measure, schema).op())


@dataclass(frozen=True)
class Path:
    """Which way one column takes.

    Args:
        column: its name.
        path: `fold`, `engine` (the generic path), `combination` or `cutoff`.
        why: the reductions that the fold runs, or the reason why it cannot.
    """

    column: str
    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.column:<32} {self.path:<12} {self.why}"


def explain_plan(features: Sequence[Feature], tables: Mapping[str, Table]) -> tuple[Path, ...]:
    """Describe which path each column takes, and why, without running anything; the values are the same on both.

    Args:
        features: built-in or own.
        tables: event tables by name, for example those of a history.

    >>> from patron.datasets import online_retail
    >>> from patron.features import purchases
    >>> print(explain_plan((purchases.recency,), online_retail().tables)[0])
    recency                          fold         recency
    """
    return tuple(Path(name, *_path(feature, tables)) for name, feature, _ in columns(features))


def _path(feature: Feature, tables: Mapping[str, Table]) -> tuple[str, str]:
    if isinstance(feature, Combination):
        return "combination", " and ".join(part.name for part in feature.parts)
    if feature.source == ON_CUTOFF:
        return "cutoff", "one value for all customers of a cutoff"
    known = formula(tables[feature.source], feature)
    if isinstance(known, Unknown):
        return "engine", known.why
    return "fold", ", ".join(dict.fromkeys(leaf.reduction for leaf in known.leaves.values()))
