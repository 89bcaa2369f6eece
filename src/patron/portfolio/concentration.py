"""Concentration: how much of the money comes from how few customers."""

import numpy as np
import pandas as pd

__all__ = ["TOPS", "concentration_curve", "herfindahl", "top_shares"]

TOPS = (0.01, 0.05, 0.10, 0.20)
POINTS = 101


def top_shares(money: np.ndarray) -> dict[float, float]:
    """Return the share of all money that the best customers bring, by which share of the customers they are.

    Of a share of the customers that is no whole number of them, the next one counts too.

    Args:
        money: of each customer, shape (n,), with a sum above zero.

    >>> top_shares(np.array([50.0, 30.0, 20.0]))
    {0.01: 0.5, 0.05: 0.5, 0.1: 0.5, 0.2: 0.5}
    """
    reached = np.cumsum(np.sort(money)[::-1]) / money.sum()
    return {top: float(reached[int(np.ceil(round(top * len(money), 9))) - 1]) for top in TOPS}


def herfindahl(money: np.ndarray) -> float:
    """Return the Herfindahl index: the sum of the squared shares of customers in the money, losses left out.

    1 divided by it is the number of customers of one size that would be as concentrated.

    Args:
        money: of each customer, shape (n,).

    Source: A. O. Hirschman, The paternity of an index, American Economic Review 54 (1964).

    >>> herfindahl(np.array([25.0, 25.0, 25.0, 25.0]))
    0.25
    """
    gains = np.maximum(money, 0.0)
    return float(((gains / gains.sum()) ** 2).sum())


def concentration_curve(money: np.ndarray) -> pd.DataFrame:
    """Return the share of the money that each share of the customers brings, the best first.

    Where some customers lose money, the curve rises above 1 before it falls back to it (Kaplan and Narayanan 2001).

    Args:
        money: of each customer, shape (n,), with a sum above zero.

    Returns:
        `customers`, from 0 to 1, and `money`.

    >>> concentration_curve(np.array([3.0, 1.0])).money.iloc[[0, 50, 100]].tolist()
    [0.0, 0.75, 1.0]
    """
    reached = np.concatenate([[0.0], np.cumsum(np.sort(money)[::-1]) / money.sum()])
    share = np.linspace(0.0, 1.0, POINTS)
    return pd.DataFrame({"customers": share, "money": np.interp(share * len(money), np.arange(len(reached)), reached)})
