"""Records: runs and models as they are kept; which version scores is the registry's."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from patron.errors import listed
from patron.registry.hashes import FILES, hashes
from patron.registry.mlflow_import import mlflow
from patron.registry.packaging import sign, spec_of, stage
from patron.registry.quick_reads import kept_run
from patron.registry.runs import DataSet, Values, check_files, check_paths, experiment_id, log, log_data_sets, log_files
from patron.registry.store import Store
from patron.registry.versions import (
    Version,
    aliases_of,
    as_version,
    ensure_model,
    listed_versions,
    no_version,
    plain_figures,
)

__all__ = ["Records", "keep_model"]

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Records(Store):
    """Runs and registered versions of models, kept locally or on a server."""

    def log_run(
        self,
        experiment: str,
        run_name: str,
        params: Values,
        metrics: Mapping[str, float],
        texts: Mapping[str, str] = NOTHING,
        files: Sequence[Path] = (),
        tags: Mapping[str, str] = NOTHING,
        data_sets: Sequence[DataSet] = (),
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
            data_sets: the tables that it read.

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
                log_data_sets(client, run.run_id, data_sets)
                log_files(client, run.run_id, texts, files)
            except BaseException:
                with suppress(Exception):  # of a store that takes nothing more the first refusal tells why
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
        with self._assembled(run_id, bundle, serving, pip_requirements) as (client, run, package):
            return keep_model(client, name, run, package, {**tags, FILES: json.dumps(hashes(Path(bundle)))})

    def finished_run(self, experiment: str, tag: str, value: str) -> str:
        """Return the run of an experiment that a tag names, or nothing; those that were broken off are deleted.

        A process that was killed before it remembered its run finds it so, and what it left half done goes.

        Raises:
            RegistryError: the store refuses.
        """
        with self._client() as client:
            kept = client.get_experiment_by_name(experiment)
            wanted = f"tags.{tag} = '{value}'"
            runs = client.search_runs([kept.experiment_id], wanted) if kept is not None else []
            whole = [run.info.run_id for run in runs if run.info.status == "FINISHED"]
            for run in runs:
                if run.info.run_id not in whole[:1]:
                    client.delete_run(run.info.run_id)
        return str(whole[0]) if whole else ""

    def log_model(self, name: str, run_id: str, bundle: Path, serving: Path, pip_requirements: Sequence[str]) -> str:
        """Log the model of a run without registering a version, and return the address that anyone can load it by.

        It is for a model that nobody promotes, as that of a plan: the next plan has another. Where the run has it
        already, that is returned. Otherwise as `register`.

        Raises:
            RegistryError: the bundle or the serving file break these promises, or the store refuses.
        """
        with self._client() as client:
            kept = client.get_run(run_id).outputs
            if kept is not None and kept.model_outputs:
                return f"models:/{kept.model_outputs[0].model_id}"
        with self._assembled(run_id, bundle, serving, pip_requirements) as (client, run, package):
            return f"models:/{_logged(client, name, run, package).model_id}"

    @contextmanager
    def _assembled(
        self, run_id: str, bundle: Path, serving: Path, needs: Sequence[str]
    ) -> Iterator[tuple[Any, Any, Path]]:
        """Assemble the model of a run and ask it once; yield the client, the run and the folder of the model."""
        check_files([serving])
        spec = spec_of(bundle, serving)
        with self._client() as client, TemporaryDirectory() as scratch:
            run = client.get_run(run_id)
            yield client, run, stage(Path(scratch), bundle, serving, spec, needs)

    def run(self, run_id: str) -> tuple[Mapping[str, float], Mapping[str, str]]:
        """Return the figures and the tags of a run.

        Raises:
            RegistryError: there is no such run.
        """
        kept = kept_run(self.folder, run_id) if self.folder is not None else None
        if kept is not None:
            return kept
        with self._client() as client:
            data = client.get_run(run_id).data
        return data.metrics, data.tags

    def params(self, run_id: str) -> Mapping[str, str]:
        """Return the settings of a run by name.

        Raises:
            RegistryError: there is no such run.
        """
        with self._client() as client:
            return dict(client.get_run(run_id).data.params)

    def names(self) -> tuple[str, ...]:
        """Return the names of the registered models, in order."""
        with self._client() as client:
            return tuple(sorted(model.name for model in client.search_registered_models(max_results=1000)))

    def versions(self, name: str) -> tuple[Version, ...]:
        """Return the versions of a model, oldest first.

        Raises:
            RegistryError: there is no such model.
        """
        with self._client() as client:
            aliases = aliases_of(client, name, self._shown)
            return tuple(as_version(kept, aliases) for kept in listed_versions(client, name))

    def version(self, name: str, number: str) -> Version:
        """Return one version of a model.

        Raises:
            RegistryError: there is no such model, or no such version of it.
        """
        versions = {version.version: version for version in self.versions(name)}
        if str(number) not in versions:
            raise no_version(name, number, list(versions))
        return versions[str(number)]

    def figures(self, version: Version) -> dict[str, dict[str, float]]:
        """Return the figures of a version at the test cutoffs of its training, each with its interval where it has one.

        Raises:
            RegistryError: its run is gone.
        """
        with self._client() as client:
            return plain_figures(client.get_run(version.run_id).data.metrics, version.tags.get("candidate", ""))


def keep_model(client: Any, name: str, run: Any, package: Path, tags: Mapping[str, str]) -> str:
    """Keep an assembled model of a run as a new version of a registered model, and return its number."""
    model = _logged(client, name, run, package)
    ensure_model(client, name)
    version = client.create_model_version(
        name, model.artifact_location, run.info.run_id, tags=dict(tags), model_id=model.model_id
    )
    return str(version.version)


def _logged(client: Any, name: str, run: Any, package: Path) -> Any:
    """Log an assembled model of a run."""
    model = client.create_logged_model(run.info.experiment_id, name=name, source_run_id=run.info.run_id)
    sign(package, model, run.info.run_id)
    client.log_model_artifacts(model.model_id, str(package))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run.info.run_id, [mlflow().entities.LoggedModelOutput(model.model_id, step=0)])
    return model
