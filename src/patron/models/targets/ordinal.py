"""Ordinal targets: a class among several, with thresholds in money, as the tier of profit is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd

from patron import metrics
from patron.errors import QuestionError, listed
from patron.models.serving import Bundle, OutputSpec, TargetSpec, current_tiers, softmax, span_name, tier_codes
from patron.models.targets.question_metric import PROMISED, QuestionMetric
from patron.models.targets.target import BinaryOutcome, Examples, ExplainedScore, Target
from patron.questions.kinds import Tier

__all__ = ["OrdinalTarget"]

QUANTILES = np.linspace(0.005, 0.995, 100)
SHRINKAGE = 50.0  # rows of a current tier that weigh as much as those of all
NUMBERS = ("expected_profit", "profit_if_active", "profit_low", "profit_high")


@dataclass(frozen=True)
class OrdinalTarget(Target[Tier]):
    """A question whose label is money over the horizon, told as a tier."""

    kind: str = "tier"

    shape: ClassVar[str] = "ordinal"

    def target_spec(self, question: Tier, label: np.ndarray, features: pd.DataFrame) -> TargetSpec:
        """Return the thresholds, and the profits that end in each tier."""
        thresholds = [0.0, *reversed(question.thresholds or _thresholds(question, label))]
        _check_several(question, thresholds, label)
        earned = _earned(features, str(question.horizon))
        profit, spread = _by_current_tier(thresholds, label, tier_codes(thresholds, earned))
        return self._begun(question) | {
            "tiers": list(question.names),
            "lows": thresholds,
            "profit_from": profit,
            "spread_from": spread,
            "cuts": [k + 0.5 for k in range(len(thresholds))],
        }

    def examples(self, spec: TargetSpec, label: np.ndarray) -> Examples:
        """Return the tier of each row."""
        return Examples(np.arange(len(label)), None, tier_codes(spec["lows"], label), len(spec["tiers"]))

    def outputs(self, spec: TargetSpec) -> list[OutputSpec]:
        """Return the tier, that of the last horizon, the profit, and the chance of each tier."""
        texts = dict.fromkeys(("tier", "present_tier"), "string")
        numbers = dict.fromkeys([*NUMBERS, *map(_chance, spec["tiers"])], "float64")
        return [{"name": name, "dtype": dtype} for name, dtype in (texts | numbers).items()]

    def binary_outcome(self, spec: TargetSpec, label: np.ndarray) -> BinaryOutcome:
        """Return whether they end in a tier above the rest."""
        top = spec["tiers"][2:]
        above = (label >= spec["lows"][1]).astype(float)
        return BinaryOutcome(" or ".join(reversed(top)), above, tuple(map(_chance, top)))

    def base_rates(self, spec: TargetSpec, label: np.ndarray) -> dict[str, float]:
        """Return the mean profit, and how many have any."""
        return {"mean profit": float(label.mean()), "share with profit": float((label > 0).mean())}

    def metrics(self, spec: TargetSpec, label: np.ndarray) -> dict[str, QuestionMetric]:
        """Return the metrics of the tier, then of the profit."""
        actual, codes = tier_codes(spec["lows"], label), partial(_codes, spec["tiers"])
        of_tiers = {"quadratic kappa": metrics.quadratic_kappa, "macro F1": metrics.macro_f1}
        of_profit = {
            "Gini of profit": (metrics.normalized_gini, 1.0),
            "decile error": (metrics.decile_error, 0.0),
            "bias of profit": (metrics.bias, 0.0),
        }
        return {
            name: QuestionMetric(partial(metric, classes=range(len(spec["tiers"]))), (actual,), ("tier",), 1.0, codes)
            for name, metric in of_tiers.items()
        } | {
            name: QuestionMetric(metric, (label,), ("expected_profit",), best)
            for name, (metric, best) in of_profit.items()
        }

    def coverages(self, spec: TargetSpec, label: np.ndarray) -> dict[str, QuestionMetric]:
        """Return how often the profit lies within its interval."""
        truths = (label, np.ones(len(label)))
        columns = ("profit_low", "profit_high")
        return {"coverage of the interval": QuestionMetric(metrics.coverage, truths, columns, PROMISED)}

    def leak_truths(self, spec: TargetSpec, label: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return who ends above the rest, and who brings nothing, as is mostly noted down."""
        return *super().leak_truths(spec, label), label <= 0

    def activity_edges(self, spec: TargetSpec) -> Sequence[float]:
        """Return the thresholds, as the activity of the last horizon is its profit."""
        return spec["lows"]

    def with_cutpoints(self, spec: TargetSpec, log_odds: np.ndarray) -> TargetSpec:
        """Return the spec with cuts between tiers so that each is given as often as its probabilities say."""
        shares = softmax(log_odds)
        rank = np.round(shares @ np.arange(shares.shape[1]), 9)
        return spec | {"cuts": _rank_cutpoints(rank, np.cumsum(shares.mean(axis=0))[:-1])}

    def with_idle(
        self, spec: TargetSpec, label: np.ndarray, features: pd.DataFrame, idle: Callable[[], np.ndarray | None]
    ) -> TargetSpec:
        """Return the spec with the lowest tier parted into those who buy nothing and those who buy at a loss."""
        silent = idle()
        if silent is None:
            return spec
        current = tier_codes(spec["lows"], _earned(features, span_name(spec)))
        lost, present = tier_codes(spec["lows"], label) == 0, [current == p for p in range(len(spec["tiers"]))]
        bought, parts = silent == 0, (lost & (silent == 1), lost & (silent == 0))
        every = [label[part] if part.any() else np.zeros(1) for part in parts]
        cells = [[(label[part & here], all_of) for part, all_of in zip(parts, every, strict=True)] for here in present]
        overall = lost[bought].astype(np.float64) if bought.any() else np.zeros(1)
        return spec | {
            "loss_if_bought": [_shrunken_mean(lost[bought & here], overall) for here in present],
            "loss_profit_from": [[_shrunken_mean(*cell) for cell in row] for row in cells],
            "loss_spread_from": [[_shrunken_quantiles(*cell) for cell in row] for row in cells],
        }

    def purchase_shift(self, spec: TargetSpec, shift: float) -> list[float]:
        """Return the opposite for the lowest tier, in which those who buy nothing end."""
        return [-shift, *(0.0 for _ in spec["tiers"][1:])]

    def with_learned(self, question: Tier, spec: TargetSpec) -> Tier:
        """Return the question with the thresholds that its first model found."""
        return replace(question, thresholds=tuple(reversed(spec["lows"][1:])))

    def explained_score(self, model: Bundle, X: np.ndarray) -> ExplainedScore:
        """Return the expected profit; ranks push beside their mean, as a shift of all log-odds changes no answer."""
        spec = model.spec["answer"]
        ranks, profit = np.arange(len(spec["tiers"]), dtype=np.float64), np.asarray(spec["profit_from"])
        current = current_tiers(model, X)

        def expected_profit(log_odds: np.ndarray, row: np.ndarray) -> np.ndarray:
            return np.asarray((softmax(log_odds[:, 0]) * profit[current[row]]).sum(axis=1))

        return ExplainedScore((None,), (ranks - ranks.mean())[None, :], expected_profit, "the expected tier", False)


