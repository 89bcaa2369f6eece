"""Runs: one training each, kept with its settings, figures and pages."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from patron.errors import RegistryError
from patron.registry.local_store import artifacts
from patron.registry.mlflow_import import mlflow
from patron.registry.views import VIEW_TAGS, ensure_view

__all__ = ["DataSet", "Values", "check_files", "check_paths", "experiment_id", "log", "log_data_sets", "log_files"]

Values = Mapping[str, str | float]


@dataclass(frozen=True)
class DataSet:
    """A table that a run read: a digest of what it held, the file's name, its columns by type, and how much it held."""

    name: str
    digest: str
    source: str
    columns: Mapping[str, str]
    profile: Mapping[str, Any]


def check_paths(texts: Iterable[str]) -> None:
    """Refuse a text whose path leaves its run."""
    for path in map(PurePosixPath, texts):
        if path.is_absolute() or ".." in path.parts:
            raise RegistryError(
                f"A text's path must stay inside the run, but got {str(path)!r}. Write: 'report/a.html'"
            )


def check_files(files: Sequence[Path]) -> None:
    """Refuse a file that is not there."""
    for file in files:
        if not Path(file).is_file():
            raise RegistryError(f"There is no file {str(file)!r} to keep. Write it first, or leave it out.")


def experiment_id(client: Any, name: str, folder: Path | None) -> str:
    """Return the id of an experiment, made on first use, its artifacts in the local store's folder if there is one."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        # Without an address of its own mlflow would put artifacts beside the working directory.
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name)
        address = f"{artifacts(folder)}/{plain}" if folder else None
        try:
            return str(client.create_experiment(name, artifact_location=address, tags=dict(VIEW_TAGS)))
        except mlflow().exceptions.MlflowException:
            experiment = client.get_experiment_by_name(name)  # another process was faster
            if experiment is None:
                raise
    if experiment.lifecycle_stage != "active":
        client.restore_experiment(experiment.experiment_id)
    ensure_view(client, experiment)
    return str(experiment.experiment_id)


def log(client: Any, run: Any, params: Values, metrics: Mapping[str, float]) -> None:
    """Log the settings and figures of a run."""
    entities = mlflow().entities
    settings = [entities.Param(name, str(value)) for name, value in params.items()]
    figures = [entities.Metric(name, float(value), run.start_time, 0) for name, value in metrics.items()]
    # mlflow takes at most 100 settings and 1000 figures in one call.
    for start in range(0, len(settings), 100):
        client.log_batch(run.run_id, params=settings[start : start + 100])
    for start in range(0, len(figures), 1000):
        client.log_batch(run.run_id, metrics=figures[start : start + 1000])


def log_data_sets(client: Any, run_id: str, data_sets: Sequence[DataSet]) -> None:
    """Log what a run read, in the form that mlflow's page shows."""
    entities = mlflow().entities
    inputs = []
    for data_set in data_sets:
        columns = [{"name": name, "type": kind, "required": True} for name, kind in data_set.columns.items()]
        texts = ({"uri": data_set.source}, {"mlflow_colspec": columns}, dict(data_set.profile))
        source, schema, profile = map(json.dumps, texts)
        kept = entities.Dataset(data_set.name, data_set.digest, "local", source, schema, profile)
        inputs.append(entities.DatasetInput(kept, [entities.InputTag("mlflow.data.context", "training")]))
    if inputs:
        client.log_inputs(run_id, inputs)


def log_files(client: Any, run_id: str, texts: Mapping[str, str], files: Sequence[Path]) -> None:
    """Log the texts and files of a run."""
    with TemporaryDirectory() as scratch:
        for name, text in texts.items():
            path = Path(scratch, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if texts:
            client.log_artifacts(run_id, scratch)
    for file in files:
        client.log_artifact(run_id, str(file))
