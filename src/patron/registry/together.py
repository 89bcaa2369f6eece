"""Together: champions of several models that move on a server as one, although it moves one alias at a time.

A server has no transaction over models, so that one tag is the switch for all: what it says holds for every model of
the move, whatever the aliases say meanwhile. Whoever finds it half-way, after a kill, ends what it says.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal
from uuid import uuid4

from patron.registry import audit
from patron.registry.audit import NOBODY, Promotion, moves
from patron.registry.mlflow_import import mlflow

__all__ = ["marked", "move_aliases", "recover", "standing_together"]

KEY = "patron.together."
State = Literal["", "agreed", "undoing", "done", "undone"]
ENDS: dict[State, State] = {"agreed": "done", "undoing": "undone"}
ROUNDS = 5  # in which somebody else may turn the switch again


def marked(promotions: Sequence[Promotion]) -> list[Promotion]:
    """Return moves that know of each other; one alone needs no switch.

    >>> move = Promotion("", "promote", "churn", version="2", previous="1", reason="better")
    >>> marked([move])[0].together, marked([move, replace(move, name="tier")])[1].together.partition("/")[2]
    ('', 'churn/tier')
    """
    if len(promotions) < 2:
        return list(promotions)
    together = "/".join([uuid4().hex[:8], *sorted(move.name for move in promotions)])
    return [replace(move, together=together) for move in promotions]


def move_aliases(client: Any, promotions: Sequence[Promotion]) -> None:
    """Move the champions of some models on a server, all or none; where it fails, those that moved go back.

    Args:
        client: of the server.
        promotions: as they are in the audit log.
    """
    if not promotions:
        return
    _turn(client, promotions[0], "agreed")
    try:
        for move in promotions:
            _point(client, move, move.version)
    except BaseException:
        _turn(client, promotions[0], "undoing")
        for move in promotions:
            _point(client, move, move.previous)
        _turn(client, promotions[0], "undone")
        raise
    _turn(client, promotions[0], "done")


def standing_together(client: Any, name: str, alias: str | None) -> str | None:
    """Return the version of a model that scores: that of its alias, or what the switch says where it is half-way.

    Args:
        client: of the server.
        name: of the model.
        alias: the version that its alias names.
    """
    line = _last(client, name)
    if line is None or alias not in (_version(line.version), _version(line.previous)):
        return alias
    state = _state(client, line)
    return _target(line, state) if state in ENDS else alias


def recover(client: Any, names: Sequence[str]) -> None:
    """End the moves of some models that a kill left half-way, with all models that were to move with them."""
    for name in names:
        line = _last(client, name)
        for _ in range(ROUNDS):
            state = _state(client, line) if line else ""
            if line is None or state not in ENDS:
                break
            for member in _members(client, line):
                _point(client, member, _target(member, state))
            if _state(client, line) == state:
                _turn(client, line, ENDS[state])


def _members(client: Any, line: Promotion) -> Iterator[Promotion]:
    """Return the lines of all models of a move that are still as it found or left them."""
    for name in line.together.split("/")[1:]:
        with suppress(mlflow().exceptions.MlflowException):  # a model that somebody has deleted
            alias = client.get_registered_model(name).aliases.get("champion")
            last = _last(client, name)
            if last is not None and last.together == line.together and f"{alias or NOBODY}" in _both(last):
                yield last


def _both(line: Promotion) -> tuple[str, str]:
    return line.version, line.previous or NOBODY


def _last(client: Any, name: str) -> Promotion | None:
    """Return the last line that moved a champion, where it moved together with others."""
    last = moves(audit.read(client, None, name))[-1:]
    return last[0] if last and last[0].together else None


def _target(line: Promotion, state: str) -> str | None:
    return _version(line.version if state == "agreed" else line.previous)


def _version(version: str | None) -> str | None:
    return None if version == NOBODY else version


def _state(client: Any, line: Promotion) -> State:
    number, first, *_ = line.together.split("/")
    try:
        state: State = client.get_registered_model(first).tags.get(f"{KEY}{number}", "")
    except mlflow().exceptions.MlflowException:  # that model is deleted: aliases say what is
        return ""
    return state


def _turn(client: Any, line: Promotion, state: State) -> None:
    if line.together:
        number, first, *_ = line.together.split("/")
        client.set_registered_model_tag(first, f"{KEY}{number}", state)


def _point(client: Any, line: Promotion, version: str | None) -> None:
    """Let the alias of a model name a version, which is no challenger any more, or none."""
    aliases = {alias: f"{number}" for alias, number in client.get_registered_model(line.name).aliases.items()}
    if version is None:
        if "champion" in aliases:
            client.delete_registered_model_alias(line.name, "champion")
        return
    if aliases.get("champion") != version:
        client.set_registered_model_alias(line.name, "champion", version)
    if aliases.get("challenger") == version:
        client.delete_registered_model_alias(line.name, "challenger")
