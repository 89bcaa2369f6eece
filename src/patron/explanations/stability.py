"""Stability: whether reasons stay when the model is fitted again on other customers of the same business."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from patron.errors import QuestionError
from patron.explanations.pushes import pushes
from patron.explanations.redundancy import Reasons, facts, static_facts, strongest
from patron.features.measures import ON_CUTOFF
from patron.models.serving import Bundle, FeatureSpec
from patron.questions.matrices import Matrix

__all__ = ["LIMIT", "REFITS", "Stability", "stability", "stable_facts"]

REFITS = 8
LIMIT = 0.5  # the highest that costs no agreement (docs/benchmarks-stability.md)
TOP = 3
MOST = 1_000  # rows whose reasons are compared
FEWEST = 20  # customers whose reason a fact must be, for its stability to be known
RANKED = 10


@dataclass(frozen=True)
class Stability:
    """How reasons of one model stay over its refits.

    Args:
        refits: how many there were.
        first: share of the refits in which a customer's first reason on a side stays the first there.
        kept: the same, that it stays among the first three there.
        agreement: Kendall's tau between the model's ten facts that push most and the same facts in the refits, mean.
        table: `first` (NaN where it is nobody's first) and `kept` of each theme and fact (`level`: theme or measure)
            over all reasons among the first three, with its words and the number of reasons, the most first.
        features: of each feature of the model `stability`, NaN where it is the first of fewer than twenty,
            and how far the share of its pushes lies from the model's own in the refits, `low` and `high`.
    """

    refits: int
    first: float
    kept: float
    agreement: float
    table: pd.DataFrame
    features: pd.DataFrame

    @property
    def figures(self) -> dict[str, float]:
        """All but the tables, by name; what no reason stands for is left out."""
        known = {"first": self.first, "kept": self.kept, "agreement": self.agreement}
        return {"refits": float(self.refits)} | {name: value for name, value in known.items() if np.isfinite(value)}

    def carried_by(self, model: Bundle) -> Bundle:
        """Return the model, whose features know how stable they are as reasons."""
        features = [_with(f, *row) for f, row in zip(model.spec["features"], self._figures(), strict=True)]
        return replace(model, spec=model.spec | {"features": features})

    def _figures(self) -> list[tuple[float, float, float]]:
        return list(self.features[["stability", "low", "high"]].itertuples(index=False, name=None))


def stability(model: Bundle, refits: Sequence[Bundle], rows: Matrix, seed: int = 0) -> Stability:
    """Measure how the reasons for some customers stay over refits of a model.

    The stability of a measure is that of its fact: of the customers whose first reason on a side it is, the share of
    refits that have it among the first three there.

    Args:
        model: any trained model.
        refits: the same fitted on other customers, see `patron.models.refits`.
        rows: features of n customers; of more than a thousand, a random sample is looked at.
        seed: of that sample.

    Raises:
        QuestionError: there are no refits, or no rows.
    """
    if not refits or not len(rows):
        raise QuestionError(
            f"Stability compares reasons over refits, got {len(refits)} refits and {len(rows)} rows. Give both."
        )
    sample = rows.take(np.random.default_rng(seed).permutation(np.arange(len(rows)) < MOST))
    (push, reasons), *others = (_reasons(bundle, sample) for bundle in (model, *refits))
    at = (reasons.row, reasons.fact, reasons.side)
    ranks = np.stack([_ranks(other, push.shape)[at] for _, other in others])
    cells = pd.DataFrame({"first": (ranks == 1).mean(axis=0), "kept": (ranks <= TOP).mean(axis=0)})
    cells = cells.assign(fact=reasons.fact, speaker=reasons.speaker, rank=reasons.rank)
    of_first = cells[cells["rank"] == 1]
    features = model.spec["features"]
    fact = static_facts(features)
    shares = np.stack([_shares(p) for p, _ in others]) - _shares(push)
    spread = pd.DataFrame({"low": shares.min(axis=0).clip(max=0.0), "high": shares.max(axis=0).clip(min=0.0)})
    return Stability(
        len(refits),
        float(of_first["first"].mean()),
        float(of_first.kept.mean()),
        float(np.mean([_agreement(push, p, fact) for p, _ in others])),
        _table(cells, features),
        spread.assign(stability=_of_facts(cells).reindex(fact).to_numpy()),
    )


def stable_facts(features: Sequence[FeatureSpec]) -> np.ndarray:
    """Return which facts may be told as a first reason, by number: those not known to be below `LIMIT`.

    >>> stable_facts([{"stability": 0.4}, {"stability": 0.9}, {}])
    array([False,  True,  True])
    """
    return np.array([feature.get("stability", 1.0) >= LIMIT for feature in features], dtype=bool)


def _reasons(model: Bundle, rows: Matrix) -> tuple[np.ndarray, Reasons]:
    """Return the pushes of some rows, shape (n, features), and the strongest facts among them."""
    batch = next(pushes(model, rows))
    features = model.spec["features"]
    season = np.array([f["source"] == ON_CUTOFF for f in features])
    return batch.total, strongest(
        batch.total, facts(batch.X, features).without(season), np.ones(len(features), dtype=bool), TOP
    )


def _ranks(reasons: Reasons, shape: tuple[int, ...]) -> np.ndarray:
    """Return the rank of each fact of each row on each side, one more than the last where it is no reason."""
    ranks = np.full((*shape, 2), TOP + 1)
    ranks[reasons.row, reasons.fact, reasons.side] = reasons.rank
    return ranks


def _shares(push: np.ndarray) -> np.ndarray:
    moved = np.abs(push).mean(axis=0)
    return moved / max(moved.sum(), np.finfo(float).tiny)


def _agreement(push: np.ndarray, other: np.ndarray, fact: np.ndarray) -> float:
    """Return how the facts that push most rank in another model; 1 where there is nothing to rank."""
    ours, theirs = (np.bincount(fact, weights=np.abs(p).mean(axis=0)) for p in (push, other))
    top = np.argsort(-ours, kind="stable")[:RANKED]
    tau = kendalltau(ours[top], theirs[top]).statistic
    return float(tau) if np.isfinite(tau) else 1.0


def _of_facts(cells: pd.DataFrame) -> pd.Series:
    of_first = cells[cells["rank"] == 1].groupby("fact").kept
    return of_first.mean()[of_first.size() >= FEWEST]


def _table(cells: pd.DataFrame, features: Sequence[FeatureSpec]) -> pd.DataFrame:
    """Return how stable reasons are, of each theme and of each fact by the feature that speaks for it most."""
    speaker = cells.groupby("fact").speaker.agg(lambda of: of.mode()[0])
    words = cells.fact.map(speaker).map(lambda i: features[i]["words"])
    theme = cells.speaker.map(lambda i: features[i]["theme"])
    cells = cells.assign(first_kept=cells["first"].where(cells["rank"] == 1))
    parts = []
    for level, names in (("theme", theme), ("measure", words)):
        grouped = cells.groupby(names.rename("words"))
        part = grouped.agg(reasons=("kept", "size"), first=("first_kept", "mean"), kept=("kept", "mean")).reset_index()
        parts.append(part.assign(level=level).sort_values(["reasons", "words"], ascending=[False, True]))
    return pd.concat(parts, ignore_index=True)[["level", "words", "reasons", "first", "kept"]]


def _with(feature: FeatureSpec, stable: float, low: float, high: float) -> FeatureSpec:
    known = feature | {"share_spread": [float(low), float(high)]}
    return known if np.isnan(stable) else known | {"stability": float(stable)}
