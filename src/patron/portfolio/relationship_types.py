"""Relationship types: what kind of relationship each customer has with the business, each with its rule in plain words.

A rule is bounds of what can be seen of an interaction; the first that holds counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from patron.errors import QuestionError, is_number, listed, nearest
from patron.portfolio.segments import OTHERS

__all__ = ["FACETS", "TYPES", "RelationshipType", "known_types", "type_names", "type_of", "what_moved"]

Bounds = tuple[float, float]
FACETS: Mapping[str, tuple[str, str]] = {
    "recency": ("days since the last order", "orders"),
    "tenure": ("days since the first order", "orders"),
    "orders": ("orders within a year", "orders"),
    "silence": ("time since the last order in usual gaps of the customer, of 30 days at least", "orders"),
    "breadth": ("categories bought within a year", "a category of orders or lines"),
    "heard": ("contacts begun by the business within a year", "a table of contacts or offers"),
    "unheard": ("days since the last of them", "a table of contacts or offers"),
    "talk": ("contacts and requests begun by the customer within a year", "tickets, or contacts with a direction"),
    "begun": ("share of all contacts that the customer began", "as heard and talk"),
    "reciprocity": ("1 where both begin as many, 0 where one begins all", "as heard and talk"),
    "tone": ("praise less complaints, for each contact begun by the customer", "their kind or sentiment"),
    "demand": ("requests for service for each order, within a year", "tickets"),
}  # fmt: skip
"""What can be seen of a relationship: its meaning in words, and the columns without which it is not known."""


@dataclass(frozen=True)
class RelationshipType:
    """Customers whose facets lie within bounds, both included, and the contacts that fit such a relationship.

    Args:
        name: what the business calls them.
        bounds: by facet of `FACETS` the lowest and the highest value; everybody where there are none.
        contacts: the most contacts of the business in a month that fit.
        promotions: the most of them that may promote.
        asks: what such a relationship asks for, in a sentence.

    Raises:
        QuestionError: a facet is not known, its bounds are no two numbers in order, or a limit is below zero.

    >>> RelationshipType("regular", {"orders": (6, np.inf), "recency": (0, 60)}).rule
    'orders at least 6, recency at most 60'
    """

    name: str
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    contacts: float = np.inf
    promotions: float = np.inf
    asks: str = ""

    def __post_init__(self) -> None:
        for facet, bounds in self.bounds.items():
            if facet not in FACETS:
                raise QuestionError(
                    f"The relationship type {self.name!r} has bounds of {facet!r}, which is no facet."
                    f"{nearest(facet, FACETS)} The facets are: {listed(FACETS)}. Write for example orders = [6, inf]."
                )
            numbers = [bound for bound in bounds if is_number(bound) or bound in (np.inf, -np.inf)]
            if not (len(bounds) == len(numbers) == 2 and bounds[0] <= bounds[1]):
                raise QuestionError(
                    f"The relationship type {self.name!r} has the bounds {list(bounds)} of {facet}. Give the lowest "
                    f"and the highest value, for example {facet} = [1, inf]."
                )
        for name, most in (("contacts", self.contacts), ("promotions", self.promotions)):
            if not ((is_number(most) and most >= 0) or most == np.inf):
                raise QuestionError(
                    f"The relationship type {self.name!r} bears {most!r} {name} in a month. Write a number of 0 or "
                    f"more, for example {name} = 2."
                )

    @property
    def rule(self) -> str:
        """Who belongs to it, in words."""
        return ", ".join(_words(facet, *bounds) for facet, bounds in self.bounds.items()) or "all others"

    def holds(self, customers: pd.DataFrame) -> pd.DataFrame:
        """Return for each facet of the rule which customers lie within its bounds; what is not known does not."""
        return pd.DataFrame({name: customers[name].between(*b) for name, b in self.bounds.items()}, customers.index)


TYPES = (
    RelationshipType(
        "adversary", {"talk": (2, np.inf), "tone": (-1, -0.5)}, 1, 0, "Mend what they complain of; promote nothing."
    ),
    RelationshipType(
        "dumped",
        {"recency": (0, 90), "heard": (3, np.inf), "unheard": (90, np.inf)},
        4,
        1,
        "Say something again: they are still here, and the business fell silent.",
    ),
    RelationshipType("former", {"recency": (365, np.inf)}, 1, 1, "Let them rest, or ask once why they went."),
    RelationshipType("fading", {"silence": (3, np.inf)}, 2, 1, "Ask what changed, once and in person."),
    RelationshipType(
        "servant", {"talk": (2, np.inf), "demand": (1, np.inf)}, 2, 1, "Help them to help themselves, or charge for it."
    ),
    RelationshipType(
        "fling", {"tenure": (0, 180), "orders": (3, np.inf)}, 8, 4, "Enjoy it while it lasts, and promise little."
    ),
    RelationshipType(
        "partner",
        {"orders": (6, np.inf), "begun": (0.1, 1), "tone": (0, 1), "breadth": (3, np.inf)},
        4,
        1,
        "Listen, and let them have a say: what they suggest is worth more than what they are sold.",
    ),
    RelationshipType(
        "friend", {"orders": (2, np.inf), "talk": (1, np.inf), "tone": (0, 1)}, 4, 1, "Answer in kind; ask for little."
    ),
    RelationshipType("exchange", {}, 2, 2, "Good goods at a fair price, and no more contacts than that."),
)  # fmt: skip


def known_types(types: Sequence[RelationshipType], facets: Sequence[str]) -> tuple[RelationshipType, ...]:
    """Return the types whose rules look at nothing but facets that are known.

    Args:
        types: in the order in which they are tried.
        facets: those that are known.
    """
    return tuple(kind for kind in types if set(kind.bounds) <= set(facets))


def type_names(types: Sequence[RelationshipType]) -> tuple[str, ...]:
    """Return the names of the types, and that of those who fit none, where rules leave room for such.

    >>> type_names([RelationshipType("regular", {"orders": (6, np.inf)})]), OTHERS in type_names(TYPES)
    (('regular', 'others'), False)
    """
    return (*(kind.name for kind in types), *((OTHERS,) if all(kind.bounds for kind in types) else ()))


def type_of(customers: pd.DataFrame, types: Sequence[RelationshipType] = TYPES) -> np.ndarray:
    """Return the type of each customer: the first whose rule holds, or `others`, shape (n,).

    Args:
        customers: the facets that the rules look at.
        types: in the order in which they are tried.

    Source: S. Fournier, Consumers and their brands, J. Consumer Research 24 (1998); J. Avery, S. Fournier and
    J. Wittenbraker, Unlock the mysteries of your customer relationships, Harvard Business Review 92 (2014). The rules
    are Patron's.

    >>> kinds = [RelationshipType("regular", {"orders": (6, np.inf)}), RelationshipType("exchange")]
    >>> type_of(pd.DataFrame({"orders": [7, 1]}), kinds).tolist()
    ['regular', 'exchange']
    """
    names = np.array([*(kind.name for kind in types), OTHERS], dtype=object)
    fits = [*(kind.holds(customers).to_numpy().all(axis=1) for kind in types), np.full(len(customers), True)]
    return names[np.select(fits, range(len(fits)))]


def what_moved(before: pd.DataFrame, now: pd.DataFrame, types: Sequence[RelationshipType]) -> pd.DataFrame:
    """Return by which facet how many customers moved from which type to which, the most first.

    It is the first facet of the former rule that holds no longer, or else of the new rule that did not hold before.

    Args:
        before: `customer`, `relationship_type` and the facets that the rules look at, at an earlier cutoff.
        now: the same now.
        types: those whose rules both were tried by.

    Returns:
        `before`, `now`, `by` and `customers`; each customer who moved counts once.

    >>> kinds = [RelationshipType("regular", {"orders": (6, np.inf)}), RelationshipType("exchange")]
    >>> was = pd.DataFrame({"customer": ["a", "b"], "orders": [7, 8], "relationship_type": "regular"})
    >>> what_moved(was, was.assign(orders=[1, 9], relationship_type=["exchange", "regular"]), kinds).values.tolist()
    [['regular', 'exchange', 'orders', 1]]
    """
    pairs = before.merge(now[["customer"]], on="customer").reset_index(drop=True)
    later = now.set_index("customer").loc[pairs.customer].reset_index()
    by = np.full(len(pairs), None, dtype=object)
    for left in (True, False):
        for kind in types:
            of_kind = (pairs if left else later).relationship_type == kind.name
            changed = ~kind.holds(later if left else pairs)
            for facet in changed:
                first = of_kind & changed[facet] & (pairs.relationship_type != later.relationship_type) & pd.isna(by)
                by[first.to_numpy()] = facet
    table = pd.DataFrame({"before": pairs.relationship_type, "now": later.relationship_type, "by": by})[
        (pairs.relationship_type != later.relationship_type).to_numpy()
    ]
    counts = table.groupby(["before", "now", "by"], as_index=False).size().rename(columns={"size": "customers"})
    return counts.sort_values(
        ["customers", "before", "now", "by"], ascending=[False, True, True, True], ignore_index=True
    )


def _words(facet: str, low: float, high: float) -> str:
    if low == high:
        return f"{facet} {low:g}"
    if np.isinf(high):
        return f"{facet} at least {low:g}"
    return f"{facet} at most {high:g}" if low <= 0 and facet != "tone" else f"{facet} {low:g} to {high:g}"
