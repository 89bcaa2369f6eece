"""Write the table of built-in features for the documentation: `python -m patron.features > docs/features.md`."""

import sys
from collections.abc import Sequence

from patron.features import ALL, campaigns, prepaid, subscriptions
from patron.features.measures import Combination, Feature

__all__ = ["page"]

HEAD = """# Built-in features

Made from the code by `python -m patron.features > docs/features.md`; a test keeps it true. A feature is left out where
a history lacks its event table or a role. Windows are days before the cutoff; *ever* is all the time before it.
They are made for a usual gap between orders of about a month. Where customers come three or nine times as often they
are as much shorter; where they come three times as seldom, and three years are known, three times as long. The gap that
a model was trained with is kept with it.
Money is that of orders as they stand: less what returns known before the cutoff took back of them, and without those
that were wholly taken back. A return takes back the latest order before it with its order number; one whose number no
order of the customer has, the latest order of its amount that no return took before, of the 30 days before it. Where
there is none either, it takes back two or more orders that follow one another on one day and come to its amount, up to
the day of the return and at most 30 days before it: the latest of the first ten of a day, and once for each day. So
8,322.12 take back two orders of 4,161.06, also where the second is written minutes after the return. Until its return
is known an order counts in full. Orders placed, their days and gaps count whether or not they stood.
Where contracts are asked about, those of `contracts` and its like are looked at, and for each event table that no line
here names (use, payments): its events in 30, 90 and 365 days, their trend, days since the last, sums of money.
Beside these, each column of an attribute table is a feature, as last known before the cutoff: `customers_country`.

| theme | column | what it says | windows | looks at | unit |
|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the page as Markdown."""
    ordered = sorted((*ALL, *prepaid.ALL, *campaigns.ALL, *subscriptions.ALL), key=lambda feature: feature.theme)
    return HEAD + "".join(f"{_line(feature)}\n" for feature in ordered) + _levers(ordered)


def _levers(features: Sequence[Feature]) -> str:
    levers = (f"`{feature.name}` ({feature.lever})" for feature in features if feature.lever)
    return f"\nLevers, which the business can change: {', '.join(levers)}. All others are levers where you say so.\n"


def _line(feature: Feature) -> str:
    windows = ", ".join("ever" if window.days is None else str(window.days) for window in feature.windows)
    parts = feature.parts if isinstance(feature, Combination) else (feature,)
    tables = ", ".join(dict.fromkeys(part.source for part in parts))
    return f"| {feature.theme} | `{feature.name}` | {feature.words} | {windows} | {tables} | {feature.unit} |"


if __name__ == "__main__":
    sys.stdout.write(page())
