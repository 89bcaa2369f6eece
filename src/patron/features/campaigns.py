"""Features of past campaigns: how often a customer was treated, how long ago, and how often an offer was taken.

They look at the event table `offers`, of whose rows those of the control reached nobody. Whether an offer was taken
counts only where `known_at` says since when that is known: an answer of later than the cutoff would tell the future.
"""

from patron.features.measures import measure
from patron.history.offers import are_treated
from patron.periods import EVER, days

__all__ = ["ALL"]


@measure(windows=days(30, 90, 365), empty=0, theme="contact", unit="offers")
def offers_received(offers):
    """Offers received."""
    return offers.count(where=are_treated(offers))


@measure(theme="contact", unit="days")
def last_offer(offers):
    """Days since the last offer."""
    return offers.days_ago.min(where=are_treated(offers))


@measure(windows=(*days(365), EVER), theme="contact", unit="share")
def offers_accepted(offers):
    """Share of the offers received that were accepted."""
    known = offers.known_at.notnull()
    treated = are_treated(offers)
    return offers.accepted.mean(where=known if treated is None else known & treated)


ALL = (offers_received, last_offer, offers_accepted)
