"""Back-tests: how good the candidates are on cutoffs that no choice ever saw, each figure with its doubt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from patron.evaluation import Figure, curves, figures, metrics, paired
from patron.history import History
from patron.matrices import Matrix, answers, matrix
from patron.models.training import TREES, Trained

__all__ = ["Card", "backtest", "judge", "predictions"]


@dataclass(frozen=True)
class Yardstick:
    """One metric of one question: what is compared with what.

    Args:
        metric: function of the truths and the prediction, in this order.
        truths: what happened, each of shape (n,).
        column: which column of the answers is judged.
        best: the best value there is, by which a difference is told as better or worse.
    """

    metric: Callable[..., float]
    truths: tuple[np.ndarray, ...]
    column: str
    best: float


@dataclass(frozen=True)
class Card:
    """What a back-test found for one question.

    Args:
        question: its name.
        horizon: days ahead.
        cutoffs: test cutoffs.
        rows: customers at cutoffs that were judged.
        customers: different customers among them.
        base: what happened on average, by name (a rate, or money).
        measured: each metric of each candidate with its 95 % interval over customers.
        differences: each metric of LightGBM less that of the best baseline, on the same draws of customers.
        better: whether LightGBM is better, worse or tied there, by metric.
        champion: the candidate to use, chosen before these figures were known.
        best_baseline: the best baseline, chosen before too.
        reason: why that champion.
        reliability: predicted and observed rates of the champion, by bins of equal count.
        gains: share of customers contacted and share of events found, by candidate.
    """

    question: str
    horizon: int
    cutoffs: tuple[datetime, ...]
    rows: int
    customers: int
    base: Mapping[str, float]
    measured: Mapping[str, Mapping[str, Figure]]
    differences: Mapping[str, Figure]
    better: Mapping[str, str]
    champion: str
    best_baseline: str
    reason: str
    reliability: pd.DataFrame
    gains: Mapping[str, pd.DataFrame]

    def table(self) -> pd.DataFrame:
        """Return the figures as text: a row for each metric, a column for each candidate, and the difference."""
        candidates = {name: {m: str(f) for m, f in found.items()} for name, found in self.measured.items()}
        frame = pd.DataFrame(candidates)
        frame[f"{TREES} - {self.best_baseline}"] = {m: str(f) for m, f in self.differences.items()}
        frame["verdict"] = pd.Series(self.better)
        return frame

    def plain(self) -> dict[str, Any]:
        """Return the card as plain JSON values."""
        made = asdict(self) | {"cutoffs": [f"{c:%Y-%m-%d}" for c in self.cutoffs]}
        made["reliability"] = self.reliability.to_dict("records")
        made["gains"] = {name: curve.to_dict("list") for name, curve in self.gains.items()}
        return _without_nan(made)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Card":
        """Return the card that `plain` was made from."""
        figured = {name: _figures(found) for name, found in plain["measured"].items()}
        made = plain | {
            "cutoffs": tuple(datetime.fromisoformat(c) for c in plain["cutoffs"]),
            "measured": figured,
            "differences": _figures(plain["differences"]),
            "reliability": pd.DataFrame(plain["reliability"]),
            "gains": {name: pd.DataFrame(curve) for name, curve in plain["gains"].items()},
        }
        return cls(**made)


def backtest(trained: Trained, history: History, cutoffs: Sequence[datetime], seed: int = 0) -> Card:
    """Judge trained candidates at test cutoffs, which training did not see.

    Args:
        trained: what `train` gave.
        history: the checked event tables.
        cutoffs: test cutoffs.
        seed: of the bootstrap over customers.

    Raises:
        QuestionError: a cutoff lies outside the history, or its horizon has not passed.
    """
    rows = matrix(trained.question, history, cutoffs)
    return judge(trained, rows, answers(trained.question, history, cutoffs), seed)


def judge(trained: Trained, rows: Matrix, label: np.ndarray, seed: int = 0) -> Card:
    """Judge trained candidates on test rows that are in memory; see `backtest`."""
    answered = {name: bundle.predict(rows.X) for name, bundle in trained.bundles.items()}
    sticks = _yardsticks(trained.model.spec["answer"], label)
    customers = rows.key.customer.to_numpy()
    compared = (TREES, trained.best_baseline)
    measured = {name: _measured(sticks, customers, made, seed) for name, made in answered.items()}
    differences = {
        name: paired(s.metric, customers, *s.truths, *(_of(s, answered[c]) for c in compared), seed=seed)
        for name, s in sticks.items()
    }
    shown = _shown(trained.model.spec["answer"], label)
    return Card(
        question=trained.question.name,
        horizon=trained.question.horizon.days or 0,
        cutoffs=tuple(pd.Timestamp(c).to_pydatetime() for c in sorted(rows.key.cutoff.unique())),
        rows=len(rows),
        customers=rows.key.customer.nunique(),
        base=_base(trained.model.spec["answer"], label),
        measured=measured,
        differences=differences,
        better={name: _verdict(differences[name], sticks[name].best, measured[TREES][name].value) for name in sticks},
        champion=trained.champion,
        best_baseline=trained.best_baseline,
        reason=trained.reason,
        reliability=curves.reliability(shown.happened, shown.chance(answered[trained.champion])),
        gains={name: curves.gain(shown.happened, shown.chance(made)) for name, made in answered.items()},
    )


def predictions(trained: Trained, rows: Matrix, label: np.ndarray | None = None) -> pd.DataFrame:
    """Return every candidate's answers for each customer and cutoff, so that anyone can judge them.

    Columns: `customer`, `cutoff`, `candidate`, `champion` (whether this candidate is it), the answers of the
    question, and `actual`, what happened, where it is known.
    """
    frames = []
    for name, bundle in trained.bundles.items():
        frame = rows.key.assign(candidate=name, champion=name == trained.champion)
        if label is not None:
            frame["actual"] = label
        frames.append(pd.concat([frame, bundle.predict(rows.X)], axis=1))
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class _Shown:
    """The yes-or-no event that curves are drawn for, and the probability given to it."""

    happened: np.ndarray
    columns: tuple[str, ...]

    def chance(self, answered: pd.DataFrame) -> np.ndarray:
        return np.clip(answered[list(self.columns)].sum(axis=1).to_numpy(), 0.0, 1.0)


def _shown(answer: Mapping[str, Any], label: np.ndarray) -> _Shown:
    if answer["kind"] == "churn":
        return _Shown(label, ("churn_probability",))
    if answer["kind"] == "next_purchase":
        days = answer["within"][0]
        return _Shown((label < days).astype(float), (f"purchase_within_{days}d",))
    top = answer["tiers"][2:]
    return _Shown((label >= answer["lows"][1]).astype(float), tuple(f"probability_{name}" for name in top))


def _base(answer: Mapping[str, Any], label: np.ndarray) -> dict[str, float]:
    if answer["kind"] == "churn":
        return {"churn rate": float(label.mean())}
    if answer["kind"] == "next_purchase":
        rates = {f"bought within {d} days": float((label < d).mean()) for d in answer["within"]}
        return rates | {"median days of buyers": float(np.nanmedian(label)) if (label >= 0).any() else float("nan")}
    return {"mean profit": float(label.mean()), "share with profit": float((label > 0).mean())}


def _yardsticks(answer: Mapping[str, Any], label: np.ndarray) -> dict[str, Yardstick]:
    if answer["kind"] == "churn":
        return _chances((label,), "churn_probability")
    if answer["kind"] == "next_purchase":
        return _waiting(answer, label)
    tiers = np.asarray(answer["tiers"], dtype=object)
    lows = answer["lows"]
    actual = tiers[(label > lows[0]) * (1 + np.searchsorted(lows[1:], label, side="right"))]
    return {
        "quadratic kappa": Yardstick(_over(metrics.quadratic_kappa, list(tiers)), (actual,), "tier", 1.0),
        "macro F1": Yardstick(_over(metrics.macro_f1, list(tiers)), (actual,), "tier", 1.0),
        "Gini of profit": Yardstick(metrics.normalized_gini, (label,), "expected_profit", 1.0),
        "decile error": Yardstick(metrics.decile_error, (label,), "expected_profit", 0.0),
        "bias of profit": Yardstick(metrics.bias, (label,), "expected_profit", 0.0),
    }


def _chances(truths: tuple[np.ndarray, ...], column: str) -> dict[str, Yardstick]:
    found = {
        "AUC": (metrics.auc, 1.0),
        "average precision": (metrics.average_precision, 1.0),
        "log loss": (metrics.log_loss, 0.0),
        "Brier": (metrics.brier, 0.0),
        "bias": (metrics.bias, 0.0),
    }
    return {name: Yardstick(metric, truths, column, best) for name, (metric, best) in found.items()}


def _waiting(answer: Mapping[str, Any], label: np.ndarray) -> dict[str, Yardstick]:
    days, horizon = answer["within"][0], float(answer["horizon"])
    seen = np.where(np.isnan(label), horizon, label)
    bought = ~np.isnan(label)

    def date_error(actual: np.ndarray, expected: np.ndarray, weight: np.ndarray | None = None) -> float:
        return metrics.mean_absolute_error(actual, np.minimum(expected, horizon), weight=weight)

    return _chances(((label < days).astype(float),), f"purchase_within_{days}d") | {
        "C-index": Yardstick(metrics.concordance, (seen, bought), "days_median", 1.0),
        "error of the date (days)": Yardstick(date_error, (seen,), "days_median", 0.0),
    }


def _over(metric: Callable[..., float], classes: list[str]) -> Callable[..., float]:
    def judged(actual: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> float:
        return metric(actual, predicted, classes, weight=weight)

    return judged


def _measured(
    sticks: Mapping[str, Yardstick], customers: np.ndarray, answered: pd.DataFrame, seed: int
) -> dict[str, Figure]:
    return {
        name: figures({name: stick.metric}, customers, *stick.truths, _of(stick, answered), seed=seed)[name]
        for name, stick in sticks.items()
    }


def _of(stick: Yardstick, answered: pd.DataFrame) -> np.ndarray:
    return answered[stick.column].to_numpy()


def _verdict(difference: Figure, best: float, value: float) -> str:
    """Tell a difference whose interval leaves out zero as better or worse; more is better below the best value."""
    if not (difference.low > 0 or difference.high < 0):
        return "tie"
    rival = value - difference.value
    return "better" if abs(value - best) < abs(rival - best) else "worse"


def _figures(plain: Mapping[str, Mapping[str, float | None]]) -> dict[str, Figure]:
    known = {name: {k: float("nan") if v is None else v for k, v in found.items()} for name, found in plain.items()}
    return {name: Figure(**found) for name, found in known.items()}


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
