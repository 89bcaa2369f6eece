"""Preflight: whether the arms of a trial can be compared at all, before anything is learned from them.

Three questions: do arms overlap (could everybody have got each), are they alike in what was known before (or, where
probabilities are known, as alike as these say), and are they as large as was declared.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import chi2

from patron.decisions.uplift.layouts import Encoded
from patron.models.candidates import linear_inputs_of
from patron.models.serving import linear_inputs

__all__ = [
    "ASSUMED",
    "LOGGED",
    "OBSERVED",
    "RANDOMISED",
    "Preflight",
    "arms_table",
    "comparable",
    "compare_arms",
    "set_aside",
    "with_overlap",
]

RANDOMISED, LOGGED = "randomised", "logged propensity"
OBSERVED, ASSUMED = "observational with overlap", "assumed"
EVIDENCE = {"randomised": RANDOMISED, "logged": LOGGED, "observational": OBSERVED}
CHANCE = 0.001  # one honest trial in a thousand is doubted
LOW, HIGH = 0.02, 0.98
MOST_OUTSIDE = 0.1
LEAST_EFFECTIVE = 50
SMALL_DIFFERENCE = 0.1  # standardised; a common bound for balance (Austin 2009)


@dataclass(frozen=True)
class Preflight:
    """What the arms of a trial look like beside each other.

    Args:
        balance: for each treatment and feature the standardised difference to the control, largest first.
        balance_p: chance of differences as large as these if arms came about as declared; nan if nothing was declared.
        ratio_p: chance of arms as unequal in size as these if they came about as declared; nan likewise.
        arms: rows, effective sample size and share of rows hardly ever treated otherwise, for each arm.
        evidence: what an effect learned from this trial is worth.
        warnings: sentences about what is wrong.
    """

    balance: pd.DataFrame
    balance_p: float
    ratio_p: float
    arms: pd.DataFrame
    evidence: str
    warnings: tuple[str, ...]

    @property
    def as_declared(self) -> bool:
        """Whether arms came about as the trial says."""
        return not any(p < CHANCE for p in (self.balance_p, self.ratio_p))


def compare_arms(rows: Encoded) -> Preflight:
    """Compare the arms of a trial in what was known before the contact, and in size."""
    inputs = linear_inputs(linear_inputs_of(rows.X, rows.layout.levels), rows.X)
    declared = rows.assignment != "observational"
    balance_p = _balance_p(rows, inputs) if declared else float("nan")
    ratio_p = _ratio_p(rows) if declared and rows.propensity is not None else float("nan")
    warnings = []
    if balance_p < CHANCE:
        warnings.append(
            f"Arms differ in what was known before the contact by more than {_word(rows)} allows "
            f"(p = {balance_p:.1g}), so propensities are estimated instead. Look for a rule that chose, or for a "
            "feature that was written after the contact."
        )
    if ratio_p < CHANCE:
        warnings.append(
            f"Arms are not of the sizes that were declared (p = {ratio_p:.1g}): rows of an arm are missing or were "
            "counted twice, so effects may be of those who were left. Look for where they were lost."
        )
    evidence = OBSERVED if warnings else EVIDENCE[rows.assignment]
    return Preflight(_differences(rows), balance_p, ratio_p, pd.DataFrame(), evidence, tuple(warnings))


def with_overlap(preflight: Preflight, rows: Encoded, names: tuple[str, ...], propensity: np.ndarray) -> Preflight:
    """Add how far arms overlap, by the probability of each arm for each row, shape (n, arms)."""
    table = arms_table(names, rows.arm, propensity)
    poor = table[(table.outside > MOST_OUTSIDE) | (table.effective < np.minimum(LEAST_EFFECTIVE, table.rows / 2))]
    warnings = [
        f"Whether {line.arm!r} or not was hardly ever open for {line.outside:.0%} of all rows, and its {line.rows:,} "
        f"rows count as {line.effective:,.0f}: its effect is assumed, not learned."
        for line in poor.itertuples()
    ]
    evidence = ASSUMED if warnings else preflight.evidence
    return replace(preflight, arms=table, evidence=evidence, warnings=(*preflight.warnings, *warnings))


def comparable(propensity: np.ndarray) -> np.ndarray:
    """Return which rows tell a mean effect with the smallest variance, shape (n,): those with all arms open enough.

    A row adds noise by the sum of the inverse probabilities of its arms (Crump, Hotz, Imbens and Mitnik 2009).

    >>> comparable(np.array([[0.5, 0.5], [0.4, 0.6], [0.9, 0.1], [0.99, 0.01]])).tolist()
    [True, True, False, False]
    """
    noise = (1 / propensity).sum(axis=1)
    rising = np.sort(noise)
    variance = rising.cumsum() / np.arange(1, len(rising) + 1) ** 2
    return np.asarray(noise <= rising[variance.argmin()])


def set_aside(preflight: Preflight, kept: np.ndarray) -> Preflight:
    """Add that some rows were set aside as no effect on them can be told."""
    warning = (
        f"{(~kept).mean():.0%} of all rows were set aside, as for them an arm was hardly ever open: effects are those "
        f"on the other {kept.sum():,} rows, and say nothing of customers like those set aside."
    )
    return replace(preflight, warnings=(*preflight.warnings, warning))


def arms_table(names: tuple[str, ...], arm: np.ndarray, propensity: np.ndarray) -> pd.DataFrame:
    """Return for each arm its rows, their effective number (Kish 1965), and the share of all rows beyond .02 and .98.

    >>> arms_table(("none", "mail"), np.array([0, 0, 1, 1]), np.array([[0.5, 0.5]] * 3 + [[0.99, 0.01]])).round(2)
        arm  rows  effective  outside
    0  none     2       2.00     0.25
    1  mail     2       1.04     0.25
    """
    lines = []
    for place, name in enumerate(names):
        chance = propensity[:, place]
        weight = 1 / chance[arm == place]
        outside = float(((chance < LOW) | (chance > HIGH)).mean())
        lines.append((name, len(weight), weight.sum() ** 2 / (weight**2).sum(), outside))
    return pd.DataFrame(lines, columns=["arm", "rows", "effective", "outside"])


def _balance_p(rows: Encoded, inputs: np.ndarray) -> float:
    """Return the p value of a score test: do features tell the arm beyond its declared probability, over customers."""
    shares = np.bincount(rows.arm, minlength=rows.arms) / len(rows)
    chance = np.repeat(shares[None], len(rows), axis=0) if rows.propensity is None else rows.propensity
    left = np.eye(rows.arms)[rows.arm] - chance
    centred = inputs - inputs.mean(axis=0)
    moments = np.column_stack([left[:, [a]] * centred for a in range(1, rows.arms)])
    by_customer = np.column_stack([np.bincount(rows.groups, column) for column in moments.T])
    total, spread = by_customer.sum(axis=0), by_customer.T @ by_customer
    rank = np.linalg.matrix_rank(spread, tol=1e-8 * np.trace(spread), hermitian=True)
    return float(chi2.sf(total @ np.linalg.pinv(spread, rcond=1e-8, hermitian=True) @ total, rank)) if rank else 1.0


def _ratio_p(rows: Encoded) -> float:
    """Return the p value of Pearson's test of the sizes of arms (Fabijan and others 2019, sample ratio mismatch)."""
    expected = np.asarray(rows.propensity).sum(axis=0)
    observed = np.bincount(rows.arm, minlength=rows.arms)
    return float(chi2.sf(((observed - expected) ** 2 / expected).sum(), rows.arms - 1))


def _differences(rows: Encoded) -> pd.DataFrame:
    """Return standardised mean differences to the control; of a category that of the level that differs most."""
    lines = []
    for arm in range(1, rows.arms):
        for place, name in enumerate(rows.layout.names):
            column = rows.X[:, place].astype(np.float64)
            levels = rows.layout.levels.get(place)
            columns = [column] if levels is None else [(column == code).astype(float) for code in range(levels)]
            columns.append(np.isnan(column).astype(float))
            differences = [_difference(values[rows.arm == arm], values[rows.arm == 0]) for values in columns]
            lines.append((arm, name, max(differences, key=abs)))
    table = pd.DataFrame(lines, columns=["arm", "feature", "difference"])
    return table.sort_values("difference", key=abs, ascending=False, kind="stable").reset_index(drop=True)


def _difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    ours, theirs = ours[~np.isnan(ours)], theirs[~np.isnan(theirs)]
    if not len(ours) or not len(theirs):
        return 0.0
    spread = ((ours.var() + theirs.var()) / 2) ** 0.5
    return float((ours.mean() - theirs.mean()) / spread) if spread > 0 else 0.0


def _word(rows: Encoded) -> str:
    return "a lot" if rows.propensity is None else "the declared propensity"
