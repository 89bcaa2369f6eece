"""Advice: which group is answered most, and after how many contacts one more brings nothing, where that is clear."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from patron.decisions.response.shares import Shares
from patron.formatting import percent

__all__ = ["Enough", "best_group", "enough_contacts", "lines_of_enough", "lines_of_group"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SMALL = 0.1  # of the share: what is surely less is nothing that one more contact brings
SHOWN = 8


@dataclass(frozen=True)
class Enough:
    """How many contacts are enough.

    Args:
        contacts: after how many one more brings nothing beyond noise; None where that is unknown.
        at_most: by how much one more could raise the share, the upper bound.
        falls_from: from how many on clearly fewer answer than the most that do; None where there is no such number.
    """

    contacts: int | None = None
    at_most: float = float("nan")
    falls_from: int | None = None


def best_group(shares: Shares) -> str | None:
    """Return the group that is answered clearly more than each other that is compared, or None."""
    if len(shares.groups) < 2:
        return None
    best = int(shares.share.argmax())
    return str(shares.groups[best]) if (np.delete(shares.low[best], best) > 0).all() else None


def enough_contacts(shares: Shares) -> Enough:
    """Return the least number of contacts beyond which no larger number is answered clearly more.

    It is unknown where nothing shows that a contact brings anything, unless one more surely brings less than a tenth
    of the share; and where no larger number can be compared.
    """
    if len(shares.groups) < 2:
        return Enough()
    low, high = shares.low, shares.high
    last = len(shares.groups) - 1
    enough = next(k for k in range(last + 1) if not (low[k + 1 :, k] > 0).any())
    if enough == last:
        return Enough()
    at_most = max(float(high[enough + 1, enough]), 0.0)
    if not np.isfinite(at_most) or (not (low[:, 0] > 0).any() and at_most > SMALL * shares.share[enough]):
        return Enough()
    top = int(shares.share.argmax())
    falls = next((int(shares.groups[k]) for k in range(top + 1, last + 1) if low[top, k] > 0), None)
    return Enough(int(shares.groups[enough]), at_most, falls)


def lines_of_group(by: str, shares: Shares, verb: str) -> Iterator[str]:
    """Describe which channel, hour or weekday is answered most, or that it is unknown, and why.

    Args:
        by: what the groups are.
        shares: of its groups.
        verb: what an answer is: order within 30 days.
    """
    best = best_group(shares)
    if best is not None:
        order = np.argsort(-shares.share)
        first, second = (_shown(by, shares, int(k)) for k in order[:2])
        yield f"{by}: {first} {verb}, clearly more than by any other that is compared; the next is {second}"
    elif len(shares.groups) > 1:
        shown = ", ".join(_shown(by, shares, int(k)) for k in np.argsort(-shares.share)[:2])
        yield f"{by}: unknown; none of {len(shares.groups)} is clear of all others: {shown} {verb}"
    else:
        yield f"{by}: unknown; {_why(by, shares)}"


def lines_of_enough(shares: Shares, days: int, verb: str) -> Iterator[str]:
    """Describe after how many contacts one more brings nothing beyond noise, or that it is unknown, and why."""
    enough, about = enough_contacts(shares), f"contacts in {days} days"
    curve = ", ".join(f"{_shown('lately', shares, k)}" for k in range(min(len(shares.groups), SHOWN)))
    if len(shares.groups) < 2:
        yield f"{about}: unknown; {_why('number', shares)}"
    elif enough.contacts is None:
        yield f"{about}: how many are enough is unknown; after {curve} {verb}"
    else:
        yield (
            f"{about}: after {enough.contacts} one more brings nothing beyond noise, at most {_points(enough.at_most)} "
            f"points; after {curve} {verb}"
        )
    if enough.falls_from:
        yield f"{about}: with {enough.falls_from} clearly fewer {verb} than at best"


def _why(by: str, shares: Shares) -> str:
    groups = len(shares.table)
    if not groups:
        return f"no contact tells its {by}"
    if groups == 1:
        return f"all contacts have the same {by}"
    return f"of no two of {groups} there are enough contacts of customers who are alike"


def _shown(by: str, shares: Shares, k: int) -> str:
    """Return a group with its share and interval in words."""
    group = shares.groups[k]
    line = shares.table.set_index("group").loc[group]
    name = {"hour": lambda: f"{group}:00", "weekday": lambda: WEEKDAYS[int(group)]}.get(by, lambda: str(group))()
    return f"{name} {percent(line.share, 1)} ({_points(line.low)} to {_points(line.high)})"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
