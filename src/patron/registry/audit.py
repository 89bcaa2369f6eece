"""The audit log: which version became champion when, instead of which, by whom, and why; what was only asked for or
refused, too; lines are only ever added.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from patron.errors import LockError, RegistryError

__all__ = ["Action", "Promotion", "append", "moves", "pending", "previous_champion", "read", "refuse_rivals", "undone"]

LOG, KEY = "promotions.jsonl", "patron.promotion."
NOBODY = "none"  # of a promotion that was undone, where there was no champion before
MOVES = ("promote", "rollback")

Action = Literal["promote", "rollback", "request", "approve", "refuse", "rule", "import"]


@dataclass(frozen=True)
class Promotion:
    """One line of the audit log: which version became champion when, instead of which, why, and by whom.

    `promote` and `rollback` move the champion. `request` asks a second person for it, `approve` is that person's
    word, `refuse` says that it was not moved, `import` that it came from another registry, and `rule` that from now on
    so many persons are needed (the version is their number). Lines of earlier releases do not tell `who`. On a server
    `together` is the number of a move of several models, and their names.
    """

    at: str
    action: Action
    name: str
    version: str
    previous: str | None
    reason: str
    who: str = ""
    together: str = ""


KEYS = tuple(field.name for field in fields(Promotion))  # a later release may tell more


def append(client: Any, folder: Path | None, promotions: Sequence[Promotion]) -> dict[str, Promotion]:
    """Append lines, on the disk before this returns: to a file of the local store, or on a server to the models' tags.

    A line that a killed run left unfinished goes first: nothing was done after it.

    Returns:
        the lines by the tag that holds each; none of a local store.
    """
    if folder is None:
        keys = {}
        for promotion in promotions:
            number = len(read(client, folder, promotion.name))
            line = _written(promotion)
            # Two people at once may count alike: the last letters keep both lines.
            key = f"{KEY}{number:06d}.{uuid4().hex[:8]}"
            client.set_registered_model_tag(promotion.name, key, line)
            keys[key] = promotion
        return keys
    lines = "".join(_written(promotion) + "\n" for promotion in promotions).encode()
    with (folder / LOG).open("a+b") as log:
        log.seek(0)
        log.truncate(log.read().rfind(b"\n") + 1)
        log.write(lines)
        log.flush()
        os.fsync(log.fileno())
    return {}


def refuse_rivals(client: Any, lines: Mapping[str, Promotion], seen: Mapping[str, int]) -> None:
    """Refuse moves on a server while somebody else moves the same champion, and leave that in the log in their place.

    Whoever writes first and reads then sees the other, so that of two at most one goes on.

    Args:
        client: of the server.
        lines: what was just written, by tag.
        seen: how many lines that move a champion each model had when the moves were decided.

    Raises:
        LockError: there are more by now.
    """
    for name in dict.fromkeys(line.name for line in lines.values()):
        log = read(client, None, name)
        if len(moves(log)) - len([line for line in moves(tuple(lines.values())) if line.name == name]) > seen[name]:
            for key, line in lines.items():
                refused = replace(line, action="refuse", reason=f"somebody else moved a champion then: {line.reason}")
                client.set_registered_model_tag(line.name, key, _written(refused))
            raise LockError(
                f"Somebody else is changing the champion of model {name!r} at this moment, so nothing was moved. "
                f"See who and why: patron models {name}, then try again."
            )


def read(client: Any, folder: Path | None, name: str) -> tuple[Promotion, ...]:
    """Return the lines of a model, oldest first; one that a killed run left unfinished is none.

    Raises:
        RegistryError: a line is no line of the log.
    """
    if folder is None:
        tags = client.get_registered_model(name).tags
        lines = [tags[key] for key in sorted(tags) if key.startswith(KEY)]
    else:
        lines = _lines(folder / LOG)
    return tuple(p for p in (_parsed(line, number) for number, line in enumerate(lines, 1)) if p.name == name)


def moves(log: Sequence[Promotion]) -> tuple[Promotion, ...]:
    """Return the lines that moved the champion."""
    return tuple(line for line in log if line.action in MOVES)


def pending(log: Sequence[Promotion]) -> Promotion | None:
    """Return the latest request that nobody has approved or refused, and that no later move has overtaken.

    >>> asked_for = Promotion("", "request", "churn", version="2", previous="1", reason="better", who="ann")
    >>> pending([asked_for]).version, pending([asked_for, replace(asked_for, action="promote", who="bob")])
    ('2', None)
    """
    decisive = [line for line in log if line.action in (*MOVES, "request")]
    return decisive[-1] if decisive and decisive[-1].action == "request" else None


def undone(log: Sequence[Promotion], champion: str | None) -> Promotion | None:
    """Return the line that takes back the last one, where the run that wrote it ended before the champion moved.

    Args:
        log: the lines of a model, oldest first.
        champion: its version that scores.

    >>> begun = Promotion("", "promote", "churn", version="2", previous="1", reason="better")
    >>> undone([begun], champion="1").version, undone([begun], champion="2")
    ('1', None)
    """
    moved = moves(log)
    if not moved or moved[-1].version == (champion or NOBODY) or moved[-1].previous != champion:
        return None
    begun = moved[-1]
    why = f"undone, because the run ended before all could be moved: {begun.reason}"
    action: Action = "rollback" if begun.action == "promote" else "promote"
    back = {"version": champion or NOBODY, "previous": begun.version, "together": ""}
    return replace(begun, action=action, reason=why, **back)


def previous_champion(log: Sequence[Promotion]) -> str | None:
    """Return the version before the latest promotion that still stands, or None where there is none.

    >>> from dataclasses import replace
    >>> first = Promotion("", "promote", "churn", version="1", previous=None, reason="")
    >>> previous_champion([first, replace(first, version="2", previous="1")])
    '1'
    """
    standing: list[str | None] = []
    for promotion in moves(log):
        if promotion.action == "promote":
            standing.append(promotion.previous)
        elif standing:
            standing.pop()
    return standing[-1] if standing else None


def _written(promotion: Promotion) -> str:
    return json.dumps({key: value for key, value in asdict(promotion).items() if key != "together" or value})


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    if not path.is_file():
        raise RegistryError(f"The audit log {path.name!r} is no file. Put it back from a copy, or take it away.")
    return path.read_bytes().decode(errors="replace").split("\n")[:-1]


def _parsed(line: str, number: int) -> Promotion:
    try:
        content = dict(json.loads(line))
        return Promotion(**{name: content[name] for name in KEYS if name in content})
    except (ValueError, TypeError, RecursionError):
        raise RegistryError(
            f"Line {number} of the audit log {LOG!r} is broken: it tells of no promotion. Put the log back from a copy,"
            " or take that line away; the champions themselves are not in it."
        ) from None
