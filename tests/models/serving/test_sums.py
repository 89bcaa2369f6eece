"""Sums: what a row comes to does not depend on the rows beside it, to the last digit."""

import numpy as np

from patron.models.serving.sums import weighted_sums


def test_a_row_comes_to_the_same_digits_alone_as_among_others():
    rows, weights = 1.0 / np.arange(1.0, 6001.0).reshape(100, 60), np.sqrt(np.arange(120.0)).reshape(60, 2)
    alone = np.concatenate([weighted_sums(row[None], weights) for row in rows])
    np.testing.assert_array_equal(alone, weighted_sums(rows, weights))
    np.testing.assert_array_equal(alone, weighted_sums(np.asfortranarray(rows), weights))
    np.testing.assert_allclose(alone, rows @ weights, rtol=1e-12)
