"""The registry as one value: what it keeps, which version is champion, and how that is undone."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from patron.errors import RegistryError, listed
from patron.registry import audit
from patron.registry.audit import Promotion, previous_champion
from patron.registry.local_store import artifacts
from patron.registry.mlflow_import import mlflow
from patron.registry.packaging import sign, spec_of, stage
from patron.registry.runs import Values, check_files, check_paths, experiment_id, log, log_files
from patron.registry.store import Store
from patron.registry.versions import Champion, Version, aliases_of, check_version, ensure_model, no_champion, runs_of

__all__ = ["TRAINING", "Registry", "ui_command"]

TRAINING = "training"
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Registry(Store):
    """Runs and models, kept locally or on a server, and which version is champion.

    Make one with `Registry.at(folder)` or `Registry.server(address)`; nothing is opened until it is used.
    """

    def log_run(
        self,
        experiment: str,
        run_name: str,
        params: Values,
        metrics: Mapping[str, float],
        texts: Mapping[str, str] = NOTHING,
        files: Sequence[Path] = (),
        tags: Mapping[str, str] = NOTHING,
    ) -> str:
        """Log one run with its settings, figures and pages, and return its id.

        Args:
            experiment: made on first use.
            run_name: what the run is called in the list of runs.
            params: settings by name.
            metrics: figures by name; those that are not finite are left out, and listed in the tag
                `patron.metrics_left_out`.
            texts: artifact path (such as "report/index.html") to its text.
            files: files to keep beside them, under their own names.
            tags: words to find the run by.

        Raises:
            RegistryError: a file is missing, a text's path leaves the run, or the store refuses.
        """
        check_paths(texts)
        check_files(files)
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        left_out = {"patron.metrics_left_out": listed(metrics.keys() - finite.keys())}
        with self._client() as client:
            tags = {**tags, **(left_out if len(finite) < len(metrics) else {})}
            parent = experiment_id(client, experiment, self.folder)
            run = client.create_run(parent, run_name=run_name, tags=tags).info
            try:
                log(client, run, params, finite)
                log_files(client, run.run_id, texts, files)
            except BaseException:
                client.set_terminated(run.run_id, status="FAILED")
                raise
            client.set_terminated(run.run_id)
        return str(run.run_id)

    def register(
        self,
        name: str,
        run_id: str,
        bundle: Path,
        serving: Path,
        pip_requirements: Sequence[str],
        tags: Mapping[str, str] = NOTHING,
    ) -> str:
        """Register a run's model, so that anyone can load `models:/<name>/<version>`, and return the version.

        The model is loaded and asked once, on a made-up row, before anything is stored.

        Args:
            name: the registered model; made on first use.
            run_id: the run it came from.
            bundle: folder with `spec.json` (its "features" and "outputs": lists of {"name", "dtype"}, a
                category with its "levels") and the model's text files.
            serving: one Python file with a class `Bundle`: `load(path)` and `predict(frame) -> frame`.
            pip_requirements: what the serving file needs, for example ["numpy==2.4.6"].
            tags: words to find the version by; those of one training share the tag `training`.

        Raises:
            RegistryError: the bundle or the serving file break these promises, or the store refuses.
        """
        check_files([serving])
        spec = spec_of(bundle, serving)
        with self._client() as client, TemporaryDirectory() as scratch:
            run = client.get_run(run_id)
            package = stage(Path(scratch), bundle, serving, spec, pip_requirements)
            model = client.create_logged_model(run.info.experiment_id, name=name, source_run_id=run_id)
            sign(package, model, run_id)
            client.log_model_artifacts(model.model_id, str(package))
            client.finalize_logged_model(model.model_id, "READY")
            client.log_outputs(run_id, [mlflow().entities.LoggedModelOutput(model.model_id, step=0)])
            ensure_model(client, name)
            version = client.create_model_version(
                name, model.artifact_location, run_id, tags=dict(tags), model_id=model.model_id
            )
        return str(version.version)

    def versions(self, name: str) -> tuple[Version, ...]:
        """Return the versions of a model, oldest first.

        Raises:
            RegistryError: there is no such model.
        """
        with self._client() as client:
            aliases = aliases_of(client, name, self._shown)
            runs = runs_of(client, name)
        pointing = {version: tuple(sorted(a for a in aliases if aliases[a] == version)) for version in runs}
        return tuple(Version(name, version, run_id, pointing[version]) for version, run_id in runs.items())

    def champion(self, name: str) -> Champion:
        """Return the version that scores, with its bundle on this machine.

        Raises:
            RegistryError: there is no such model, or it has no champion.
        """
        with self._client() as client:
            aliases = aliases_of(client, name, self._shown)
            if "champion" not in aliases:
                raise no_champion(client, name, aliases)
            version = client.get_model_version(name, aliases["champion"])
            address = client.get_model_version_download_uri(name, version.version)
            bundle = mlflow().artifacts.download_artifacts(
                artifact_uri=f"{address}/artifacts/bundle", tracking_uri=self.tracking_uri
            )
        return Champion(name, str(version.version), version.run_id, Path(bundle), version.tags.get(TRAINING, ""))

    def promote(self, name: str, version: str, reason: str, at: datetime) -> None:
        """Make a version champion, so that it scores from now on; the audit log keeps when, instead of whom and why.

        Promoting the champion again changes nothing.

        Raises:
            RegistryError: there is no such version.
        """
        self.promote_together([(name, version, reason)], at)

    def promote_together(self, chosen: Sequence[tuple[str, str, str]], at: datetime) -> None:
        """Make versions of several models champions: all of them, or none where one is refused or fails.

        Args:
            chosen: name, version and reason of each.
            at: when.

        Raises:
            RegistryError: a version is not there, or the store refuses; every champion is then what it was.
        """
        with self._client() as client, self._alone():
            moves = [self._promotion(client, *version, at) for version in chosen]
            moves = [move for move in moves if move.previous != move.version]
            for number, move in enumerate(moves, start=1):
                try:
                    self._move(client, move)
                except BaseException:
                    for moved in moves[:number]:
                        self._move_back(client, moved)
                    raise

    def challenge(self, name: str, version: str) -> None:
        """Mark a version that did not win as challenger, to be found as `models:/<name>@challenger`.

        Raises:
            RegistryError: there is no such version.
        """
        with self._client() as client:
            aliases_of(client, name, self._shown)
            check_version(client, name, version)
            client.set_registered_model_alias(name, "challenger", str(version))

    def rollback(self, name: str, at: datetime, reason: str) -> str:
        """Undo the latest promotion that still stands, and return the version that scores again.

        Two rollbacks undo two promotions; the audit log grows by a line each time.

        Raises:
            RegistryError: no promotion stands, or the one that stands was the first.
        """
        with self._client() as client, self._alone():
            current = aliases_of(client, name, self._shown).get("champion")
            back = previous_champion(audit.read(client, self.folder, name))
            if back is None:
                raise RegistryError(
                    f"Model {name!r} has no earlier champion to go back to from version {current}: "
                    f"the audit log names none. Promote one instead: patron promote {name} <version>"
                )
            check_version(client, name, back)
            self._move(client, Promotion(_utc(at), "rollback", name, back, current, reason))
        return back

    def promotions(self, name: str) -> tuple[Promotion, ...]:
        """Return a model's audit log, oldest first."""
        with self._client() as client:
            return audit.read(client, self.folder, name)

    def _promotion(self, client: Any, name: str, version: str, reason: str, at: datetime) -> Promotion:
        previous = aliases_of(client, name, self._shown).get("champion")
        check_version(client, name, version)
        return Promotion(_utc(at), "promote", name, str(version), previous, reason)

    def _move_back(self, client: Any, moved: Promotion) -> None:
        why = f"undone, because not all could be promoted: {moved.reason}"
        line = replace(moved, action="rollback", version=moved.previous or "none", previous=moved.version, reason=why)
        audit.append(client, self.folder, line)
        if moved.previous:
            client.set_registered_model_alias(moved.name, "champion", moved.previous)
        else:
            client.delete_registered_model_alias(moved.name, "champion")

    def _move(self, client: Any, promotion: Promotion) -> None:
        # The line comes first: a promotion that dies half-way leaves a trace, never a silent champion.
        audit.append(client, self.folder, promotion)
        client.set_registered_model_alias(promotion.name, "champion", promotion.version)
        if aliases_of(client, promotion.name, self._shown).get("challenger") == promotion.version:
            client.delete_registered_model_alias(promotion.name, "challenger")


def ui_command(registry: Registry, port: int = 5000) -> list[str]:
    """Return the command that shows a local store's runs and models in a browser on this machine.

    Raises:
        RegistryError: the registry is a server, which has its own page.

    >>> ui_command(Registry.at(Path("shop")))[-4:]
    ['--port', '5000', '--workers', '1']
    """
    folder = registry._local()
    start = "from patron.registry.mlflow_import import mlflow; mlflow(); from mlflow.cli import cli; cli()"
    store = ["--backend-store-uri", registry.tracking_uri, "--default-artifact-root", artifacts(folder)]
    address = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [sys.executable, "-c", start, "server", *store, *address]


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
