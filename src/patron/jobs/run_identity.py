"""Run identity: what a scoring run is known by, so that no work is done twice, nor other work taken for it."""

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property, partial
from hashlib import blake2b
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from patron.engines.file_states import file_states
from patron.registry import Champion
from patron.registry.hashes import hashes
from patron.settings import Settings

__all__ = ["Request", "digest", "sources_of"]

# What changes neither an answer nor a reason, but where things go, what is trained or refused, and what follows.
APART = {
    "contract",
    "root",
    "out",
    "split",
    "offers",
    "crm",
    "budget",
    "holdout",
    "exploration",
    "seed",
    "currency",
    "tuning",
    "refits",
    "memory",
    "registry",
    "portfolio",
    "spark",
}


@dataclass(frozen=True)
class Request:
    """What is asked of which models, before any data are read.

    Args:
        settings: what is asked of which tables.
        champions: the version that answers each question.
    """

    settings: Settings
    champions: Mapping[str, Champion]

    @cached_property
    def parts(self) -> dict[str, Any]:
        """What the request is known by: release, settings, and the models with hashes of all their files."""
        settings = {field.name: getattr(self.settings, field.name) for field in fields(Settings)}
        return {
            "release": importlib.metadata.version("patron"),
            "settings": digest({name: value for name, value in settings.items() if name not in APART}),
            "models": {
                question: {"name": c.name, "version": c.version, "run": c.run_id, "files": digest(hashes(c.bundle))}
                for question, c in self.champions.items()
            },
        }

    @property
    def hash(self) -> str:
        """A short hash of the request."""
        return digest(self.parts)

    def run_id(self, data: Mapping[str, Any], cutoff: datetime) -> str:
        """Return the name of a run of this request on some data, by their fingerprint, at a cutoff."""
        return digest([self.parts, data, cutoff])

    @cached_property
    def sources(self) -> str:
        """The state of the files that are read; empty where only reading can tell."""
        return file_states(sources_of(self.settings))


def sources_of(settings: Settings) -> list[object]:
    """Return what all tables are read from."""
    tables = settings.files.values()
    joined = [join.source for table in tables for join in getattr(table, "joins", ())]
    identity = [settings.identity.path] if settings.identity else []
    learned = [path] if (path := settings.outcomes_path) and path.is_file() else []
    return [*(table.path for table in tables), *joined, *identity, *learned]


def digest(value: object) -> str:
    """Return a short hash of frozen values: the same for equal ones, another one for others; functions by their code.

    Of a path only its last part counts, as a project may move.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}), digest((1, "2")) == digest((1, 2))
    (True, False)
    >>> digest(lambda rows: rows.item[:2]) == digest(lambda rows: rows.item[:3])
    False
    """
    text = json.dumps(_plain(value), sort_keys=True)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return value.name
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {"of": {str(key): _plain(below) for key, below in value.items()}}
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(_plain(item), sort_keys=True) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__qualname__, *([f.name, _plain(getattr(value, f.name))] for f in fields(value))]
    return _code(value)


def _code(value: Any) -> Any:
    """Return what a function does, and what it looks at, as plain values; of anything else its kind."""
    if isinstance(value, partial):
        return ["partial", _plain(value.func), _plain(value.args), _plain(value.keywords)]
    if isinstance(value, FunctionType):
        held = [cell.cell_contents for cell in value.__closure__ or () if cell.cell_contents is not value]
        return [_plain(value.__code__), _plain(value.__defaults__), _plain(held)]
    if isinstance(value, CodeType):
        return [value.co_code.hex(), list(value.co_names), [_plain(constant) for constant in value.co_consts]]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, np.generic):
        return value.item()
    return getattr(value, "__qualname__", type(value).__qualname__)
