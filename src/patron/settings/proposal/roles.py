"""Roles: how well each column of a table fits each role, by its name first and then by its values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from patron.settings.proposal.columns import ColumnLook
from patron.settings.proposal.patterns import PATTERNS
from patron.settings.proposal.words import has

__all__ = ["Fit", "fits", "person_score"]

NUMBERS = ("quantity", "price", "amount", "discount", "tax", "unit_cost", "cost", "margin")
FEW = 60  # different values of a channel, kind or direction
KINDS = 2000  # of a category
MANY, FEWEST = 500, 5  # of so many rows so few keys are no customers
PEOPLE = (
    (r"customer (?:unique |user )*id|customer unique|^id (?:de |del |of )?customer", 3.2),
    (r"(?:contact|member|user|account|household|company|person)s?(?: \w+)? id", 3.0),
    (r"^(?:customer|customer customer|member|user|account|household|contact)$", 2.8),
)
NO_PERSON = (
    "group|type|segment|note|since|city|state|zip|country|address|status|count|description|tag|marketing|accepts|class"
    "|tier|age|category|price|service|region|created|date|amount|total|owner|staff|employee|manager|tax|phone|score"
    "|number|first|last|vat|source|balance|value|parent|street|company name|opt|agreed|line|order|lifetime|lead"
    "|secondary"
)


@dataclass(frozen=True)
class Fit:
    """How well a column fits a role."""

    column: ColumnLook
    score: float


def fits(role: str, columns: Sequence[ColumnLook]) -> list[Fit]:
    """Return the columns that can have a role, the likeliest first; of equals, the one that stands first."""
    patterns, against = PATTERNS[role]
    scored = [Fit(c, _score(c.words, patterns, against)) for c in columns if _fits(role, c)]
    return sorted((fit for fit in scored if fit.score > 0), key=lambda fit: -fit.score)


def person_score(column: ColumnLook) -> float:
    """Return how well the name and the values of a column fit the key of a customer."""
    if column.kind not in ("text", "number") or column.is_time or not column.known:
        return 0.0
    if column.distinct < (FEWEST if column.rows >= MANY else min(2, column.rows)):
        return 0.0
    if column.has_emails:
        return 2.0 + 0.1 * has(column.words, "customer") - 0.1 * has(column.words, "shipping")
    if has(column.words, NO_PERSON) or (column.kind == "number" and any(value % 1 for value in column.values)):
        return 0.0
    if has(column.words, "name"):
        return 0.6 if has(column.words, "customer|billing|full|contact|account|member") else 0.0
    return next((score for pattern, score in PEOPLE if has(column.words, pattern)), 0.0)


def _score(words: str, patterns: Sequence[tuple[str, float]], against: str) -> float:
    score = next((score for pattern, score in patterns if has(words, pattern)), 0.0)
    return score - 3.0 * has(words, against)


def _fits(role: str, column: ColumnLook) -> bool:
    """Check whether the values of a column can have a role."""
    test = TESTS.get(role)
    return column.known > 0 and (column.is_number if role in NUMBERS else test is None or test(column))


def _is_few(column: ColumnLook) -> bool:
    return column.kind == "text" and column.distinct <= FEW


TESTS: dict[str, Callable[[ColumnLook], bool]] = {
    "at": lambda column: column.is_time,
    "order": lambda column: column.kind in ("text", "number") and not column.is_time,
    "item": lambda column: column.kind in ("text", "number") and not column.is_time,
    "item_name": lambda column: column.kind == "text" and not column.is_time,
    "category": lambda column: column.kind == "text" and column.distinct <= KINDS,
    "currency": lambda column: column.kind == "text" and column.distinct <= FEW,
    "channel": _is_few,
    "kind": _is_few,
    "direction": _is_few,
}
