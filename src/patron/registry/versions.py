"""Versions of registered models, with the aliases that point at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patron.errors import RegistryError, listed, nearest
from patron.registry.mlflow_import import mlflow

__all__ = ["Champion", "Version", "aliases_of", "check_version", "ensure_model", "no_champion", "runs_of"]


@dataclass(frozen=True)
class Version:
    """One registered version of a model, and the aliases that point at it."""

    name: str
    version: str
    run_id: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Champion:
    """The version that scores: its run, the folder of its bundle (readable without mlflow), and its training.

    Its files are `verified` where they were compared with the hashes kept when it was registered.
    """

    name: str
    version: str
    run_id: str
    bundle: Path
    training: str = ""
    verified: bool = True


def ensure_model(client: Any, name: str) -> None:
    """Create a registered model on its first use."""
    try:
        client.create_registered_model(name)
    except mlflow().exceptions.MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def aliases_of(client: Any, name: str, store: str) -> dict[str, str]:
    """Return the version that each alias of a model points at.

    Raises:
        RegistryError: there is no such model in that store.
    """
    try:
        aliases = client.get_registered_model(name).aliases
    except mlflow().exceptions.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        known = [model.name for model in client.search_registered_models(max_results=100)]
        raise RegistryError(
            f"There is no model {name!r} in {store}. It has: {listed(known)}."
            f"{nearest(name, known)} Train it first: patron train."
        ) from error
    return {alias: str(version) for alias, version in aliases.items()}


def runs_of(client: Any, name: str) -> dict[str, str]:
    """Return the run of each version of a model, oldest first."""
    versions = sorted(client.search_model_versions(f"name = '{name}'"), key=lambda version: int(version.version))
    return {str(version.version): version.run_id for version in versions}


def check_version(client: Any, name: str, version: str) -> None:
    """Refuse a version that does not exist.

    Raises:
        RegistryError: with those that do.
    """
    known = list(runs_of(client, name))
    if str(version) not in known:
        raise RegistryError(
            f"Model {name!r} has no version {version!r}. It has: {', '.join(known) or 'none'}. Name one."
        )


def no_champion(client: Any, name: str, aliases: Mapping[str, str]) -> RegistryError:
    """Return the error for a model without champion, which names the versions that could be."""
    known = list(runs_of(client, name))
    pointed = "".join(f" ({alias}: {version})" for alias, version in sorted(aliases.items()))
    return RegistryError(
        f"Model {name!r} has no champion. Its versions: {', '.join(known) or 'none'}{pointed}. "
        f"Promote one: patron promote {name} {known[-1] if known else '<version>'}"
    )
