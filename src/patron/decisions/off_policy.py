"""Off-policy evaluation: what another policy would have earned, from decisions whose chances were kept.

Doubly robust (Dudik, Erhan, Langford and Li 2014), weights clipped where that makes the error smaller (Su,
Dimakopoulou, Krishnamurthy and Dudik 2020), intervals over customers. Where the log cannot tell, it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from patron.decisions.outcome_models import expected_outcomes
from patron.decisions.policy_logs import Logged, logged
from patron.errors import QuestionError
from patron.metrics import Estimate, aipw_value, estimate, ipw_value
from patron.metrics.columns import by_draw, mean, rows

__all__ = ["PolicyValue", "policy_value"]

Floats = npt.NDArray[np.float64]
LEAST = 50  # decisions that followed the policy, as they count after weighting
FAR, LACKING = 4.0, 0.05  # standard deviations, and share of the customers, beyond which they are out of reach
STEPS = np.array([1.0, 0.999, 0.99, 0.98, 0.95, 0.9, 0.8])  # of the weights: which of them limits may be


@dataclass(frozen=True)
class PolicyValue:
    """What a policy would have earned, for each customer on average.

    Args:
        value: of the policy, doubly robust.
        logged: of what was done.
        gain: how much more the policy would have earned, its doubt reckoned on the same customers.
        self_normalised: the value by weights alone, no model asked; far from `value` one of both is wrong.
        customers: decisions in the log.
        followed: how many of them were by chance what the policy would do.
        effective: how many decisions of equal weight they count as (Kish 1965).
        limit: the largest weight; heavier ones are clipped to it.
        clipped: share of those followed whose weight was clipped.
        bias: by how much clipping has moved the value, as far as the log tells; the intervals hold it.
        evidence: what the estimate rests on.
    """

    value: Estimate
    logged: Estimate
    gain: Estimate
    self_normalised: Estimate
    customers: int
    followed: int
    effective: float
    limit: float
    clipped: float
    bias: float
    evidence: str = "logged propensity"

    def __repr__(self) -> str:
        """Return value, gain and what they rest on, in a line."""
        return (
            f"PolicyValue({self.value} for each of {self.customers:,} customers, {self.gain} more than what was done; "
            f"{self.followed:,} decisions followed it and count as {self.effective:,.0f}, {self.evidence})"
        )


def policy_value(
    log: pd.DataFrame,
    policy: pd.DataFrame,
    outcome: str = "profit",
    features: Sequence[str] = (),
    limit: float | None = None,
    seed: int = 0,
) -> PolicyValue:
    """Estimate what another policy would have earned, from logged decisions and what came of them.

    The value is the mean over all customers of what a model of other customers expects of them under the policy, mended
    where the decision was by chance that of the policy: by how much the outcome differs, over the chance.

    Args:
        log: a row for each customer (and `cutoff`, where there are several) with the `offer` that they got, empty for
            nothing, the `propensity` of just that, and the outcome: `pt.decide(...).log` with what came of it.
        policy: customer (and `cutoff`, where the log has several) and offer, a row for each who is to get one; who is
            not there, or whose `group` is "control", gets nothing: `pt.decide(...).table` will do.
        outcome: column of what each customer earned after the cost of the offer, or of any other figure.
        features: columns of the log that were known before the decision, for the model; without any it is the mean.
        limit: the largest weight, above 1; by default that of the smallest error, as far as the log tells.
        seed: of the folds of customers, whose outcomes models of the other folds expect.

    Raises:
        ScoreError: a column is missing, a chance is none, or a customer comes twice.
        QuestionError: the policy was never followed, or by too few decisions, or gives what was out of reach.

    >>> log = pd.DataFrame({"customer": range(400), "offer": ["call", ""] * 200, "propensity": 0.5})
    >>> log["profit"] = np.where(log.offer == "call", 3.0, 1.0)
    >>> policy_value(log, pd.DataFrame({"customer": range(400), "offer": "call"})).gain.value
    1.0
    """
    known = logged(log, policy, outcome, features)
    weight = 1 / known.propensity
    _check_overlap(known, weight)
    expected = expected_outcomes(known, seed)
    highest = _limit(known, weight, expected) if limit is None else max(float(limit), 1.0)
    clipped = np.maximum(known.propensity, 1 / highest)
    followed = known.followed.astype(np.float64)
    columns = followed, known.outcome, clipped, expected
    bias = float(np.mean(followed * (1 / clipped - weight) * (known.outcome - expected)))
    score = expected + followed / clipped * (known.outcome - expected)
    used = np.minimum(weight, highest)[known.followed]
    return PolicyValue(
        value=_wider(estimate(aipw_value, known.customer, *columns), bias),
        logged=estimate(_average, known.customer, known.outcome),
        gain=_wider(estimate(_average, known.customer, score - known.outcome), bias),
        self_normalised=estimate(ipw_value, known.customer, followed, known.outcome, known.propensity),
        customers=len(known),
        followed=len(used),
        effective=_effective(used),
        limit=highest,
        clipped=float((weight[known.followed] > highest).mean()),
        bias=bias,
    )


def _check_overlap(known: Logged, weight: Floats) -> None:
    """Refuse a policy that the log says too little of."""
    heavy = weight[known.followed]
    effective = _effective(heavy)
    if effective < LEAST:
        raise QuestionError(
            f"The log says too little of this policy: {len(heavy):,} of {len(known):,} decisions were by chance what "
            f"it would do, and count as {effective:,.0f} after weighting, where {LEAST} are needed. Explore more, "
            "pt.decide(..., exploration=0.2), or give the log of several cutoffs."
        )
    away = len(known) - heavy.sum()
    doubt = np.sqrt((heavy * (heavy - 1)).sum())
    if away > max(FAR * doubt, LACKING * len(known)):
        raise QuestionError(
            f"The policy gives about {away / len(known):.0%} of {len(known):,} customers what they could not have got: "
            "by the propensities of the log it would have been followed far more often. Ask about a policy that keeps "
            "to consent and conditions: policy[policy.offer.isin(...)], or leave those customers out of the log."
        )


def _limit(known: Logged, weight: Floats, expected: Floats) -> float:
    """Return the limit of the weights with the smallest squared error: variance, and what clipping takes away."""
    off = np.where(known.followed, known.outcome - expected, 0.0)
    errors = {}
    for limit in np.unique(np.quantile(weight[known.followed], STEPS, method="higher")):
        lighter = np.minimum(weight, limit)
        bias = np.mean((weight - lighter) * off)
        errors[float(limit)] = bias**2 + np.var(expected + lighter * off) / len(known)
    return min(errors, key=errors.__getitem__)


def _effective(weight: Floats) -> float:
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0


def _wider(figure: Estimate, bias: float) -> Estimate:
    return Estimate(figure.value, figure.low - max(bias, 0.0), figure.high - min(bias, 0.0))


@by_draw
def _average(values: Floats, *, weight: npt.NDArray[np.float64] | None = None) -> float:
    weights, column = rows(weight, values=values)
    return float(result) if np.ndim(result := mean(column, weights)) == 0 else result
