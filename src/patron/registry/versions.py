"""Versions of registered models, with the aliases that point at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patron.errors import RegistryError, listed, nearest
from patron.registry.mlflow_import import mlflow

__all__ = [
    "Champion",
    "Version",
    "aliases_of",
    "as_version",
    "check_version",
    "ensure_model",
    "listed_versions",
    "no_champion",
    "no_version",
    "plain_figures",
    "runs_of",
    "standing",
]


@dataclass(frozen=True)
class Version:
    """One registered version of a model, the aliases that point at it, and the words it is kept with."""

    name: str
    version: str
    run_id: str
    aliases: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


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


def standing(client: Any, name: str, store: str) -> str | None:
    """Return the version of a model that scores, or None where there is no such model or champion."""
    try:
        return aliases_of(client, name, store).get("champion")
    except RegistryError:
        return None


def runs_of(client: Any, name: str) -> dict[str, str]:
    """Return the run of each version of a model, oldest first."""
    return {str(version.version): version.run_id for version in listed_versions(client, name)}


def listed_versions(client: Any, name: str) -> list[Any]:
    """Return the versions of a model as the store keeps them, oldest first."""
    return sorted(client.search_model_versions(f"name = '{name}'"), key=lambda version: int(version.version))


def as_version(kept: Any, aliases: Mapping[str, str]) -> Version:
    """Return a version as a value, with the aliases that point at it."""
    number = str(kept.version)
    pointing = tuple(sorted(alias for alias, version in aliases.items() if version == number))
    return Version(kept.name, number, kept.run_id, pointing, dict(kept.tags))


def plain_figures(figures: Mapping[str, float], candidate: str) -> dict[str, dict[str, float]]:
    """Return the figures of a candidate of a run by their plain names, with their intervals.

    >>> plain_figures({"test.logit.auc": 0.8, "test.logit.auc.low": 0.7, "test.rows": 90.0}, "logit")
    {'auc': {'value': 0.8, 'low': 0.7}}
    """
    stem = f"test.{candidate}."
    names = sorted(name for name in figures if name.startswith(stem) and not name.endswith((".low", ".high")))
    bounds = {"value": "", "low": ".low", "high": ".high"}
    return {
        name.removeprefix(stem): {bound: figures[name + end] for bound, end in bounds.items() if name + end in figures}
        for name in names
    }


def check_version(client: Any, name: str, version: str) -> None:
    """Refuse a version that does not exist.

    Raises:
        RegistryError: with those that do.
    """
    known = list(runs_of(client, name))
    if str(version) not in known:
        raise no_version(name, version, known)


def no_version(name: str, version: str, known: Sequence[str]) -> RegistryError:
    """Return the error for a version that does not exist, with those that do."""
    return RegistryError(f"Model {name!r} has no version {version!r}. It has: {', '.join(known) or 'none'}. Name one.")


def no_champion(client: Any, name: str, aliases: Mapping[str, str]) -> RegistryError:
    """Return the error for a model without champion, which names the versions that could be."""
    known = list(runs_of(client, name))
    pointed = "".join(f" ({alias}: {version})" for alias, version in sorted(aliases.items()))
    lost = f": version {aliases['champion']}, which was, is not there any more" if "champion" in aliases else ""
    return RegistryError(
        f"Model {name!r} has no champion{lost}. Its versions: {', '.join(known) or 'none'}{pointed}. "
        f"Promote one: patron promote {name} {known[-1] if known else '<version>'}"
    )
