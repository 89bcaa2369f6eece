"""Covariates: what is known of customers as numbers that shift a purchase process, where it tells anything at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from patron.models.clv.pareto_nbd import DropoutPrior, ParetoNBD, fit_pareto_nbd
from patron.models.clv.transactions import Array, Transactions, take

__all__ = ["Coding", "coded", "codings", "fit_coded", "fit_with"]

MIN_CUSTOMERS = 20
MOST_LEVELS = 20
FAR = 3.0  # standard deviations beyond which one absurd number says no more
CHANCE = 0.01
TRIED, FITTED = 20_000, 100_000
USUAL = DropoutPrior(0.35, 0.6)  # the shapes that five shops had in the end, from .15 to .65


@dataclass(frozen=True)
class Coding:
    """How one attribute becomes numbers: itself as a signed logarithm, or one column for each text but the commonest.

    Args:
        column: the attribute.
        levels: texts of at least some customers, the commonest first; none where it is a number.
        centre: mean of each number, shape (k,).
        scale: spread of each number, shape (k,).
    """

    column: str
    levels: tuple[str, ...]
    centre: Array
    scale: Array

    def __call__(self, facts: pd.DataFrame) -> Array:
        """Return the numbers of some customers, of usual spread around 0, shape (n, k); 0 where nothing is known."""
        standard = (_raw(facts[self.column], self.levels) - self.centre) / self.scale
        return np.clip(np.nan_to_num(standard), -FAR, FAR)


def codings(facts: pd.DataFrame) -> tuple[Coding, ...]:
    """Return how the attributes become numbers; one that is the same for all customers has no numbers.

    >>> facts = pd.DataFrame({"plan": ["s"] * 30 + ["m"] * 20, "same": 1.0})
    >>> [(coding.column, coding.levels) for coding in codings(facts)]
    [('plan', ('s', 'm'))]
    """
    result = []
    for column in facts:
        levels = _levels(facts[column])
        raw = _raw(facts[column], levels)
        known = raw[~np.isnan(raw).any(axis=1)]
        if len(known) and known.std(axis=0).min(initial=np.inf) > 0 and raw.shape[1]:
            result.append(Coding(str(column), levels, known.mean(axis=0), known.std(axis=0)))
    return tuple(result)


def fit_with(transactions: Transactions, facts: pd.DataFrame) -> tuple[ParetoNBD, tuple[Coding, ...]]:
    """Fit a purchase process, shifted by the attributes that raise its likelihood beyond chance.

    Each attribute is tried alone, so that one that tells nothing neither costs the others their place nor bends the
    predictions of a small shop. Of many customers, every few are looked at.

    Args:
        transactions: purchases of n customers.
        facts: attributes of the same customers, numbers or texts.

    Returns:
        the process, and the codings of its covariates, in their order.

    Source: the likelihood-ratio test (Wilks 1938, The Large-Sample Distribution of the Likelihood Ratio), at 1 %.
    """
    chosen = _telling(transactions, facts, codings(facts))
    return fit_coded(transactions, facts, chosen), chosen


def fit_coded(transactions: Transactions, facts: pd.DataFrame, chosen: Sequence[Coding]) -> ParetoNBD:
    """Fit a purchase process, shifted by the attributes that were chosen; of many customers, to every few."""
    if not chosen:
        return fit_pareto_nbd(transactions.x, transactions.t_x, transactions.T, prior=USUAL)
    some = slice(None, None, 1 + len(facts) // FITTED)
    fitted, z = take(transactions, some), coded(facts[some], chosen)
    return fit_pareto_nbd(fitted.x, fitted.t_x, fitted.T, covariates=z, prior=USUAL)


def coded(facts: pd.DataFrame, chosen: Sequence[Coding]) -> Array:
    """Return the numbers of all codings side by side, shape (n, k)."""
    return np.column_stack([coding(facts) for coding in chosen])


def _telling(transactions: Transactions, facts: pd.DataFrame, known: tuple[Coding, ...]) -> tuple[Coding, ...]:
    if not known:
        return ()
    some = slice(None, None, 1 + len(facts) // TRIED)
    tried, shown = take(transactions, some), facts[some]
    bare = fit_pareto_nbd(tried.x, tried.t_x, tried.T)
    return tuple(coding for coding in known if _tells(tried, coding(shown), bare))


def _tells(transactions: Transactions, z: Array, bare: ParetoNBD) -> bool:
    shifted = fit_pareto_nbd(transactions.x, transactions.t_x, transactions.T, covariates=z)
    gained = 2.0 * ((shifted.log_likelihood or 0.0) - (bare.log_likelihood or 0.0))
    return bool(chdtrc(2 * z.shape[1], max(gained, 0.0)) < CHANCE)


def _levels(column: pd.Series) -> tuple[str, ...]:
    if pd.api.types.is_numeric_dtype(column):
        return ()
    counts = column.value_counts()
    return tuple(map(str, counts.index[counts >= MIN_CUSTOMERS][:MOST_LEVELS]))


def _raw(column: pd.Series, levels: tuple[str, ...]) -> Array:
    """Numbers before they are made standard, NaN for unknown; a rare text counts as unknown."""
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(np.sign(values) * np.log1p(np.abs(values)))[:, None]
    numbers = (
        np.stack([(column == level).to_numpy(dtype=np.float64) for level in levels[1:]], axis=1)
        if levels[1:]
        else np.empty((len(column), 0))
    )
    return np.where(column.isin(levels).to_numpy()[:, None], numbers, np.nan)
