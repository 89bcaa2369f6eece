"""Sparse: matrices of customers by items with few entries, and the few largest entries of each row."""

from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

__all__ = ["Sparse", "at", "largest", "matrix_of", "mixed", "unit_rows"]

Sparse: TypeAlias = Any  # a csr_matrix, of which scipy tells no types
CELLS = 2**21


def matrix_of(rows: np.ndarray, columns: np.ndarray, values: np.ndarray, shape: tuple[int, int]) -> Sparse:
    """Return a matrix of entries, those of an unknown row or column (below zero) left out."""
    known = (rows >= 0) & (columns >= 0)
    entries = np.asarray(values, dtype=np.float32)[known]
    return sparse.csr_matrix((entries, (rows[known], columns[known])), shape=shape)


def unit_rows(matrix: Sparse) -> Sparse:
    """Return the rows at length one, so that products of them are cosines; empty rows stay empty.

    >>> unit_rows(sparse.csr_matrix([[3.0, 4.0], [0.0, 0.0]])).toarray().round(1).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return _divided(matrix, lengths)


def largest(matrix: Sparse, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the largest entries of each row, equal ones by their column.

    >>> largest(sparse.csr_matrix([[0.0, 2.0, 5.0], [1.0, 1.0, 0.0]]), 1)
    (array([0, 1]), array([2, 0]))
    """
    matrix.sort_indices()
    sizes = np.diff(matrix.indptr)
    within = matrix.data / (matrix.data.max(initial=0.0) or 1.0)  # what differs by a last digit only is equal
    edges = np.append(np.arange(0, len(sizes), max(CELLS // max(sizes.max(initial=0), 1), 1)), len(sizes))
    parts = [_largest(within, matrix.indptr, count, *rows) for rows in pairwise(edges)]
    empty = np.zeros(0, dtype=np.int64)
    rows, kept = (np.concatenate([empty, *part]) for part in zip(*parts, strict=True)) if parts else (empty, empty)
    return rows, matrix.indices[kept].astype(np.int64)


def mixed(likeness: np.ndarray, held: Sparse, count: int) -> Sparse:
    """Return for each row the mean of what its likest others held, the likest weighing most.

    Args:
        likeness: of each row to each other, shape (rows, others); not below zero.
        held: what the others held, shape (others, items).
        count: how many of them are looked at.
    """
    count = min(count, likeness.shape[1])
    if count == 0:
        return sparse.csr_matrix((len(likeness), held.shape[1]), dtype=np.float32)
    order = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
    values = np.take_along_axis(likeness, order, axis=1)
    rows = np.repeat(np.arange(len(likeness)), count)
    weights = matrix_of(rows, order.ravel(), values.ravel(), likeness.shape)
    return sparse.csr_matrix(_divided(weights, values.sum(axis=1)) @ held)


def at(matrix: Sparse, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return entries as a plain array."""
    if not len(rows):
        return np.zeros(0, dtype=np.float32)
    return np.asarray(matrix[rows, columns], dtype=np.float32).ravel()


def _divided(matrix: Sparse, by: np.ndarray) -> Sparse:
    return sparse.csr_matrix(sparse.diags((1.0 / np.where(by > 0, by, 1.0)).astype(np.float32)) @ matrix)


def _largest(data: np.ndarray, edges: np.ndarray, count: int, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest entries of some rows: of each the row, and its place among all entries."""
    first, sizes = edges[start], np.diff(edges[start : end + 1])
    rows = np.repeat(np.arange(end - start), sizes)
    values, width = data[first : edges[end]], max(sizes.max(initial=0), count)
    padded = np.full((end - start, width), -np.inf, dtype=values.dtype)
    padded[rows, np.arange(len(rows)) + first - edges[start:end][rows]] = values
    least = np.partition(padded, width - count, axis=1)[:, width - count][rows]
    tied = np.flatnonzero(values == least)
    room = count - np.bincount(rows[values > least], minlength=end - start)
    place = np.arange(len(tied)) - np.searchsorted(rows[tied], rows[tied])
    kept = np.concatenate([np.flatnonzero(values > least), tied[place < room[rows[tied]]]])
    kept = kept[np.lexsort((kept, -values[kept], rows[kept]))]
    return rows[kept] + start, kept + first
