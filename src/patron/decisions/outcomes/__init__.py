"""Outcomes: what past decisions earned, beside customers who were held out, and how far that can be believed.

Nothing is counted twice, and what cannot be known is said with the evidence that there is.
"""

from patron.decisions.outcomes.learning import Outcomes, TooEarlyError, learn

__all__ = ["Outcomes", "TooEarlyError", "learn"]