def _earned(features: pd.DataFrame, span: str) -> np.ndarray:
    """Return the profit of the last horizon."""
    return np.asarray(features[f"profit_{span}"].to_numpy(dtype=np.float64, na_value=np.nan))


def _chance(tier: str) -> str:
    return f"probability_{tier}"


def _codes(tiers: Sequence[str], *columns: np.ndarray) -> Sequence[np.ndarray]:
    return [np.asarray(pd.Categorical(column, categories=list(tiers)).codes) for column in columns]


def _rank_cutpoints(rank: np.ndarray, below: np.ndarray) -> list[float]:
    """Part the ranks so that the shares below the cuts come nearest to those wanted; ranks that tie stay together."""
    ranks, counts = np.unique(rank, return_counts=True)
    between = np.concatenate([[ranks[0] - 0.5], (ranks[1:] + ranks[:-1]) / 2, [ranks[-1] + 0.5]])
    reached = np.concatenate([[0.0], np.cumsum(counts) / len(rank)])
    return [float(between[np.argmin(np.abs(reached - share))]) for share in below]


def _by_current_tier(
    thresholds: list[float], label: np.ndarray, current: np.ndarray
) -> tuple[list[list[float]], list[list[list[float]]]]:
    """Return the mean and the quantiles of the profits that end in each tier, by the tier they come from.

    Few rows lean on those of all current tiers.
    """
    codes, tiers = tier_codes(thresholds, label), range(len(thresholds) + 1)
    floor = [0.0, *thresholds]
    everybody = [label[codes == k] if (codes == k).any() else np.array([floor[k]]) for k in tiers]
    cells = [[(label[(codes == k) & (current == p)], everybody[k]) for k in tiers] for p in tiers]
    means = [[_shrunken_mean(*cell) for cell in row] for row in cells]
    return means, [[_shrunken_quantiles(*cell) for cell in row] for row in cells]


