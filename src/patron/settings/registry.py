"""Settings of the registry: where runs and models are kept, and who must agree to a new champion."""

from dataclasses import dataclass
from pathlib import Path

from patron.registry import Registry, server_address

__all__ = ["RegistrySettings"]


@dataclass(frozen=True)
class RegistrySettings:
    """Where runs and models are kept, and how many persons must agree before a version scores.

    Args:
        server: the address of an MLflow tracking server, or "$NAME" of the environment's variable that holds it;
            empty for the local store below the root.
        contact: whom a reader of a model card asks.
        approval: 2 where a second person must agree, 1 where not; None leaves that as the registry has it.
    """

    server: str = ""
    approval: int | None = None
    contact: str = ""

    def open(self, root: Path) -> Registry:
        """Return the registry.

        Raises:
            RegistryError: the address is none, holds a password, or its variable is not set.
        """
        return Registry.server(server_address(self.server)) if self.server else Registry.at(root)
