"""Off-policy evaluation: what another policy would have earned, from decisions whose chances were kept.

Doubly robust (Dudik, Erhan, Langford and Li 2014), heavy weights clipped (Su, Dimakopoulou, Krishnamurthy and Dudik
2020), intervals over customers that know how few rows tell the most. Where the log cannot tell, it is refused.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from patron.decisions.outcome_models import expected_outcomes
from patron.decisions.policy_logs import Logged, logged
from patron.errors import QuestionError
from patron.metrics import Estimate, estimate, ipw_value

__all__ = ["PolicyValue", "policy_value"]

Floats = npt.NDArray[np.float64]
LEAST = 50  # decisions that followed the policy with an offer, as they count after weighting
FAR, LACKING = 4.0, 0.05  # standard deviations, and share of the customers, beyond which they are out of reach
LEVEL, FEWEST = 0.95, 4.0  # of intervals; their degrees of freedom at least


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
        effective: how many decisions of equal weight they count as (Kish 1965), of the offer, or nothing, of which
            there are fewest; what less than a twentieth of the customers get does not count here.
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
        limit: the largest weight, above 1; by default the square root of how many decisions the log has (Ionides 2008),
            so that it moves little and less with more of them.
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
    effective = _check_overlap(known)
    highest = math.sqrt(len(known)) if limit is None else max(float(limit), 1.0)
    expected = expected_outcomes(known, seed)
    weight, clipped = 1 / known.propensity, np.maximum(known.propensity, 1 / highest)
    followed = known.followed.astype(np.float64)
    bias = float(np.mean(followed * (1 / clipped - weight) * (known.outcome - expected)))
    score = expected + followed / clipped * (known.outcome - expected)
    least = _least_variance(known, expected, highest)
    return PolicyValue(
        value=_wider(_mean(score, known, least), bias),
        logged=_mean(known.outcome, known),
        gain=_wider(_mean(score - known.outcome, known, least), bias),
        self_normalised=estimate(ipw_value, known.customer, followed, known.outcome, known.propensity),
        customers=len(known),
        followed=int(known.followed.sum()),
        effective=effective,
        limit=highest,
        clipped=float((weight[known.followed] > highest).mean()),
        bias=bias,
    )


def _check_overlap(known: Logged) -> float:
    """Return how many decisions tell the least known part of a policy; refuse it where they are too few, or too far."""
    weight = 1 / known.propensity
    counts = known.counts
    large = [name for name in counts if counts[name] >= LACKING * len(known)] or [max(counts, key=counts.__getitem__)]
    by_offer = {name: _effective(weight[known.followed & (known.recommended == name)]) for name in large}
    fewest = min(by_offer, key=by_offer.__getitem__)
    if by_offer[fewest] < LEAST:
        rows = known.recommended == fewest
        raise QuestionError(
            f"The log says too little of this policy: it gives {repr(fewest) if fewest else 'nothing'} to "
            f"{rows.sum():,} customers, of whom {known.followed[rows].sum():,} got that by chance, and they count as "
            f"{by_offer[fewest]:,.0f} after weighting, where {LEAST} are needed. Explore more, "
            "pt.decide(..., exploration=0.2), or give the log of several cutoffs."
        )
    away = len(known) - weight[known.followed].sum()
    doubt = np.sqrt((1 / np.maximum(known.chance, 1 / len(known)) - 1).sum())
    if away > max(FAR * doubt, LACKING * len(known)):
        raise QuestionError(
            f"The policy gives about {away / len(known):.0%} of {len(known):,} customers what they could not have got: "
            "by the propensities of the log it would have been followed far more often. Ask about a policy that keeps "
            "to consent and conditions: policy[policy.offer.isin(...)], or leave those customers out of the log."
        )
    return by_offer[fewest]


def _effective(weight: Floats) -> float:
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0


def _least_variance(known: Logged, expected: Floats, limit: float) -> float:
    """Return the variance that chances alone bring, whether a rare row of large weight is in the log or not."""
    weight = 1 / np.maximum(known.chance, 1 / limit)
    error = np.square(known.outcome - expected)
    total = 0.0
    for name in known.counts:
        given = known.recommended == name
        seen = given & known.followed
        if seen.any():
            total += float(np.average(error[seen], weights=weight[seen])) * float((weight[given] - 1).sum())
    return total / len(known) ** 2


def _mean(values: Floats, known: Logged, least: float = 0.0) -> Estimate:
    """Return a mean with its interval over customers, by the t distribution of as many as tell the most of it."""
    from scipy.stats import t

    mean = float(values.mean())
    customer = pd.factorize(known.customer)[0]
    squares = np.square(np.bincount(customer, values - mean))
    total = float(squares.sum())
    freedom = max(total**2 / float((squares**2).sum()), FEWEST) if total > 0 else FEWEST
    half = float(t.ppf((1 + LEVEL) / 2, freedom)) * math.sqrt(max(total / len(values) ** 2, least))
    return Estimate(mean, mean - half, mean + half)


def _wider(figure: Estimate, bias: float) -> Estimate:
    """Return an interval that also holds where the mean lies if clipping has moved it by a bias."""
    return Estimate(figure.value, figure.low - max(bias, 0.0), figure.high - min(bias, 0.0))
