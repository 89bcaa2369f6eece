"""Approvals: a champion that a second person must agree to, and moves decided about another champion than today's."""

from collections.abc import Sequence
from dataclasses import replace

from patron.errors import LockError, RegistryError
from patron.registry.audit import Promotion, pending

__all__ = ["approval", "check_approval", "check_still", "needed", "open_request"]


def needed(log: Sequence[Promotion]) -> int:
    """Return how many persons must agree before a version scores, as the log says last: one where it says nothing.

    >>> needed([]), needed([Promotion("", "rule", "churn", version="2", previous=None, reason="")])
    (1, 2)
    """
    rules = [line for line in log if line.action == "rule"]
    return int(rules[-1].version) if rules else 1


def open_request(name: str, log: Sequence[Promotion]) -> Promotion:
    """Return the request of a model that waits for a second person.

    Raises:
        RegistryError: none does.
    """
    request = pending(log)
    if request is None:
        raise RegistryError(
            f"Nobody has requested a new champion of model {name!r}, or it was decided already. "
            f"Request one: patron promote {name} <version>. What happened so far: patron models {name}"
        )
    return request


def check_approval(request: Promotion, champion: str | None, who: str) -> None:
    """Refuse an approval by the person who requested it, and of what was requested about another champion.

    Raises:
        RegistryError: with what to do.
    """
    if request.who == who:
        raise RegistryError(
            f"Version {request.version} of model {request.name!r} was requested by {who!r} at {request.at[:16]}, who "
            "cannot be the second person too. Let somebody else run: "
            f"patron approve {request.name} (who that is: the user of the process, or PATRON_USER)"
        )
    if request.previous != champion:
        raise RegistryError(
            f"Version {request.version} of model {request.name!r} was requested in place of version "
            f"{request.previous or 'none'}, but version {champion or 'none'} scores now. "
            f"Request it again: patron promote {request.name} {request.version}"
        )


def approval(request: Promotion, at: str, who: str) -> tuple[Promotion, Promotion]:
    """Return the lines of an approval: the word of the second person, and the promotion that follows from it."""
    given = replace(request, at=at, action="approve", who=who)
    return given, replace(given, action="promote", reason=f"requested by {request.who}: {request.reason}")


def check_still(move: Promotion, expected: str | None) -> None:
    """Refuse to move a champion that is another one than when the move was decided.

    Raises:
        LockError: somebody else was faster.
    """
    if move.previous != expected:
        raise LockError(
            f"Somebody else has made version {move.previous or 'none'} of model {move.name!r} champion, while version "
            f"{move.version} was compared with version {expected or 'none'}. Nothing was moved. "
            f"See who and why: patron models {move.name}, then try again."
        )
