"""Shares: chances and answers of yes or no as numbers, of whatever they are written in."""

from collections.abc import Mapping

import ibis
from ibis.expr.types import BooleanValue, Column

from patron.history.roles import SHARE_ROLES

__all__ = ["as_share", "no_shares"]

YES, NO = ("true", "yes", "y", "t"), ("false", "no", "n", "f")


def as_share(column: Column) -> Column:
    """Return truths as 1 and 0, be they written as such or as yes and no; numbers, and texts of numbers, as they are.

    >>> rows = ibis.memtable({"taken": ["Yes", "n", "0.5", None]})
    >>> rows.select(taken=as_share(rows.taken)).to_pyarrow()["taken"].to_pylist()
    ['1', '0', '0.5', None]
    """
    if column.type().is_boolean():
        return column.cast("float64").name(column.get_name())
    if not column.type().is_string():
        return column
    word = column.strip().lower()
    return ibis.cases((word.isin(YES), "1"), (word.isin(NO), "0"), else_=column).name(column.get_name())


def no_shares(columns: Mapping[str, Column]) -> list[tuple[BooleanValue, str]]:
    """Return which rows have a chance or an answer that can be none, and why.

    The chance of what happened is above 0.
    """
    shares = {role: columns[role] for role in SHARE_ROLES if role in columns}
    reasons = [(share.notnull() & ~share.between(0, 1), f"{role} outside 0 to 1") for role, share in shares.items()]
    if "propensity" in shares:
        never = shares["propensity"].notnull() & (shares["propensity"] == 0)
        reasons.append((never, "a propensity of 0 for the arm that was got"))
    return reasons
