"""Transactions: purchase histories that contradict themselves are refused, with the row and the way out."""

import pytest

from patron.errors import HistoryError
from patron.models.clv.transactions import Transactions, equal_rows


def test_contradictions_are_refused_with_the_row_and_the_way_out():
    with pytest.raises(HistoryError, match=r"t_x .* lies after T .* 1 of 2 customers; the first, row 1, has 40\. Mend"):
        Transactions([1, 2], [5, 40], [30, 30])
    with pytest.raises(HistoryError, match=r"positive for a customer without repeat purchase .* row 0, has 5"):
        Transactions([0], [5], [30])
    with pytest.raises(HistoryError, match=r"x \(repeat purchases\) is negative .* has -1"):
        Transactions([-1], [0], [30])
    with pytest.raises(HistoryError, match=r"t_x \(last purchase\) lies before the first .* has -2"):
        Transactions([1], [-2], [30])
    with pytest.raises(HistoryError, match=r"same customers in every array.* Got \{'x': 1, 't_x': 2, 'T': 1\}"):
        Transactions([0], [0, 0], [30])
    with pytest.raises(HistoryError, match=r"'T' is not a finite number .* has nan"):
        Transactions([0], [0], [float("nan")])
    with pytest.raises(HistoryError, match=r"'x' must hold one number per customer\. Got an array of shape \(1, 1\)"):
        Transactions([[0]], [0], [30])


def test_covariates_are_finite_numbers_of_every_customer():
    with pytest.raises(HistoryError, match=r"one row per customer\. Got shape \(2, 1\) for 1"):
        Transactions([0], [0], [30], covariates=[[1.0], [2.0]])
    with pytest.raises(HistoryError, match="a covariate is not a finite number"):
        Transactions([0], [0], [30], covariates=[[float("inf")]])


def test_equal_customers_are_of_one_kind():
    first, back = equal_rows(Transactions([1, 0, 1, 1], [5, 0, 5, 6], [30, 30, 30, 30]))
    assert len(first) == 3
    assert back[0] == back[2] and len({back[0], back[1], back[3]}) == 3
