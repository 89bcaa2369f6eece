"""Sparse: the largest entries of each row, whatever the rows hold."""

import numpy as np
from scipy import sparse

from patron.models.baskets import sparse as rows


def test_the_largest_entries_of_each_row_are_those_that_come_first_by_value_and_then_by_column(monkeypatch):
    values = np.random.default_rng(0).integers(0, 5, (40, 30)).astype(np.float32)
    values[7] = 0.0
    monkeypatch.setattr(rows, "CELLS", 200)  # a few rows at a time
    row, column = rows.largest(sparse.csr_matrix(values), 6)
    expected = [(r, c) for r in range(40) for c in np.lexsort((np.arange(30), -values[r]))[:6] if values[r, c] > 0]
    assert list(zip(row.tolist(), column.tolist(), strict=True)) == expected


def test_of_a_matrix_without_rows_nothing_is_largest():
    assert [part.tolist() for part in rows.largest(sparse.csr_matrix((0, 3)), 2)] == [[], []]
