"""Hashes of a bundle's files, kept with the version, so that a changed file is refused before anything reads it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from patron.errors import RegistryError, listed

__all__ = ["FILES", "check_files_unchanged", "hashes"]

FILES = "patron.files"  # the tag of a version that holds them


def hashes(bundle: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a bundle, by its path.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "spec.json").write_text("{}")
    >>> hashes(folder)["spec.json"][:8]
    '44136fa3'
    """
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    return {path.relative_to(bundle).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def check_files_unchanged(name: str, version: str, bundle: Path, tags: Mapping[str, str]) -> bool:
    """Refuse a bundle of which a file is changed, missing or new, and return whether its hashes are known.

    Args:
        name: of the registered model.
        version: of it.
        bundle: its folder.
        tags: of the version; those of an earlier release hold no hashes.

    Raises:
        RegistryError: with the files that differ.
    """
    if FILES not in tags:
        return False
    kept, here = json.loads(tags[FILES]), hashes(bundle)
    differ = {
        "missing": kept.keys() - here.keys(),
        "new": here.keys() - kept.keys(),
        "changed": {path for path in kept.keys() & here.keys() if kept[path] != here[path]},
    }
    if any(differ.values()):
        what = "; ".join(f"{word}: {listed(paths)}" for word, paths in differ.items() if paths)
        raise RegistryError(
            f"The files of model {name!r} version {version} are not those that were registered ({what}). Put them back "
            f"from a copy, let another version score (patron promote {name} <version>), or train again: patron train."
        )
    return True
