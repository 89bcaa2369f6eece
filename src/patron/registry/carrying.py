"""Carrying: a registered version as a folder with the hash of every file, from one registry to another."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from patron.errors import RegistryError, listed
from patron.registry import audit
from patron.registry.audit import Promotion
from patron.registry.contests import CONTEST
from patron.registry.hashes import FILES, check_files_unchanged, hashes
from patron.registry.mlflow_import import mlflow
from patron.registry.packaging import BUNDLE, CODE, ask, spec_of
from patron.registry.records import keep_model
from patron.registry.registry import Registry
from patron.registry.versions import listed_versions

__all__ = ["FORMAT", "export_model", "import_model"]

FORMAT = 1
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
LINEAGE, SOURCE = "patron.lineage", "patron.imported"
OF_HERE = (CONTEST, LINEAGE, SOURCE)  # tags that mean something only where they were written
LINES = 100  # of the audit log


def export_model(registry: Registry, name: str, version: str, folder: Path, at: datetime, who: str) -> None:
    """Write a version to a new folder: its model, the files of its run, figures, tags and log, each with its hash.

    Args:
        registry: where it is kept.
        name: of the model.
        version: of it.
        folder: to write; it appears when it is whole.
        at: when.
        who: by whom.

    Raises:
        RegistryError: the folder is there already, there is no such version, or its files were changed.
    """
    if folder.exists():
        raise RegistryError(f"{folder.name!r} is there already. Name a folder that is not: patron export {name} NEW")
    chosen = registry.version(name, version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with registry._client() as client, TemporaryDirectory(dir=folder.parent, prefix=".export-") as scratch:
        unfinished = Path(scratch) / "model"
        _download(registry, client.get_model_version_download_uri(name, chosen.version), unfinished / "model")
        check_files_unchanged(name, chosen.version, unfinished / "model" / BUNDLE, chosen.tags)
        run = client.get_run(chosen.run_id)
        if client.list_artifacts(chosen.run_id):
            _download(registry, run.info.artifact_uri, unfinished / "run")
        log = audit.read(client, registry.folder, name)[-LINES:]
        manifest = {
            "format": FORMAT,
            "name": name,
            "version": chosen.version,
            "exported": {"at": at.astimezone(UTC).isoformat(), "by": who},
            "tags": dict(chosen.tags),
            "run": {"name": run.info.run_name, "params": run.data.params, "metrics": run.data.metrics}
            | {"tags": {key: tag for key, tag in run.data.tags.items() if not key.startswith("mlflow.")}},
            "log": [asdict(line) for line in log],
        }
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        sums = "".join(f"{digest}  {path}\n" for path, digest in hashes(unfinished).items())
        (unfinished / SUMS).write_text(sums, encoding="utf-8")
        unfinished.rename(folder)


def import_model(registry: Registry, folder: Path, at: datetime, who: str) -> tuple[str, str]:
    """Register the version that a folder holds, and return its name and number here; twice gives the same number.

    Args:
        registry: where to.
        folder: as `export_model` wrote it.
        at: when.
        who: by whom.

    Raises:
        RegistryError: a byte of a file is changed, a file is missing or new, a newer Patron wrote it, or the model
            fails.
    """
    manifest, mark = _checked(folder)
    name, package, tags = manifest["name"], folder / "model", manifest["tags"]
    spec = spec_of(package / BUNDLE, package / CODE)
    ask(package, spec)
    with registry._client() as client, TemporaryDirectory() as scratch:
        there = [v for v in listed_versions(client, name) if v.tags.get(SOURCE) == mark]
        if there:
            return name, str(there[0].version)
        run = manifest["run"]
        run_id = registry.log_run(name, run["name"], run["params"], run["metrics"], tags=run["tags"])
        if (folder / "run").is_dir():
            client.log_artifacts(run_id, str(folder / "run"))
        copied = shutil.copytree(package, Path(scratch) / "model")
        here = {key: tag for key, tag in tags.items() if key not in OF_HERE}
        here |= {FILES: json.dumps(hashes(package / BUNDLE)), SOURCE: mark, LINEAGE: json.dumps(_lineage(manifest))}
        version = keep_model(client, name, client.get_run(run_id), copied, here)
        origin = f"from version {manifest['version']}, exported {manifest['exported']['at'][:16]}"
        line = Promotion(at.astimezone(UTC).isoformat(), "import", name, version, None, origin, who)
        audit.append(client, registry.folder, [line])
    return name, version


def _download(registry: Registry, address: str, folder: Path) -> None:
    with TemporaryDirectory() as scratch:
        files = mlflow().artifacts.download_artifacts(
            artifact_uri=address, dst_path=scratch, tracking_uri=registry.tracking_uri
        )
        shutil.copytree(files, folder)


def _lineage(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a version comes from: its number there, who exported it, and what happened to it there."""
    return {key: manifest[key] for key in ("version", "exported", "log")}


def _checked(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the manifest of a folder whose files are as they were exported, and the hash that stands for all."""
    sums = folder / SUMS
    if not sums.is_file():
        raise RegistryError(
            f"{folder.name!r} holds no exported model: {SUMS!r} is missing. Write one: patron export MODEL FOLDER"
        )
    text = sums.read_text(encoding="utf-8", errors="replace")
    known = dict(line.split("  ", 1)[::-1] for line in text.splitlines() if "  " in line)
    here = {path: digest for path, digest in hashes(folder).items() if path != SUMS}
    differ = {path for path in known.keys() | here.keys() if known.get(path) != here.get(path)}
    if differ:
        raise RegistryError(
            f"The folder {folder.name!r} is not as it was exported: {listed(differ)} changed, is missing or is new. "
            f"Copy it again; its hashes are in {SUMS!r}: sha256sum -c {SUMS}"
        )
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise RegistryError(
            f"The folder {folder.name!r} was exported by another release of Patron: it has format "
            f"{manifest.get('format')}, where this one reads format {FORMAT}. Import it with that release."
        )
    return manifest, hashlib.sha256(text.encode()).hexdigest()
