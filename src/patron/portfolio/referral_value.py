"""Referral value: the profit of customers who were brought in, credited along the chain of who brought whom, once."""

import numpy as np
import pandas as pd

from patron.history.ties import Referrals

__all__ = ["referral_value"]


def referral_value(profit: np.ndarray, referrals: Referrals, share: float) -> pd.DataFrame:
    """Return what each customer keeps of the own profit, and what is credited of the profit of those they brought.

    Who was brought passes a share of the own profit, and of what is credited, on to who brought them: of each sale the
    customer keeps 1 - s, the one above s (1 - s), the next s² (1 - s), and who stands at the top the rest. Shares of
    one sale add up to 1, so that all that is kept and credited is the profit of all. Losses are passed on likewise.

    Args:
        profit: of each customer, shape (n,).
        referrals: who brought whom.
        share: of the profit that goes to who brought a customer, 0 to 1.

    Returns:
        `passed_on` of the own profit, `credited` of that of others, and `social_value`: the profit less the one, with
        the other.

    Source: V. Kumar, L. Aksoy, B. Donkers and others, Undervalued or overvalued customers, J. Service Research 13
    (2010), customer referral value; the split along the chain is Patron's.

    >>> chain = Referrals(np.array([-1, 0, 1]), np.array([0, 1, 2]), {})
    >>> referral_value(np.array([10.0, 20.0, 40.0]), chain, 0.25).social_value.tolist()
    [17.5, 22.5, 30.0]
    """
    flow = profit.astype(float)
    for depth in range(int(referrals.depth.max(initial=0)), 0, -1):
        level = np.flatnonzero(referrals.depth == depth)
        np.add.at(flow, referrals.referrer[level], share * flow[level])
    brought = referrals.referrer >= 0
    kept, own = (np.where(brought, (1.0 - share) * money, money) for money in (flow, profit))
    return pd.DataFrame({"passed_on": profit - own, "credited": kept - own, "social_value": kept})
