"""Within customers: how the same customers answered contacts of one group and of another.

What tells customers apart for good cannot be taken for what a contact does; what changes with time still can.
"""

import numpy as np
import pandas as pd
from ibis.expr.types import Table

__all__ = ["by_customer", "variance_of_differences", "within_customers"]

CUSTOMERS = 30  # the fewest who were contacted in a group and in another one
TINY = 1e-8


def within_customers(rows: Table, groups: list) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences of the groups (row less column), each customer compared with itself, and their variance.

    It is the regression of answers on groups with an intercept for each customer and a covariance that is robust to
    how contacts of one customer hang together (Liang and Zeger 1986). The variance is infinite where no customers
    tell.

    Args:
        rows: the contacts, with `customer`, `group` and `answer`.
        groups: those to compare.
    """
    own = rows.filter(rows.group.isin(groups)).group_by("customer", "group")
    sums = own.aggregate(n=lambda t: t.count().cast("float64"), answers=lambda t: t.answer.sum()).to_pandas()
    n, answers = (by_customer(sums, name, groups) for name in ("n", "answers"))
    several = (n > 0).sum(axis=1) > 1
    n, answers = n[several], answers[several]
    shares = n / n.sum(axis=1, keepdims=True)
    information = np.diag(n.sum(axis=0)) - shares.T @ n
    bread = np.linalg.pinv(information, rcond=TINY, hermitian=True)
    effect = bread @ (answers - shares * answers.sum(axis=1, keepdims=True)).sum(axis=0)
    residual = answers - n * effect
    scores = residual - shares * residual.sum(axis=1, keepdims=True)
    variance = variance_of_differences(bread @ (scores.T @ scores) @ bread)
    variance[~_identified(bread @ information, (n > 0).sum(axis=0) >= CUSTOMERS)] = np.inf
    return effect[:, None] - effect[None, :], variance


def by_customer(sums: pd.DataFrame, column: str, groups: list) -> np.ndarray:
    """Return the values of a column, a row for each customer and a column for each group; 0 where there is none.

    Args:
        sums: a row for each customer and group, with both.
        column: of the values.
        groups: in the order of the result.
    """
    customer, customers = pd.factorize(sums.customer, sort=True)
    values = np.zeros((len(customers), len(groups)))
    values[customer, pd.Index(groups).get_indexer(sums.group)] = sums[column]
    return values


def variance_of_differences(covariance: np.ndarray) -> np.ndarray:
    """Return the variance of each figure (row) less each other (column)."""
    spread = np.diag(covariance)
    return spread[:, None] + spread[None, :] - 2 * covariance


def _identified(hat: np.ndarray, enough: np.ndarray) -> np.ndarray:
    """Return of which pairs of groups customers tell the difference, by the projection on what they tell."""
    contrasts = np.eye(len(hat))[:, None, :] - np.eye(len(hat))[None, :, :]
    kept = np.abs(contrasts @ hat - contrasts).max(axis=2) < TINY**0.5
    return kept & enough[:, None] & enough[None, :]
