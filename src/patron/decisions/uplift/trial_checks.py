"""Checks of a trial: what cannot be meant is refused before anything is learned from it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import HistoryError, QuestionError, cell, listed, nearest

__all__ = [
    "ASSIGNMENTS",
    "KINDS",
    "check_arms",
    "check_cost",
    "check_features",
    "check_finite",
    "check_lengths",
    "check_outcome",
    "check_propensity",
    "check_uses",
    "check_words",
]

ASSIGNMENTS = ("randomised", "logged", "observational")
KINDS = ("probability", "money")
MOST_ARMS = 20
ROUNDING = 1e-6


def check_uses(uses: Mapping[str, str], features: Sequence[str]) -> None:
    """Refuse a column with two uses: the arm, the outcome, the cost and the key are no features.

    Raises:
        QuestionError: a column is named twice.
    """
    for use, name in uses.items():
        if name in features:
            rest = [feature for feature in features if feature != name]
            raise QuestionError(
                f"The column {name!r} is the {use} of the trial and one of its features, which must be known before "
                f"the contact. Leave it out: features={rest}."
            )
    for names in (list(uses.values()), list(features)):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise QuestionError(f"The column {twice[0]!r} is named twice. Name each column of the trial once.")


def check_words(assignment: str, kind: str, propensity: Any) -> None:
    """Refuse unknown kinds of assignment and outcome, and logged probabilities that are not there.

    Raises:
        QuestionError: a word is unknown.
    """
    for name, value, known in (("assignment", assignment, ASSIGNMENTS), ("outcome_kind", kind, KINDS)):
        if value not in known:
            raise QuestionError(
                f"The {name} of a trial is one of {', '.join(known)}, got {value!r}.{nearest(str(value), known)} "
                f"Write {name}={known[0]!r}."
            )
    if assignment == "logged" and propensity is None:
        raise QuestionError(
            "A logged assignment has the probability of each arm, and the trial has none. Name the columns: "
            "propensity={'mail': 'p_mail', 'none': 'p_none'}, or write assignment='observational'."
        )


def check_lengths(rows: int, columns: Mapping[str, Any]) -> None:
    """Refuse columns of another length than the arm's.

    Raises:
        QuestionError: a column does not fit.
    """
    for name, values in columns.items():
        if values is not None and np.size(values) and len(values) != rows:
            raise QuestionError(
                f"The trial has {rows:,} rows of 'arm' and {len(values):,} of {name!r}. Give one value for each row."
            )


def check_arms(arm: np.ndarray, control: str) -> None:
    """Refuse arms that cannot be compared.

    Raises:
        QuestionError: there is no row, no control, nobody but the control, or so many arms that they are no arms.
    """
    counts = pd.Series(arm).value_counts()
    if counts.empty:
        raise QuestionError("The trial has no row. Give a row for each contact, of the control too.")
    if len(counts) > MOST_ARMS:
        raise QuestionError(
            f"The arm of the trial has {len(counts):,} different values; {MOST_ARMS} at most can be compared. "
            "Name the column that says which offer was made: pt.trial(frame, arm='...')."
        )
    if control not in counts.index:
        raise QuestionError(
            f"Nobody is in the control arm {control!r}. The arms are: {listed(counts.index)}."
            f"{nearest(control, map(str, counts.index))} Name who was left alone: pt.trial(..., control='...')."
        )
    if len(counts) < 2:
        raise QuestionError(
            f"All {len(arm):,} rows are in the control arm {control!r}, so nothing can be compared. "
            "Add the rows of those who got the offer."
        )
    if counts.min() < 2:
        small = str(counts.idxmin())
        raise QuestionError(
            f"The arm {small!r} has one row only, from which no effect can be learned. "
            f"Leave it out: frame = frame[frame['...'] != {small!r}]."
        )


def check_finite(use: str, values: np.ndarray) -> None:
    """Refuse missing and infinite numbers.

    Raises:
        HistoryError: there are some.
    """
    bad = ~np.isfinite(values)
    if bad.any():
        raise HistoryError(
            f"The {use} of the trial is missing or infinite in {bad.sum():,} of {len(values):,} rows; the first is row "
            f"{bad.argmax()} with {values[bad][0]}. What nobody knows is no 0: leave such rows out of the frame, "
            f"frame = frame[np.isfinite(frame['...'])]."
        )


def check_cost(cost: np.ndarray) -> None:
    """Refuse costs that are no money paid.

    Raises:
        HistoryError: a cost is missing, infinite or negative.
    """
    check_finite("cost", cost)
    bad = cost < 0
    if bad.any():
        raise HistoryError(
            f"The cost of a contact is money of 0 or more, but {cell(cost[bad][0], 'g')} in row {bad.argmax()} and "
            f"negative in {bad.sum():,} of {len(cost):,} rows. Write what was paid without a sign, "
            "frame['...'] = frame['...'].abs(), or leave the cost out."
        )


def check_outcome(outcome: np.ndarray, kind: str) -> None:
    """Refuse outcomes that no effect can be learned from.

    Raises:
        HistoryError: a value is missing, infinite or none of the kind, or all are equal.
    """
    check_finite("outcome", outcome)
    strange = outcome[~np.isin(outcome, (0, 1))]
    if kind == "probability" and len(strange):
        raise HistoryError(
            f"The outcome is an event, 1 or 0, but {len(strange):,} of {len(outcome):,} rows have others, such as "
            f"{cell(strange[0], 'g')}. Write outcome_kind='money', or compare first: (frame['...'] > 0).astype(float)."
        )
    if len(outcome) and (outcome == outcome[0]).all():
        raise HistoryError(
            f"The outcome is {outcome[0]:g} in all {len(outcome):,} rows, so no arm can have changed it. "
            "Name the column of what came of the contact: pt.trial(..., outcome='...')."
        )


def check_propensity(propensity: pd.DataFrame, arms: Sequence[str]) -> None:
    """Refuse probabilities that are none, or do not belong to the arms.

    Raises:
        QuestionError: an arm has none, or there are some of an arm that nobody got.
        HistoryError: a value is not within 0 and 1, or those of a row do not add up to 1.
    """
    if set(propensity.columns) != set(arms):
        raise QuestionError(
            f"The arms of the trial are {listed(arms)}, and propensities are given of {listed(propensity.columns)}. "
            f"Give one for each arm that somebody got: propensity={dict.fromkeys(arms, round(1 / len(arms), 3))}."
        )
    for name in propensity.columns:
        values = propensity[name].to_numpy()
        out = ~((values > 0) & (values < 1))
        if out.any():
            raise HistoryError(
                f"The propensity of {name!r} lies between 0 and 1, but is {cell(values[out][0], 'g')} in row "
                f"{out.argmax()} and not between them in {out.sum():,} rows. Who could get one arm only tells nothing "
                "of the others: leave such rows out."
            )
    total = propensity.to_numpy().sum(axis=1)
    off = np.abs(total - 1) > ROUNDING
    if off.any():
        raise HistoryError(
            f"The propensities of a row add up to 1, but to {total[off][0]:.6g} in row {off.argmax()}, and not to 1 in "
            f"{off.sum():,} rows. Divide them by their sum, or name the column of each arm."
        )


def check_features(features: pd.DataFrame, arm: np.ndarray, outcome: np.ndarray) -> None:
    """Refuse features that say nothing, and those that are the outcome or the arm by another name.

    Raises:
        QuestionError: there are none, or one is the outcome or the arm.
        HistoryError: one is missing everywhere.
    """
    if not len(features.columns):
        raise QuestionError(
            "A trial needs features, as effects differ by what is known of customers. "
            "Name columns that were known before the contact: features=['recency', 'spend']."
        )
    arms = pd.factorize(arm)[0]
    for name in features.columns:
        values = features[name]
        if values.isna().all():
            raise HistoryError(
                f"The feature {name!r} is missing in all {len(values):,} rows. Leave it out of features=[...]."
            )
        if pd.api.types.is_numeric_dtype(values) and _copies(values.to_numpy(), outcome):
            raise QuestionError(
                f"The feature {name!r} is the outcome by another name: it has its values in every row. "
                "Features are known before the contact; leave it out of features=[...]."
            )
        if _same_parts(pd.factorize(values)[0], arms):
            raise QuestionError(
                f"The feature {name!r} is the arm by another name: each of its values has one arm, and each arm one "
                "value. Features are known before the contact; leave it out of features=[...]."
            )


def _copies(values: np.ndarray, outcome: np.ndarray) -> bool:
    return bool(np.array_equal(values, outcome) or np.array_equal(1 - values, outcome))


def _same_parts(codes: np.ndarray, arms: np.ndarray) -> bool:
    """Check whether two columns of codes part the rows alike."""
    if len(codes) < 3 * (codes.max() + 1) or codes.max() != arms.max():  # among few rows it may be chance
        return False
    pairs = np.unique(codes * (arms.max() + 1) + arms)
    return len(pairs) == arms.max() + 1
