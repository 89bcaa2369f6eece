"""Carrying: a model taken out of a registry as a folder, and into another one."""

from datetime import datetime
from pathlib import Path

from patron.errors import RegistryError
from patron.jobs.users import user
from patron.registry import Registry, export_model, import_model

__all__ = ["carry_in", "carry_out"]


def carry_out(registry: Registry, name: str, version: str, folder: Path, now: datetime) -> str:
    """Write a version to a new folder, the one that scores where none is named; return what was done.

    Raises:
        RegistryError: as `patron.registry.export_model`, or no version scores.
    """
    chosen = version or registry.standing(name)
    if not chosen:
        raise RegistryError(f"No version of {name!r} scores. Name one: patron export {name} FOLDER --version 1")
    export_model(registry, name, chosen, folder, now, user())
    return f"{name}: version {chosen} is in {folder}. Register it elsewhere: patron import {folder}"


def carry_in(registry: Registry, folder: Path, now: datetime) -> str:
    """Register the model of a folder; return what was done.

    Raises:
        RegistryError: as `patron.registry.import_model`.
    """
    name, version = import_model(registry, folder, now, user())
    return f"{name}: the model of {folder.name!r} is version {version}. Let it score: patron promote {name} {version}"
