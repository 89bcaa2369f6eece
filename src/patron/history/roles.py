"""Roles: which columns take which meaning, and how the others are called.

An undeclared column changes no meaning in silence: it takes the role of its name only where its values fit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ibis.expr.types import Column, Table

from patron.errors import HistoryError, nearest
from patron.history.assumptions import Assumption
from patron.history.point_in_time import CUSTOMER_NUMBER, RELATIVE, STANDING, UNTIL

__all__ = [
    "BEGAN",
    "COMPLAINS",
    "KEPT_NAMES",
    "KEPT_OF_EVENTS",
    "NUMBER_ROLES",
    "OFFER_ROLES",
    "OTHER",
    "PAID_UNTIL",
    "PART",
    "ROLES",
    "SHARE_ROLES",
    "TERM",
    "TEXT_ROLES",
    "TOTAL",
    "UNSAID",
    "NamedRoles",
    "Role",
    "named_roles",
    "own_names",
]

OFFER_TEXTS, SHARE_ROLES = ("offer", "arm"), ("propensity", "accepted")
OFFER_ROLES = (*OFFER_TEXTS, *SHARE_ROLES)
TEXT_ROLES = (
    "order",
    "item",
    "item_name",
    "category",
    "channel",
    "kind",
    "direction",
    "currency",
    "status",
    *OFFER_TEXTS,
)
NUMBER_ROLES = (
    "amount",
    "gross",
    "price",
    "discount",
    "tax",
    "cost",
    "margin",
    "shipping",
    "quantity",
    "total",
    "unit_cost",
)
TERM, PAID_UNTIL = "term", "paid_until"
OTHER = "other"
"""The customer at the other end of a tie."""
ROLES = ("customer", "at", "known_at", *TEXT_ROLES, *NUMBER_ROLES, TERM, *SHARE_ROLES, OTHER)
KEPT_NAMES = ("set_aside", CUSTOMER_NUMBER, *RELATIVE)
# Roles that change what a row is: no column takes them by its name.
DECLARED = ("status", "total", "unit_cost", TERM, OTHER, *OFFER_ROLES)
PART, BEGAN, UNSAID, TOTAL = "part_of_order", "first_line_at", "amount_without_cost", "total_of_order"
COMPLAINS = "complains"
"""Whether a contact is a complaint, where its kind alone does not say so."""
KEPT_OF_EVENTS = ("returned", PART, BEGAN, UNSAID, TOTAL, STANDING, UNTIL, PAID_UNTIL, COMPLAINS)
INSTEAD = {"total": "amount", "unit_cost": "cost"}
NUMERIC = r"^[^A-Za-z0-9%]{0,3}([A-Z]{3}\s?)?[^A-Za-z0-9%]{0,2}\d[\d.,'\s]*([^A-Za-z0-9%]{0,3}|\s?[A-Z]{3})$"
FITTING = 0.5  # of the texts of a column: where more look like numbers they are meant as such, and read or refused

Role = str | Callable[[Table], Column]


@dataclass(frozen=True)
class NamedRoles:
    """The column of each role, and what was assumed because of a name alone.

    Args:
        columns: by role the name of its column, or a function of the table.
        own: the columns that have the name of a role and do not take it.
        assumed: the roles that a column took by its name.
        unfit: the columns that have the name of a role and values of another kind, in words.
    """

    columns: Mapping[str, Role]
    own: tuple[str, ...] = ()
    assumed: tuple[Assumption, ...] = ()
    unfit: Mapping[str, str] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, Role]:
        """The column of each role, with an empty name for those that no column has."""
        return {**dict.fromkeys(ROLES, ""), **self.columns}

    def notes_with(self, renamed: Mapping[str, str]) -> tuple[str, ...]:
        """Describe why columns are called otherwise than in the table.

        Args:
            renamed: the new name of each such column.
        """
        return tuple(
            f"column {column!r} {self._why(column)}; measures find it as {new!r}" for column, new in renamed.items()
        )

    def _why(self, column: str) -> str:
        if column in self.unfit:
            mend = f"to read it, turn it into numbers and declare {column} = {column!r}"
            return f"holds {self.unfit[column]} and was not declared, so it is not read as the {column} ({mend})"
        if column == "returned":
            return "was not declared, so it takes no purchase back (to read it: returns = { returned = [...] })"
        return "has a name that Patron needs for itself"


def named_roles(table: Table, roles: Mapping[str, Role], known: Sequence[str]) -> NamedRoles:
    """Return the column of each role: the declared one, or that of its name where the values fit.

    Args:
        table: as it was read.
        roles: the declared ones; an empty name says that no column has the role.
        known: the roles that the table can have.

    Raises:
        HistoryError: a declared role is not known.
    """
    for role in roles:
        if role not in known:
            raise HistoryError(
                f"The table has no role {role!r}.{nearest(role, known)} The roles are: {', '.join(known)}."
            )
    declared = {role: roles[role] for role in known if role in roles and not _is_off(roles[role])}
    named = {column for column in declared.values() if isinstance(column, str)}
    taken_over = {INSTEAD[role] for role in INSTEAD if role in declared}
    closed = {*roles, *named, *DECLARED, *taken_over}
    free = [role for role in known if role in table.columns and role not in closed]
    unfit = _unfit(table, [role for role in free if role in NUMBER_ROLES])
    taken = [role for role in free if role not in unfit]
    columns: dict[str, Role] = {role: declared.get(role, role) for role in known if role in declared or role in taken}
    off = [role for role in known if role in table.columns and role not in columns and role not in DECLARED]
    return NamedRoles(
        columns,
        tuple(role for role in off if role not in named),
        tuple(_assumption(role) for role in taken if role in (*TEXT_ROLES, *NUMBER_ROLES)),
        unfit,
    )


def own_names(columns: Sequence[str], roles: Mapping[str, Role], kept: Iterable[str]) -> dict[str, str]:
    """Return the columns without a role, each with the name that measures find it by.

    A column that has a name which Patron needs is called own_..., so that it can be neither mistaken nor lost.

    >>> own_names(["id", "days_ago", "city"], {"customer": "id"}, ["days_ago"])
    {'days_ago': 'own_days_ago', 'city': 'city'}
    """
    needed = {name.lower() for name in kept}  # an engine takes capitals and small letters for the same
    named = {column for column in roles.values() if isinstance(column, str)}
    free = [column for column in columns if column not in named]
    names: dict[str, str] = {}
    for column in free:
        name = column
        while name.lower() in needed or (name != column and name in columns):
            name = f"own_{name}"
        names[column] = name
    return names


def _is_off(column: Role) -> bool:
    return isinstance(column, str) and not column


def _unfit(table: Table, roles: Sequence[str]) -> dict[str, str]:
    """Return the columns whose values are no numbers, with what they are; texts are looked at with one query."""
    unfit = {role: str(table[role].type()) for role in roles if not table[role].type().is_numeric()}
    texts = [role for role in unfit if table[role].type().is_string()]
    if not texts:
        return unfit
    stripped = {role: table[role].strip().nullif("") for role in texts}
    counts = {f"n_{role}": text.count() for role, text in stripped.items()}
    counts |= {f"numeric_{role}": text.re_search(NUMERIC).sum() for role, text in stripped.items()}
    n = table.aggregate(**counts).to_pyarrow().to_pylist()[0]
    meant = [role for role in texts if n[f"n_{role}"] and n[f"numeric_{role}"] > FITTING * n[f"n_{role}"]]
    return {role: "words" if role in texts else kind for role, kind in unfit.items() if role not in meant}


def _assumption(role: str) -> Assumption:
    return Assumption(f"column {role!r} was read as the {role}: {MEANINGS[role]}", f'{role} = ""')


MEANINGS = {
    "order": "rows of a customer with the same one are one purchase",
    "item": "what was bought",
    "item_name": "what people call it",
    "category": "the kind of goods",
    "channel": "the way by which it came",
    "kind": "what sort of event it is",
    "direction": "who began a contact",
    "currency": "that of the money in the row",
    "amount": "money received, net of discount and tax",
    "gross": "money before discount and tax",
    "price": "the price of one piece",
    "discount": "money taken off",
    "tax": "money of the tax office",
    "cost": "what the goods of the row cost",
    "margin": "money that is left of the row",
    "shipping": "what sending it cost the business",
    "quantity": "the number of pieces",
}
