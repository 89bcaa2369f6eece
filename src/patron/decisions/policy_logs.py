"""Policy logs: decisions whose chances were kept, beside what a policy would do with the same customers; checked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from patron.decisions.table_checks import check_columns, check_once
from patron.errors import QuestionError, ScoreError, cell, listed, nearest

__all__ = ["Logged", "logged"]

MEND = "Give the log of a plan, pt.decide(...).log, with what came of it."
NOTHING = ""


@dataclass(frozen=True)
class Logged:
    """Decisions of the past, and what a policy would have done.

    Args:
        customer: keys, shape (n,).
        received: what each got, a name or "" for nothing, shape (n,).
        recommended: what the policy gives, likewise.
        propensity: chance of what each got, shape (n,).
        outcome: what came of it, shape (n,).
        features: what was known before, shape (n, features).
    """

    customer: np.ndarray
    received: np.ndarray
    recommended: np.ndarray
    propensity: npt.NDArray[np.float64]
    outcome: npt.NDArray[np.float64]
    features: pd.DataFrame

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def chance(self) -> npt.NDArray[np.float64]:
        """The chance to follow the policy; of who did not, what the chance of the other decision leaves at most."""
        return np.where(self.followed, self.propensity, 1 - self.propensity)

    @property
    def counts(self) -> dict[str, int]:
        """How many customers the policy gives each offer, and nothing."""
        names, counts = np.unique(self.recommended.astype(str), return_counts=True)
        return dict(zip(names.tolist(), counts.tolist(), strict=True))

    @property
    def followed(self) -> npt.NDArray[np.bool_]:
        """Whose decision was by chance that of the policy."""
        return np.asarray(self.received == self.recommended)


def logged(log: pd.DataFrame, policy: pd.DataFrame, outcome: str, features: Sequence[str]) -> Logged:
    """Return decisions beside a policy.

    Raises:
        ScoreError: a column is missing, a value is unknown or no chance, a customer comes twice, or the policy is about
            no customer of the log.
        QuestionError: the policy gives an offer that nobody got.
    """
    check_columns(log, ("customer", "offer", "propensity", outcome, *features), "rows of the log", MEND)
    check_columns(
        policy, ("customer", "offer"), "rows of the policy", "Give a row for each customer who is to get an offer."
    )
    key = ["customer", *(["cutoff"] if "cutoff" in log and "cutoff" in policy else [])]
    check_once(log, ["customer", *(["cutoff"] if "cutoff" in log else [])], "decisions of the log")
    check_once(policy, key, "rows of the policy")
    figures = {name: pd.to_numeric(log[name], errors="coerce").to_numpy(np.float64) for name in ("propensity", outcome)}
    _check_numbers(figures["propensity"], figures[outcome], outcome)
    treated = policy[policy.group != "control"] if "group" in policy else policy
    _check_customers(log, treated)
    given = log[key].merge(treated[[*key, "offer"]].rename(columns={"offer": "recommended"}), "left", key).recommended
    received, recommended = (column.fillna(NOTHING).astype(str).to_numpy(object) for column in (log.offer, given))
    _check_offers(received, recommended)
    known = log[list(features)].reset_index(drop=True)
    return Logged(log.customer.to_numpy(object), received, recommended, figures["propensity"], figures[outcome], known)


def _check_customers(log: pd.DataFrame, treated: pd.DataFrame) -> None:
    """Refuse a log without a row, and a policy that treats none of its customers, as its keys are others."""
    if log.empty:
        raise ScoreError(f"The log has no row, so nothing can be told of a policy. {MEND}")
    if len(treated) and not treated.customer.isin(log.customer).any():
        raise ScoreError(
            f"None of the {len(treated):,} customers whom the policy treats is among the {len(log):,} decisions of the "
            "log, so it would seem to treat nobody. Give both the same keys: policy['customer'] = "
            f"policy.customer.astype({str(log.customer.dtype)!r})."
        )


def _check_numbers(propensity: np.ndarray, values: np.ndarray, outcome: str) -> None:
    """Refuse chances of what happened that are 0 or none, and outcomes that are not known."""
    for name, bad, what in (
        ("propensity", ~((propensity > 0) & (propensity <= 1)), "the chance of what happened, above 0 and at most 1"),
        (outcome, ~np.isfinite(values), "a number, 0 of who earned nothing"),
    ):
        if bad.any():
            shown = cell({"propensity": propensity, outcome: values}[name][bad.argmax()], "g")
            raise ScoreError(
                f"Column {name!r} of the log is {what}, but not in {bad.sum():,} of {len(bad):,} rows; the first is "
                f"row {bad.argmax()} with {shown}. Fill it in, or leave the rows out: log[log[{name!r}] > 0]."
            )


def _check_offers(received: np.ndarray, recommended: np.ndarray) -> None:
    """Refuse a policy with an offer that nobody got, of which a log can tell nothing."""
    known, wanted = set(received), set(recommended)
    strange = sorted(wanted - known)
    if strange:
        what = f"the offer {strange[0]!r}" if strange[0] else "nothing to some"
        raise QuestionError(
            f"The policy gives {what}, and the log has no customer who got that. It has: "
            f"{listed(sorted(name or 'nothing' for name in known))}.{nearest(strange[0], known)} Explore first, "
            "pt.decide(..., exploration=0.1), or leave it out of the policy."
        )
