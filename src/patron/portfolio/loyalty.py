"""Loyalty is not profit: customers by whether they are expected back, and by what they bring for each year of it."""

import numpy as np
import pandas as pd

__all__ = ["LIKELY", "RELATIONSHIPS", "profit_a_year", "relationship_of", "usual_profit"]

YEAR = 365.25
LIKELY = 0.5
"""Chance of an order within the horizon of the lifetime value, from which on a customer is expected back."""
RELATIONSHIPS = {
    "true friends": (
        "expected back, brings at least as much a year as usual",
        "Keep them: serve well, ask for little.",
    ),
    "butterflies": ("not expected back, brought at least as much a year as usual", "Sell while they are here."),
    "barnacles": ("expected back, brings less a year than usual", "Raise their share of spend, or cut what they cost."),
    "strangers": ("not expected back, brought less a year than usual", "Spend nothing on the relationship."),
}
"""Each kind of relationship: its rule, and what it asks for."""


def profit_a_year(customers: pd.DataFrame) -> np.ndarray:
    """Return the profit after the cost to serve for each year since the first order, at least one, shape (n,).

    Args:
        customers: `profit` to date, and `tenure` in days.

    >>> profit_a_year(pd.DataFrame({"profit": [100.0, 100.0], "tenure": [10.0, 730.5]})).tolist()
    [100.0, 50.0]
    """
    return customers.profit.to_numpy() / np.maximum(customers.tenure.to_numpy() / YEAR, 1.0)


def usual_profit(customers: pd.DataFrame) -> float:
    """Return the profit a year that half of the customers reach, and no less than nothing.

    Args:
        customers: `profit` to date, and `tenure` in days.
    """
    return max(float(np.median(profit_a_year(customers))), 0.0)


def relationship_of(customers: pd.DataFrame, usual: float) -> np.ndarray:
    """Return the kind of relationship of each customer, shape (n,).

    Who is expected back has a chance of at least one half to order within the horizon of the lifetime value. A customer
    who brings no profit brings less than usual.

    Args:
        customers: `profit`, `tenure` and `purchase_probability`.
        usual: profit a year from which on a customer brings enough.

    Source: W. Reinartz and V. Kumar, The mismanagement of customer loyalty, Harvard Business Review 80 (2002).

    >>> customers = pd.DataFrame({"profit": [9, 9, 1, 1], "tenure": 10, "purchase_probability": [0.9, 0.1, 0.9, 0.1]})
    >>> relationship_of(customers, 5.0).tolist()
    ['true friends', 'butterflies', 'barnacles', 'strangers']
    """
    brought = profit_a_year(customers)
    enough = (brought >= usual) & (brought > 0)
    back = customers.purchase_probability.to_numpy() >= LIKELY
    return np.asarray(list(RELATIONSHIPS), dtype=object)[2 * ~enough + ~back]