def _shrunken_mean(own: np.ndarray, every: np.ndarray) -> float:
    return float((own.sum() + SHRINKAGE * every.mean()) / (len(own) + SHRINKAGE))


def _shrunken_quantiles(own: np.ndarray, every: np.ndarray) -> list[float]:
    """Return the quantiles of a mixture of both, in which *every* weighs as much as some rows."""
    weight = len(own) / (len(own) + SHRINKAGE)
    values = np.concatenate([np.quantile(own, QUANTILES) if len(own) else np.zeros(0), np.quantile(every, QUANTILES)])
    weights = np.concatenate([np.full(len(values) - len(QUANTILES), weight), np.full(len(QUANTILES), 1.0 - weight)])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return values[order][np.searchsorted(reached, QUANTILES)].tolist()


def _thresholds(question: Tier, label: np.ndarray) -> tuple[float, ...]:
    """Return the lowest profit of each tier, so that the tiers hold their shares of the profitable training rows."""
    gains = label[label > 0]
    if len(gains) == 0:
        raise QuestionError(
            "No training row has a profit above zero, so tiers of profit cannot be told apart. "
            "Check the cost model (margin rate, cost per order), or ask for churn and the next purchase only."
        )
    shares = np.cumsum(list(question.tiers.values()))
    thresholds = tuple(float(t) for t in np.quantile(gains, 1.0 - shares))
    _check_apart(question, gains, thresholds)
    return thresholds


def _check_several(question: Tier, thresholds: list[float], label: np.ndarray) -> None:
    """Refuse thresholds that put everybody into one tier."""
    codes = np.unique(tier_codes(thresholds, label))
    if len(codes) == 1:
        raise QuestionError(
            f"All {len(label):,} training rows end in the tier {question.names[codes[0]]!r}: their profits over "
            f"{question.horizon}, {label.min():,.2f} to {label.max():,.2f}, lie between the same two of the thresholds "
            f"{listed(f'{low:,.2f}' for low in thresholds)}. Check the cost model (margin rate, cost per order) and "
            "the thresholds, or ask for churn and the next purchase only."
        )


def _check_apart(question: Tier, gains: np.ndarray, thresholds: tuple[float, ...]) -> None:
    """Refuse thresholds that leave a tier empty, as fixed prices make them."""
    counts = np.bincount(tier_codes([0.0, *reversed(thresholds)], gains), minlength=len(thresholds) + 2)[1:]
    if counts.all():
        return
    values, times = np.unique(gains, return_counts=True)
    empty = question.names[1 + int(np.argmin(counts))]
    raise QuestionError(
        f"The tier {empty!r} would be empty: {times.max():,} of {len(gains):,} profitable training rows have the same "
        f"profit, {values[times.argmax()]:,.2f}, so shares of customers give the thresholds "
        f"{', '.join(f'{t:,.2f}' for t in thresholds)}. Give thresholds in money, falling, one for each of "
        f"{', '.join(question.tiers)}: [questions.tier] thresholds = [...], or Tier(..., thresholds=(...))."
    )
