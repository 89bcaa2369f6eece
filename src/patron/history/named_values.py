"""Named values: which of the few different texts of a column somebody named, and which there are."""

from collections.abc import Collection, Sequence

from ibis.expr.types import Column

from patron.errors import cell

__all__ = ["FEW", "as_names", "few_values", "shown", "unmet"]

FEW = 60  # of a column with more different values none is shown: they may be keys


def as_names(said: str | Sequence[str]) -> set[str]:
    """Return one name, or several, as a set.

    >>> as_names("holdout"), as_names("")
    ({'holdout'}, set())
    """
    return ({said} if said else set()) if isinstance(said, str) else set(said)


def few_values(column: Column) -> list[str]:
    """Return the different texts of a column that are not empty, one more than `FEW` at most; runs a query."""
    values = column.name("value").as_table().distinct().limit(FEW + 1).to_pyarrow()["value"].to_pylist()
    return [value for value in values if value]


def shown(values: Collection[str]) -> str:
    """Write different values for a sentence, where they are few.

    >>> shown(["voucher", "call"])
    "'call', 'voucher'"
    """
    return ", ".join(map(cell, sorted(values))) if len(values) <= FEW else f"more than {FEW}"


def unmet(names: Collection[str], values: Collection[str]) -> list[str]:
    """Return the names that are none of the values, as far as all values are known.

    >>> unmet({"holdout", "none"}, ["none", "call"])
    ['holdout']
    """
    return sorted(set(names) - set(values)) if len(values) <= FEW else []
