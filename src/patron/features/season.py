"""Features of the cutoff itself: the time of the year at which a prediction is made."""

from patron.features.measures import measure

__all__ = ["ALL"]


@measure(theme="lifecycle", unit="month")
def month(cutoff):
    """Month of the year."""
    return cutoff.month()


ALL = (month,)
