"""The registry as one value: what it keeps, which version is champion, and how that is undone."""

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from patron.errors import RegistryError, listed
from patron.registry import audit
from patron.registry.audit import NOBODY, Promotion, previous_champion, undone
from patron.registry.hashes import FILES, check_files_unchanged, hashes
from patron.registry.local_store import move_champions
from patron.registry.mlflow_import import mlflow
from patron.registry.packaging import sign, spec_of, stage
from patron.registry.runs import Values, check_files, check_paths, experiment_id, log, log_files
from patron.registry.store import Store
from patron.registry.versions import Champion, Version, aliases_of, check_version, ensure_model, no_champion, runs_of

__all__ = ["TRAINING", "Registry"]

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
                with suppress(Exception):  # of a store that takes nothing more the first refusal tells why
                    client.set_terminated(run.run_id, status="FAILED")
                raise
            client.set_terminated(run.run_id)
        return str(run.run_id)

    def run(self, run_id: str) -> tuple[Mapping[str, float], Mapping[str, str]]:
        """Return the figures and the tags of a run.

        Raises:
            RegistryError: there is no such run.
        """
        with self._client() as client:
            data = client.get_run(run_id).data
        return data.metrics, data.tags

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
            kept = {**tags, FILES: json.dumps(hashes(Path(bundle)))}
            version = client.create_model_version(
                name, model.artifact_location, run_id, tags=kept, model_id=model.model_id
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
            RegistryError: as `champions`.
        """
        return self.champions([name])[0]

    def champions(self, names: Sequence[str]) -> tuple[Champion, ...]:
        """Return the versions of several models that score, as one promotion left them, with their bundles here.

        Raises:
            RegistryError: there is no such model, it has no champion, or files of a bundle are not as registered.
        """
        with self._client() as client:
            versions = self._standing(client, names)
            # A promotion moves all at once: two readings that agree have none between them.
            while (again := self._standing(client, names)) != versions:
                versions = again
            return tuple(self._opened(client, name, version) for name, version in versions.items())

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
            self._move(client, [move for move in moves if move.previous != move.version])

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
            RegistryError: no promotion stands, the one that stands was the first, or the log does not tell of it.
        """
        with self._client() as client, self._alone():
            current = aliases_of(client, name, self._shown).get("champion")
            log = self._settled(client, name, current)
            if log and log[-1].version != (current or NOBODY):
                raise RegistryError(
                    f"The audit log does not tell how version {current} of model {name!r} became champion: its last "
                    f"line is about version {log[-1].version}, so that its end is cut or somebody else moved it. "
                    f"Name the version that is to score: patron promote {name} <version>"
                )
            back = previous_champion(log)
            if back is None:
                raise RegistryError(
                    f"Model {name!r} has no earlier champion to go back to from version {current}: "
                    f"the audit log names none. Promote one instead: patron promote {name} <version>"
                )
            check_version(client, name, back)
            self._move(client, [Promotion(_utc(at), "rollback", name, back, current, reason)])
        return back

    def promotions(self, name: str) -> tuple[Promotion, ...]:
        """Return a model's audit log, oldest first."""
        with self._client() as client:
            return audit.read(client, self.folder, name)

    def _standing(self, client: Any, names: Sequence[str]) -> dict[str, str]:
        aliases = {name: aliases_of(client, name, self._shown) for name in names}
        for name, pointing in aliases.items():
            if "champion" not in pointing:
                raise no_champion(client, name, pointing)
        return {name: pointing["champion"] for name, pointing in aliases.items()}

    def _opened(self, client: Any, name: str, number: str) -> Champion:
        version = client.get_model_version(name, number)
        address = client.get_model_version_download_uri(name, number)
        uri = f"{address}/artifacts/bundle"
        bundle = Path(mlflow().artifacts.download_artifacts(artifact_uri=uri, tracking_uri=self.tracking_uri))
        verified = check_files_unchanged(name, number, bundle, version.tags)
        return Champion(name, number, version.run_id, bundle, version.tags.get(TRAINING, ""), verified)

    def _promotion(self, client: Any, name: str, version: str, reason: str, at: datetime) -> Promotion:
        previous = aliases_of(client, name, self._shown).get("champion")
        check_version(client, name, version)
        self._settled(client, name, previous)
        return Promotion(_utc(at), "promote", name, str(version), previous, reason)

    def _settled(self, client: Any, name: str, champion: str | None) -> tuple[Promotion, ...]:
        """Return the log of a model, after a line that takes back what a killed run began and did not do."""
        log = audit.read(client, self.folder, name)
        taken_back = undone(log, champion)
        if taken_back is None:
            return log
        audit.append(client, self.folder, [taken_back])
        return (*log, taken_back)

    def _move(self, client: Any, moves: Sequence[Promotion]) -> None:
        # The lines come first: a promotion that dies half-way leaves a trace, never a silent champion.
        try:
            audit.append(client, self.folder, moves)
            if self.folder is not None:
                move_champions(self.folder, [(move.name, move.version) for move in moves])
            else:
                self._move_on_server(client, moves)
        except BaseException:
            for move in moves:
                self._settled(client, move.name, move.previous)
            raise

    def _move_on_server(self, client: Any, moves: Sequence[Promotion]) -> None:
        """Move champions where no transaction is at hand: where it fails, those that moved go back."""
        for number, move in enumerate(moves, start=1):
            try:
                client.set_registered_model_alias(move.name, "champion", move.version)
                if aliases_of(client, move.name, self._shown).get("challenger") == move.version:
                    client.delete_registered_model_alias(move.name, "challenger")
            except BaseException:
                for moved in moves[:number]:
                    if moved.previous:
                        client.set_registered_model_alias(moved.name, "champion", moved.previous)
                    else:
                        client.delete_registered_model_alias(moved.name, "champion")
                raise


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
