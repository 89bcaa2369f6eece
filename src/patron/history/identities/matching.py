"""Matching: which columns of which tables identify a person, and the rules by which keys are taken for one customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from patron.errors import HistoryError, listed, nearest

__all__ = ["EXACT", "FUZZY", "KINDS", "MOST", "PLUS_TAGS", "Matching", "Pairs", "is_country", "is_most", "is_threshold"]

EXACT = ("email", "phone")
FUZZY = ("name", "first_name", "last_name", "born", "postcode", "address")
KINDS = (*EXACT, *FUZZY)
PLUS_TAGS = ("keep", "ignore")
MOST = 100  # keys with one identifier, whose pairs are all looked at
Columns = str | Sequence[str]
Pairs = str | Path | Sequence[Sequence[str]]


@dataclass(frozen=True)
class Matching:
    """How keys are told to be one customer.

    Args:
        match: for each table the columns that identify a person, by kind; the column of the customer's key may be one
            of them, and a kind may have several. Keys that share an `email` or `phone` are one customer; `name` (or
            `first_name` and `last_name`), `born`, `postcode` and `address` tell how probable it is that two are.
        country: where phone numbers without a country's code are, for example "GB"; without it they are not used.
        plus_tags: "keep", or "ignore" where anna+shop@ is anna@ and, at providers that do not see them, dots do not
            count.
        most_keys: an identifier of more keys than that is nobody's own, and links none of them.
        never: pairs of keys that are never one person, or a file whose first two columns have such pairs; the key of
            a silo is written table:key.
        threshold: the probability from which on two keys are one customer by name and the like.
        silos: the tables whose keys are their own: the same key in another table is somebody else.

    Raises:
        HistoryError: a kind is not known, a rule is none, or no column identifies anybody.

    >>> Matching({"orders": {"email": "Email"}}, country="GB").most_keys
    5
    """

    match: Mapping[str, Mapping[str, Columns]]
    country: str = ""
    plus_tags: str = "keep"
    most_keys: int = 5
    never: Pairs = ()
    threshold: float = 0.95
    silos: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rules that cannot be meant."""
        for table, columns in self.match.items():
            _check_kinds(table, columns)
        if not any(self.match.values()):
            raise HistoryError(
                "No column identifies a person, so no keys can be matched. Name some, for example: "
                '[identity.match.orders] email = "Email".'
            )
        _check_people(self.match)
        _check_rules(self)
        if not isinstance(self.never, str | Path):
            _check_pairs(self.never)

    @property
    def is_fuzzy(self) -> bool:
        """Whether names and the like tell how probable it is that keys are one person."""
        return any(kind in FUZZY for columns in self.match.values() for kind in columns)


def _check_kinds(table: str, columns: Mapping[str, Columns]) -> None:
    for kind in columns:
        if kind not in KINDS:
            raise HistoryError(
                f"[identity.match.{table}] has no kind of identifier {kind!r}.{nearest(kind, KINDS)} It knows: "
                f"{listed(KINDS)}."
            )

    if set(columns) & set(FUZZY) and not ("name" in columns or {"first_name", "last_name"} <= set(columns)):
        raise HistoryError(
            f"[identity.match.{table}] has {listed(set(columns) & set(FUZZY))}, but no whole name to tell people by. "
            'Name its column: name = "...", or first_name and last_name.'
        )


def _check_pairs(never: Sequence[Sequence[str]]) -> None:
    for pair in never:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            got = f"{len(pair)} keys" if isinstance(pair, list | tuple) else f"a {type(pair).__name__}"
            raise HistoryError(
                f'Keys that are never one person are given in pairs, got {got}. Write never = [["key 1", "key 2"]].'
            )


def _check_people(match: Mapping[str, Mapping[str, Columns]]) -> None:
    """Refuse names without anything beside them: many people share a name."""
    kinds = {kind for columns in match.values() for kind in columns}
    if kinds & set(FUZZY) and not kinds & {"born", "postcode", "address"}:
        raise HistoryError(
            f"Many people share a name, and [identity.match] has only: {listed(kinds)}. Name a column with something "
            'else of the person beside it: born = "...", postcode = "..." or address = "...".'
        )


def _check_rules(rules: Matching) -> None:
    if rules.plus_tags not in PLUS_TAGS:
        raise HistoryError(f'Plus tags are "keep" or "ignore", got {rules.plus_tags!r}. Write plus_tags = "ignore".')
    if rules.country and not is_country(rules.country):
        raise HistoryError(f'A country is a code of two capital letters, got {rules.country!r}. Write country = "GB".')
    if not is_most(rules.most_keys):
        raise HistoryError(
            f"most_keys is a whole number from 2 to {MOST}, got {rules.most_keys!r}. Write most_keys = 5."
        )
    if not is_threshold(rules.threshold):
        raise HistoryError(
            f"The threshold is a probability from 0.5 to below 1, got {rules.threshold!r}. Write threshold = 0.95."
        )


def is_country(value: object) -> bool:
    """Check whether a value is a country's code, such as GB.

    >>> is_country("GB"), is_country("uk")
    (True, False)
    """
    return isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()


def is_most(value: object) -> bool:
    """Check whether so many keys may share an identifier."""
    return isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= MOST


def is_threshold(value: object) -> bool:
    """Check whether a value is a probability at which a pair is more likely one person than two."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.5 <= value < 1
