"""Trials: who got which offer, what was known of them before, and what came of it; checked before anything is learned.

A trial need not be randomised: `assignment` says how the arms came about, and every result carries that as evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from patron.decisions.uplift import trial_checks as checks
from patron.decisions.uplift.trial_columns import (
    column,
    feature_columns,
    number_column,
    propensity_columns,
    text_column,
)

__all__ = ["ASSIGNMENTS", "KINDS", "Trial", "trial"]

ASSIGNMENTS = checks.ASSIGNMENTS
KINDS = checks.KINDS


@dataclass(frozen=True)
class Trial:
    """Past contacts from which the effect of offers is learned, one row for each contact or customer.

    Args:
        features: numbers and texts known before the contact, shape (n, features).
        arm: what each row got, texts of shape (n,).
        control: the arm that was left alone, or got what everybody gets.
        outcome: what the offer should raise, shape (n,): 1 or 0 for stayed, visited, bought; or money.
        propensity: probability of each arm for each row, a column for each arm; None where nobody knows it.
        assignment: "randomised" (drawn by lot), "logged" (by a rule whose probabilities were kept) or
            "observational" (by people or rules that nobody wrote down).
        cost: what the contact of each row cost, shape (n,), in the currency of what the outcome is worth; or None.
        customer: keys, shape (n,), where a customer has several rows; or None.
        outcome_kind: "probability" of an event, or "money".

    Raises:
        QuestionError: an arm has too few rows, the control is absent, or what is said of the trial cannot be meant.
        HistoryError: a column has values that it must not have.
    """

    features: pd.DataFrame
    arm: np.ndarray
    control: str
    outcome: np.ndarray
    propensity: pd.DataFrame | None = None
    assignment: str = "observational"
    cost: np.ndarray | None = None
    customer: np.ndarray | None = None
    outcome_kind: str = "probability"

    def __post_init__(self) -> None:
        checks.check_words(self.assignment, self.outcome_kind, self.propensity)
        lengths = {"outcome": self.outcome, "features": self.features, "propensity": self.propensity}
        checks.check_lengths(len(self.arm), lengths | {"cost": self.cost, "customer": self.customer})
        checks.check_arms(self.arm, self.control)
        checks.check_outcome(self.outcome, self.outcome_kind)
        checks.check_features(self.features, self.arm, self.outcome)
        if self.propensity is not None:
            checks.check_propensity(self.propensity, self.arms)
        if self.cost is not None:
            checks.check_cost(self.cost)

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        arm: str,
        control: object,
        outcome: str,
        features: Sequence[str],
        propensity: Mapping[str, str | float] | None = None,
        assignment: str = "observational",
        cost: str | None = None,
        customer: str | None = None,
        outcome_kind: str | None = None,
    ) -> "Trial":
        """Take a trial from a frame, by the names of its columns.

        Args:
            frame: one row for each contact or customer.
            arm: the column of what each row got.
            control: the value of that column for those who were left alone.
            outcome: the column of what came of it.
            features: the columns that were known before the contact; none that was written later.
            propensity: for each arm its probability, as a share that holds for all (`{"mail": 0.5, "none": 0.5}`) or
                the column that has it.
            assignment: "randomised", "logged" or "observational".
            cost: the column of what each contact cost.
            customer: the column of the customer, where customers have several rows.
            outcome_kind: "probability" or "money"; told from the values where it is not given.

        Raises:
            QuestionError: a column is missing or has two uses, or the trial cannot be meant.
            HistoryError: a column has values that it must not have.

        >>> rows = pd.DataFrame({"visits": [3, 1, 2, 5], "got": ["mail", "none"] * 2, "bought": [1, 0, 1, 0]})
        >>> half = {"mail": 0.5, "none": 0.5}
        >>> past = Trial.of(rows, "got", "none", "bought", ["visits"], half, assignment="randomised")
        >>> past.arms, past.treatments, past.outcome_kind, past.propensity.mail.tolist()
        (('none', 'mail'), ('mail',), 'probability', [0.5, 0.5, 0.5, 0.5])
        """
        uses = {"arm": arm, "outcome": outcome, "cost": cost, "customer": customer}
        checks.check_uses({use: name for use, name in uses.items() if name is not None}, list(features))
        result = number_column(frame, outcome, "outcome")
        return cls(
            features=feature_columns(frame, features),
            arm=text_column(frame, arm, "arm"),
            control=str(control),
            outcome=result,
            propensity=None if propensity is None else propensity_columns(frame, propensity),
            assignment=assignment,
            cost=None if cost is None else number_column(frame, cost, "cost"),
            customer=None if customer is None else column(frame, customer, "customer").to_numpy(),
            outcome_kind=outcome_kind or ("probability" if np.isin(result, (0, 1)).all() else "money"),
        )

    def take(self, kept: np.ndarray) -> "Trial":
        """Return some rows."""
        return replace(
            self,
            features=self.features[kept].reset_index(drop=True),
            arm=self.arm[kept],
            outcome=self.outcome[kept],
            propensity=None if self.propensity is None else self.propensity[kept].reset_index(drop=True),
            cost=None if self.cost is None else self.cost[kept],
            customer=None if self.customer is None else self.customer[kept],
        )

    def __len__(self) -> int:
        return len(self.arm)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms: the control first, the others sorted."""
        return (self.control, *self.treatments)

    @property
    def treatments(self) -> tuple[str, ...]:
        """The arms that are not the control, sorted."""
        return tuple(sorted({str(arm) for arm in self.arm} - {self.control}))

    @property
    def groups(self) -> np.ndarray:
        """The customer of each row as a number, shape (n,); each row its own where nobody said."""
        if self.customer is None:
            return np.arange(len(self))
        return np.asarray(pd.factorize(pd.Series(self.customer))[0])


trial = Trial.of
