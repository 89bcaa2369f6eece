"""Sums: weights times the numbers of a row, added in one order whatever rows stand beside it.

Libraries of matrices add in another order where there are few rows, so that a customer's answer would depend on who is
answered with them.
"""

import numpy as np

__all__ = ["weighted_sums"]


def weighted_sums(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return `rows @ weights`, each row as if it stood alone.

    Args:
        rows: shape (n, k).
        weights: shape (k,) or (k, sums).

    >>> weighted_sums(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]))
    array([12., 34.])
    """
    total = np.zeros((len(rows), *weights.shape[1:]))
    for column, weight in zip(rows.T, weights, strict=True):
        total += np.multiply.outer(column, weight)
    return total
