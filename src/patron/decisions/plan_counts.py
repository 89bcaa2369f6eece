"""Plan counts: how many are treated and held out, who is left alone and why, and what all that comes to."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.gains import Gains
from patron.decisions.offers import Offer
from patron.models.serving import Allowances

__all__ = ["counts", "n_tied", "reach_notes", "totals", "woken"]


def n_tied(worth: np.ndarray, picked: np.ndarray) -> int:
    """Count the customers who are worth the same as others, of whom some are treated otherwise."""
    kind = np.zeros(len(worth), dtype=np.uint64)
    for j, column in enumerate(worth.T):
        kind += pd.util.hash_array(np.ascontiguousarray(column)) * np.uint64(2 * j + 1)
    order = np.argsort(kind)
    kind, picked = kind[order], picked[order]
    starts = np.flatnonzero(np.append(True, kind[1:] != kind[:-1])[: len(kind)])
    differ = np.minimum.reduceat(picked, starts) != np.maximum.reduceat(picked, starts) if len(starts) else starts > 0
    return int(np.diff(np.append(starts, len(kind)))[differ].sum())


def counts(gains: Gains, may: Allowances, worth: np.ndarray, picked: np.ndarray, limits: str) -> dict[str, Any]:
    """Count who was asked about, who was worth it, and why the others are left alone."""
    is_worth = (worth > 0).any(axis=1)
    staked = (gains.stake > 0) | gains.learned.any(axis=1)
    alone = {"no value at stake": ~staked}
    alone |= {why: rows & staked for why, rows in may.exhausted.items()}
    open_ = staked & may.allowed.any(axis=1)
    if gains.learned.any():
        woken = (~may.allowed | (gains.learned & (gains.kept < 0))).all(axis=1)
        alone["do not disturb"] = open_ & woken
        open_ &= ~woken
    alone |= {"no offer earns its cost": open_ & ~is_worth, f"{limits} does not reach": is_worth & (picked < 0)}
    counted = {why: int((rows & (picked < 0)).sum()) for why, rows in alone.items()}
    return {"asked": len(worth), "worth_treating": int(is_worth.sum()), "left_alone": counted}


def reach_notes(worth: np.ndarray, picked: np.ndarray, cost: np.ndarray, budget: float) -> tuple[str, ...]:
    """Describe that a budget or capacities reach nobody, though there are customers with whom an offer earns its cost.

    >>> reach_notes(np.array([[2.0], [-1.0]]), np.array([-1, -1]), np.array([4.0]), 0.0)
    ('Nobody is treated: budget or capacities reach none of the 1 customers with whom an offer earns its cost; ...
    """
    is_worth = worth > 0
    if (picked >= 0).any() or not is_worth.any():
        return ()
    count, least = is_worth.any(axis=1).sum(), cost[is_worth.any(axis=0)].min()
    return (
        f"Nobody is treated: budget or capacities reach none of the {count:,} customers with whom an offer earns its "
        f"cost; the cheapest of these offers costs {least:,.2f}, and the budget is {budget:,.2f}. Give more.",
    )


def woken(gains: Gains, offers: Sequence[Offer]) -> dict[str, Any]:
    """Count whom learned effects say an offer would wake to leave; surely, where the whole interval says so."""
    expected, surely = (gains.learned & (bound < 0) for bound in (gains.kept, gains.kept_high))
    by_offer = {offer.name: int(expected[:, j].sum()) for j, offer in enumerate(offers)}
    counts = {"expected": int(expected.any(axis=1).sum()), "surely": int(surely.any(axis=1).sum())}
    return {"do_not_disturb": counts | {"offers": by_offer}}


def totals(table: pd.DataFrame, offers: Sequence[Offer], widths: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    """Sum up customers and money of those treated and held out.

    Args:
        table: of the plan.
        offers: all that can be done.
        widths: how far the gain of each offer to the treated may lie below and above; these add up in squares.
    """
    treated, control = table[table.group == "treat"], table[table.group == "control"]
    gain = math.fsum(treated.expected_gain)
    return {
        "chosen": len(table),
        "treated": len(treated),
        "control": len(control),
        "spent": math.fsum(treated.cost),
        "withheld": math.fsum(control.cost),
        "expected_gain": gain,
        "gain_low": gain - math.hypot(*widths[0]),
        "gain_high": gain + math.hypot(*widths[1]),
        "offers": {
            offer.name: {
                "treated": int((treated.offer == offer.name).sum()),
                "control": int((control.offer == offer.name).sum()),
            }
            for offer in offers
        },
    }
