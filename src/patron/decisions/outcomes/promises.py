"""Promises: the gain that decisions expected beside what they delivered, by how much was promised."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.decisions.outcomes.campaigns import Campaign
from patron.decisions.outcomes.decision_tables import CONTROL, TREAT
from patron.decisions.outcomes.differences import difference

__all__ = ["promises"]

COLUMNS = ("third", "treated", "control", "promised", "delivered", "delivered_low", "delivered_high")
THIRDS = ("lowest", "middle", "highest")
FEWEST = 10  # customers in each arm of a third


def promises(campaigns: Sequence[Campaign]) -> pd.DataFrame:
    """Return promised and delivered gain of each treated customer, after costs, by thirds of what was promised.

    Only campaigns with a hold-out whose horizon is over count, together; of customers whom a lot chose nothing was
    promised. A third with fewer than ten customers in an
    arm has no figure, and tells nothing.
    """
    planned = [c for c in campaigns if c.is_over and c.is_comparable and not c.explored]
    parts = [c.rows for c in planned if {"earned", "expected_gain"} <= {*c.rows}]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = pd.concat(parts, ignore_index=True)
    place = rows.expected_gain.rank(method="average").to_numpy() / (len(rows) + 1)
    third = np.minimum((place * len(THIRDS)).astype(int), len(THIRDS) - 1)
    return pd.DataFrame([_line(name, rows[third == number]) for number, name in enumerate(THIRDS)])


def _line(third: str, rows: pd.DataFrame) -> dict[str, object]:
    arms = {name: int((rows.group == name).sum()) for name in (TREAT, CONTROL)}
    known = [name for name in ("before", "orders_before") if name in rows]
    figures = (math.nan,) * 3
    if min(arms.values()) >= FEWEST:
        together = rows.cluster if "cluster" in rows else None
        estimate = difference(rows.earned, rows.group == TREAT, rows[known], together).interval()
        figures = (estimate.value, estimate.low, estimate.high)
    promised = float(rows.expected_gain[rows.group == TREAT].mean())
    return dict(zip(COLUMNS, (third, arms[TREAT], arms[CONTROL], promised, *figures), strict=True))
