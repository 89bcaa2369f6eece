"""Reasons: why something is suggested, in the words of a merchant."""

import numpy as np
import pandas as pd

from patron.models.baskets.counting import LATEST

__all__ = ["reasons", "span_words"]

WEEKS, MONTHS = 14, 70  # days from which weeks, and months, are told


def reasons(X: pd.DataFrame) -> list[str]:
    """Return why each candidate is suggested: its rhythm, or for something new who else buys it.

    >>> known = {"n": [4.0, 1.0, 0.0], "last": [42.0, 9.0, np.nan], "gap": [35.0, np.nan, np.nan]}
    >>> around = {"like_next": [0.1, 0.0, 0.3], "partner": [0.0, 0.0, 0.2], "sold_30": [5.0, 5.0, 5.0]}
    >>> for reason in reasons(pd.DataFrame(known | around)):
    ...     print(reason)
    bought 4 times, every 5 weeks, last 6 weeks ago
    bought once, 9 days ago
    bought next by customers like this one
    """
    columns = [X[name].to_numpy(dtype=np.float64) for name in ("n", "last", "gap", "like_next", "partner", "sold_30")]
    return [_repeat(n, last, gap) if n else _new(*around) for n, last, gap, *around in zip(*columns, strict=True)]


def span_words(days: float) -> str:
    """Return a number of days as people say it.

    >>> [span_words(days) for days in (0.4, 1.2, 9.0, 35.0, 190.0)]
    ['less than a day', '1 day', '9 days', '5 weeks', '6 months']
    """
    if days < 1:
        return "less than a day"
    size, word = (30.4, "month") if days >= MONTHS else (7, "week") if days >= WEEKS else (1, "day")
    count = round(days / size)
    return f"{count} {word}{'' if count == 1 else 's'}"


def _repeat(n: float, last: float, gap: float) -> str:
    if n == 1:
        return f"bought once, {span_words(last)} ago"
    return f"bought {n:.0f} times, every {span_words(gap)}, last {span_words(last)} ago"


def _new(like_next: float, partner: float, sold_30: float) -> str:
    if like_next > 0:
        return "bought next by customers like this one"
    if partner > 0:
        return f"bought together with what this customer buys, in the last {LATEST} days"
    return f"popular: in {sold_30:,.0f} baskets of the last 30 days"
