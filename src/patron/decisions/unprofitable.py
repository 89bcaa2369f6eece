"""Unprofitable customers: who costs more than they bring, listed for a person to decide on, never automatically."""

import pandas as pd

__all__ = ["CHOICES", "unprofitable"]

CHOICES = "reprice, reduce service or let go"
COLUMNS = ("customer", "cutoff", "churn_probability", "value", "expected_profit")


def unprofitable(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the customers whose value or expected profit is negative, those first who cost the most.

    Args:
        scores: customer, cutoff, churn_probability, value, and expected_profit where it was asked.

    Returns:
        those columns; shortfall, what would have to come in more over the horizon, in currency; and the choices.

    >>> scores = pd.DataFrame({"customer": ["ann", "bob"], "value": [5.0, -3.0]})
    >>> unprofitable(scores)[["customer", "shortfall"]].values.tolist()
    [['bob', 3.0]]
    """
    known = [name for name in COLUMNS if name in scores]
    lowest = scores[[name for name in ("value", "expected_profit") if name in scores]].min(axis=1)
    table = scores.loc[lowest < 0, known].assign(shortfall=-lowest[lowest < 0], choices=CHOICES)
    return table.sort_values(["shortfall", "customer"], ascending=[False, True], ignore_index=True)
