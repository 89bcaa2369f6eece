"""The audit log: who became champion when, instead of whom, and why; lines are only ever added."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from patron.errors import RegistryError

__all__ = ["Promotion", "append", "previous_champion", "read", "undone"]

LOG = "promotions.jsonl"
NOBODY = "none"  # of a promotion that was undone, where there was no champion before


@dataclass(frozen=True)
class Promotion:
    """One line of the audit log: who became champion when, instead of whom, and why."""

    at: str
    action: Literal["promote", "rollback"]
    name: str
    version: str
    previous: str | None
    reason: str


def append(client: Any, folder: Path | None, promotions: Sequence[Promotion]) -> None:
    """Append lines, on the disk before this returns: to a file of the local store, or on a server to the models' tags.

    A line that a killed run left unfinished goes first: nothing was done after it.
    """
    if folder is None:
        for promotion in promotions:
            number = len(read(client, folder, promotion.name))
            line = json.dumps(asdict(promotion))
            client.set_registered_model_tag(promotion.name, f"patron.promotion.{number:06d}", line)
        return
    lines = "".join(json.dumps(asdict(promotion)) + "\n" for promotion in promotions).encode()
    with (folder / LOG).open("a+b") as log:
        log.seek(0)
        log.truncate(log.read().rfind(b"\n") + 1)
        log.write(lines)
        log.flush()
        os.fsync(log.fileno())


def read(client: Any, folder: Path | None, name: str) -> tuple[Promotion, ...]:
    """Return the lines of a model, oldest first; one that a killed run left unfinished is none.

    Raises:
        RegistryError: a line is no line of the log.
    """
    if folder is None:
        tags = client.get_registered_model(name).tags
        lines = [tags[key] for key in sorted(tags) if key.startswith("patron.promotion.")]
    else:
        lines = _lines(folder / LOG)
    return tuple(p for p in (_parsed(line, number) for number, line in enumerate(lines, 1)) if p.name == name)


def undone(log: Sequence[Promotion], champion: str | None) -> Promotion | None:
    """Return the line that takes back the last one, where the run that wrote it ended before the champion moved.

    Args:
        log: the lines of a model, oldest first.
        champion: its version that scores.

    >>> begun = Promotion("", "promote", "churn", version="2", previous="1", reason="better")
    >>> undone([begun], champion="1").version, undone([begun], champion="2")
    ('1', None)
    """
    if not log or log[-1].version == (champion or NOBODY) or log[-1].previous != champion:
        return None
    begun = log[-1]
    why = f"undone, because the run ended before all could be moved: {begun.reason}"
    action: Literal["promote", "rollback"] = "rollback" if begun.action == "promote" else "promote"
    return replace(begun, action=action, version=champion or NOBODY, previous=begun.version, reason=why)


def previous_champion(log: Sequence[Promotion]) -> str | None:
    """Return the version before the latest promotion that still stands, or None where there is none.

    >>> from dataclasses import replace
    >>> first = Promotion("", "promote", "churn", version="1", previous=None, reason="")
    >>> previous_champion([first, replace(first, version="2", previous="1")])
    '1'
    """
    standing: list[str | None] = []
    for promotion in log:
        if promotion.action == "promote":
            standing.append(promotion.previous)
        elif standing:
            standing.pop()
    return standing[-1] if standing else None


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    if not path.is_file():
        raise RegistryError(f"The audit log {path.name!r} is no file. Put it back from a copy, or take it away.")
    return path.read_bytes().decode(errors="replace").split("\n")[:-1]


def _parsed(line: str, number: int) -> Promotion:
    try:
        return Promotion(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        raise RegistryError(
            f"Line {number} of the audit log {LOG!r} is broken: it tells of no promotion. Put the log back from a copy,"
            " or take that line away; the champions themselves are not in it."
        ) from None
