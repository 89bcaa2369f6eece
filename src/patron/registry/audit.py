"""The audit log: who became champion when, instead of whom, and why; lines are only ever added."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["Promotion", "append", "previous_champion", "read"]

LOG = "promotions.jsonl"


@dataclass(frozen=True)
class Promotion:
    """One line of the audit log: who became champion when, instead of whom, and why."""

    at: str
    action: Literal["promote", "rollback"]
    name: str
    version: str
    previous: str | None
    reason: str


def append(client: Any, folder: Path | None, promotion: Promotion) -> None:
    """Append a line: to a file of the local store, or on a server to the model's tags."""
    line = json.dumps(asdict(promotion))
    if folder is None:
        number = len(read(client, folder, promotion.name))
        client.set_registered_model_tag(promotion.name, f"patron.promotion.{number:06d}", line)
        return
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(line + "\n")


def read(client: Any, folder: Path | None, name: str) -> tuple[Promotion, ...]:
    """Return the lines of a model, oldest first."""
    if folder is None:
        tags = client.get_registered_model(name).tags
        lines = [tags[key] for key in sorted(tags) if key.startswith("patron.promotion.")]
    else:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines() if (folder / LOG).exists() else []
    return tuple(p for p in (Promotion(**json.loads(line)) for line in lines) if p.name == name)


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
