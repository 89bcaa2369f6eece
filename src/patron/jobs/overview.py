"""Overview: what is registered: versions with their figures, which scores, and who changed that when and why."""

from dataclasses import asdict
from typing import Any

from patron.registry import Registry, Version, kept, needed, pending

__all__ = ["overview"]


def overview(registry: Registry, name: str | None = None) -> list[dict[str, Any]]:
    """Return what is registered of a model, or of all, as plain JSON values.

    Args:
        registry: where they are kept.
        name: of the model; None for all.

    Returns:
        for each model `name`, `champion`, `challenger`, `approval` (how many persons must agree), `requested` (the
        version that waits for the second one), `versions` with their `figures`, oldest first, and the audit `log`.

    Raises:
        RegistryError: there is no such model, or the registry cannot be read.
    """
    return [_model(registry, known) for known in ((name,) if name else registry.names())]


def _model(registry: Registry, name: str) -> dict[str, Any]:
    versions, log = registry.versions(name), registry.promotions(name)
    pointed = {alias: version.version for version in versions for alias in version.aliases}
    request = pending(log)
    return {
        "name": name,
        "champion": pointed.get("champion"),
        "challenger": pointed.get("challenger"),
        "approval": needed(log),
        "requested": request and request.version,
        "versions": [_version(registry, version) for version in versions],
        "log": [asdict(line) for line in log],
    }


def _version(registry: Registry, version: Version) -> dict[str, Any]:
    contest, tags = kept(version.tags), version.tags
    return {
        "version": version.version,
        "aliases": list(version.aliases),
        "training": tags.get("training", ""),
        "candidate": tags.get("candidate", ""),
        "run": version.run_id,
        "figures": registry.figures(version),
        "contest": contest and asdict(contest),
    }
