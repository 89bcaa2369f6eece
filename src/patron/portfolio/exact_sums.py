"""Exact sums: figures of an engine's threads, which add up to the same whichever thread comes first."""

from ibis.expr.types import NumericValue

__all__ = ["exact"]


def exact(number: NumericValue) -> NumericValue:
    """Return a number with nine places after the point, of which a sum has no rounding and so no order."""
    return number.cast("decimal(38, 9)")
