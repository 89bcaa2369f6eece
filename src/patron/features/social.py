"""Features of ties between customers: whom a customer brought, and how long ago.

They look at the event table `referrals`: one row for each customer brought in, under the customer who brought them.
"""

from patron.features.measures import measure
from patron.periods import EVER, days

__all__ = ["ALL"]


@measure(windows=(*days(365), EVER), empty=0, theme="social", unit="customers")
def referrals(referrals):
    """Customers referred."""
    return referrals.count()


@measure(theme="social", unit="days")
def last_referral(referrals):
    """Days since the last referral."""
    return referrals.days_ago.min()


ALL = (referrals, last_referral)
