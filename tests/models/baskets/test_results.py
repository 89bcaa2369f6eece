"""How good a list is: counted by hand."""

import numpy as np
import pytest

from patron.models.baskets.results import list_results


def test_recall_hit_and_ndcg_are_counted_for_each_customer_whose_basket_came():
    row = np.array([0, 0, 0, 1, 1, 2])
    scores = np.array([0.9, 0.5, 0.1, 0.2, 0.8, 0.5])
    hits = np.array([False, True, True, False, True, False])
    result = list_results(row, scores, hits, np.array([2, 4, 0]), (1, 2))
    assert result["recall_1"].tolist() == [0.0, 0.25]
    assert result["hit_2"].tolist() == [1.0, 1.0]
    assert result["ndcg_1"].tolist() == [0.0, 1.0]
    assert result["ndcg_2"] == pytest.approx([(1 / np.log2(3)) / (1 + 1 / np.log2(3)), 1 / (1 + 1 / np.log2(3))])


def test_a_customer_without_candidates_has_missed():
    result = list_results(np.array([1]), np.array([1.0]), np.array([True]), np.array([1, 1]), (1,))
    assert result["recall_1"].tolist() == [0.0, 1.0]
