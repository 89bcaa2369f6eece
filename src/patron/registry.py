"""The registry: where runs and models are kept, and which version is champion; the only importer of mlflow.

    train -> log_run -> register -> promote -> champion -> score
                                       └── rollback

A registered model is code and text: one Python file that needs numpy, pandas and lightgbm, and a bundle of
JSON and LightGBM text. It holds no pickle, needs no Patron to be loaded, and carries no customer's row.
mlflow takes seconds to import, so it is imported when a store is first used, with its telemetry off.
"""

import ast
import importlib
import json
import logging
import math
import os
import re
import shutil
import sqlite3
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from patron.errors import LockError, RegistryError, listed, nearest

__all__ = ["Champion", "Promotion", "Registry", "Version", "ui_command"]

_PATIENCE = 60
_NOTHING: Mapping[str, str] = MappingProxyType({})

# Set before mlflow is imported: the telemetry client starts with the import.
_CALM = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_DISABLE_SCHEMA_DETAILS": "true",  # else error texts show customers' values
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # else the working directory's lock file is copied into the model
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}

# The type hint on model_input spares the consumer a warning at every load.
_HOOK = """

import mlflow as _mlflow
import pandas as _pandas


class _Served(_mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.model = Bundle.load(context.artifacts["bundle"])

    def predict(self, context, model_input: _pandas.DataFrame, params=None):
        return self.model.predict(model_input)


_mlflow.models.set_model(_Served())
"""

_Values = Mapping[str, str | float]
_Spec = Mapping[str, Sequence[Mapping[str, Any]]]

_TYPES = {"float64": "double", "int64": "long", "bool": "boolean", "category": "string", "string": "string"}
_UNPICKLERS = {"pickle", "cloudpickle", "joblib", "dill", "skops"}
_PICKLES = {".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle"}
_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


@dataclass(frozen=True)
class Version:
    """One registered version of a model, and the aliases that point at it."""

    name: str
    version: str
    run_id: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Champion:
    """The version that scores: its run, and the folder of its bundle (readable without mlflow)."""

    name: str
    version: str
    run_id: str
    bundle: Path


@dataclass(frozen=True)
class Promotion:
    """One line of the audit log: who became champion when, instead of whom, and why."""

    at: str
    action: Literal["promote", "rollback"]
    name: str
    version: str
    previous: str | None
    reason: str


@dataclass(frozen=True)
class Registry:
    """Keep runs and models, locally or on a server, and say which version is champion.

    Make one with `Registry.at(folder)` or `Registry.server(address)`; nothing is opened until it is used.
    """

    # Addresses may hold a password, so they are left out of the repr.
    tracking_uri: str = field(repr=False)
    registry_uri: str = field(repr=False)
    folder: Path | None = None

    @classmethod
    def at(cls, root: Path) -> "Registry":
        """Keep everything in a project folder: a SQLite database and artifacts under `<root>/mlruns`.

        Raises:
            RegistryError: the folder's path holds a character that a database address cannot.

        >>> Registry.at(Path("shop")).folder.name
        'mlruns'
        """
        folder = Path(root).resolve() / "mlruns"
        if set("?#%") & set(str(folder)):
            raise RegistryError(
                f"A database address cannot hold '?', '#' or '%', but the store is in {str(folder)!r}. "
                "Rename the folder."
            )
        address = _database(folder / "mlflow.db")
        return cls(address, address, folder)

    @classmethod
    def server(cls, tracking_uri: str, registry_uri: str | None = None) -> "Registry":
        """Keep everything on a tracking server; the audit log is kept there too, as tags of the model.

        >>> Registry.server("http://tracking:5000").registry_uri
        'http://tracking:5000'
        """
        return cls(tracking_uri, registry_uri or tracking_uri)

    @classmethod
    def relocate(cls, root: Path) -> "Registry":
        """Mend a local store whose project folder was moved or copied, and give its registry.

        mlflow stores absolute artifact addresses; here their beginning is rewritten in one transaction.

        Raises:
            RegistryError: there is no store under `root`.
        """
        registry = cls.at(root)
        folder = _local(registry)
        database = folder / "mlflow.db"
        if not database.exists():
            raise RegistryError(
                f"There is no store to mend in {folder}: 'mlflow.db' is missing. "
                "Name the folder that holds 'mlruns'."
            )
        with _locked(folder), closing(sqlite3.connect(database)) as connection, connection:
            old, new = _recorded(connection), _artifacts(folder)
            for table, column in _ADDRESSES:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} GLOB ?",
                    (new, len(old) + 1, f"{old}/*"),
                )
        return registry

    def log_run(
        self,
        experiment: str,
        run_name: str,
        params: _Values,
        metrics: Mapping[str, float],
        texts: Mapping[str, str] = _NOTHING,
        files: Sequence[Path] = (),
        tags: Mapping[str, str] = _NOTHING,
    ) -> str:
        """Keep one run with its settings, figures and pages, and give its id.

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
        _check_paths(texts)
        _check_files(files)
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        left_out = {"patron.metrics_left_out": listed(metrics.keys() - finite.keys())}
        with self._client() as client:
            where = self._experiment(client, experiment)
            tags = {**tags, **(left_out if len(finite) < len(metrics) else {})}
            run = client.create_run(where, run_name=run_name, tags=tags).info
            try:
                _log_batches(client, run, params, finite)
                _log_artifacts(client, run.run_id, texts, files)
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
        tags: Mapping[str, str] = _NOTHING,
    ) -> str:
        """Make a run's model loadable by anyone as `models:/<name>/<version>`, and give the version.

        The model is loaded and asked once, on a made-up row, before anything is stored.

        Args:
            name: the registered model; made on first use.
            run_id: the run it came from.
            bundle: folder with `spec.json` (its "features" and "outputs": lists of {"name", "dtype"}, a
                category with its "levels") and the model's text files.
            serving: one Python file with a class `Bundle`: `load(path)` and `predict(frame) -> frame`.
            pip_requirements: what the serving file needs, for example ["numpy==2.4.6"].
            tags: words to find the version by.

        Raises:
            RegistryError: the bundle or the serving file break these promises, or the store refuses.
        """
        _check_files([serving])
        _refuse_pickles(bundle)
        _refuse_imports(serving)
        spec = _spec(bundle)
        with self._client() as client, TemporaryDirectory() as scratch:
            run = client.get_run(run_id)
            staged = _staged(Path(scratch), bundle, serving, spec, pip_requirements)
            model = client.create_logged_model(run.info.experiment_id, name=name, source_run_id=run_id)
            _sign(staged, model, run_id)
            client.log_model_artifacts(model.model_id, str(staged))
            client.finalize_logged_model(model.model_id, "READY")
            client.log_outputs(run_id, [_mlflow().entities.LoggedModelOutput(model.model_id, step=0)])
            _ensure_model(client, name)
            made = client.create_model_version(
                name, model.artifact_location, run_id, tags=dict(tags), model_id=model.model_id
            )
        return str(made.version)

    def versions(self, name: str) -> tuple[Version, ...]:
        """List the versions of a model, oldest first.

        Raises:
            RegistryError: there is no such model.
        """
        with self._client() as client:
            aliases = self._aliases(client, name)
            found = {str(v.version): v.run_id for v in _found(client, name)}
        pointing = {version: tuple(sorted(a for a in aliases if aliases[a] == version)) for version in found}
        return tuple(Version(name, version, run_id, pointing[version]) for version, run_id in found.items())

    def champion(self, name: str) -> Champion:
        """Give the version that scores, with its bundle on this machine.

        Raises:
            RegistryError: there is no such model, or it has no champion.
        """
        with self._client() as client:
            aliases = self._aliases(client, name)
            if "champion" not in aliases:
                raise RegistryError(_no_champion(client, name, aliases))
            version = client.get_model_version(name, aliases["champion"])
            address = client.get_model_version_download_uri(name, version.version)
            bundle = _mlflow().artifacts.download_artifacts(
                artifact_uri=f"{address}/artifacts/bundle", tracking_uri=self.tracking_uri
            )
        return Champion(name, str(version.version), version.run_id, Path(bundle))

    def promote(self, name: str, version: str, reason: str, at: datetime) -> None:
        """Let a version score from now on, and keep in the audit log who, when, instead of whom and why.

        Promoting the champion again changes nothing.

        Raises:
            RegistryError: there is no such version.
        """
        with self._client() as client, self._alone():
            previous = self._aliases(client, name).get("champion")
            _check_version(client, name, version)
            if previous != str(version):
                self._move(client, Promotion(_utc(at), "promote", name, str(version), previous, reason))

    def challenge(self, name: str, version: str) -> None:
        """Mark a version that did not win as challenger, to be found as `models:/<name>@challenger`.

        Raises:
            RegistryError: there is no such version.
        """
        with self._client() as client:
            self._aliases(client, name)
            _check_version(client, name, version)
            client.set_registered_model_alias(name, "challenger", str(version))

    def rollback(self, name: str, at: datetime, reason: str) -> str:
        """Undo the latest promotion that still stands, and give the version that scores again.

        Two rollbacks undo two promotions; the audit log grows by a line each time.

        Raises:
            RegistryError: no promotion stands, or the one that stands was the first.
        """
        with self._client() as client, self._alone():
            current = self._aliases(client, name).get("champion")
            back = _undone(self._log(client, name))
            if back is None:
                raise RegistryError(
                    f"Model {name!r} has no earlier champion to go back to from version {current}: "
                    f"the audit log names none. Promote one instead: patron promote {name} <version>"
                )
            _check_version(client, name, back)
            self._move(client, Promotion(_utc(at), "rollback", name, back, current, reason))
        return back

    def promotions(self, name: str) -> tuple[Promotion, ...]:
        """Read a model's audit log, oldest first."""
        with self._client() as client:
            return self._log(client, name)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        mlflow = _mlflow()
        with _quiet():
            try:
                if self.folder is not None:
                    _open(self.folder)
                yield mlflow.MlflowClient(tracking_uri=self.tracking_uri, registry_uri=self.registry_uri)
            except mlflow.exceptions.MlflowException as error:
                raise RegistryError(_refusal(self, str(error))) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self.folder is None:
            yield
        else:
            with _locked(self.folder):
                yield

    def _experiment(self, client: Any, name: str) -> str:
        found = client.get_experiment_by_name(name)
        if found is None:
            # Without an address of its own mlflow would put artifacts beside the working directory.
            plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name)
            place = f"{_artifacts(self.folder)}/{plain}" if self.folder else None
            try:
                return str(client.create_experiment(name, artifact_location=place))
            except _mlflow().exceptions.MlflowException:
                found = client.get_experiment_by_name(name)  # another process was faster
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _aliases(self, client: Any, name: str) -> dict[str, str]:
        try:
            found = client.get_registered_model(name).aliases
        except _mlflow().exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            known = [model.name for model in client.search_registered_models(max_results=100)]
            raise RegistryError(
                f"There is no model {name!r} in {_shown(self)}. It has: {listed(known)}."
                f"{nearest(name, known)} Train it first: patron train."
            ) from error
        return {alias: str(version) for alias, version in found.items()}

    def _move(self, client: Any, promotion: Promotion) -> None:
        # The line comes first: a promotion that dies half-way leaves a trace, never a silent champion.
        self._append(client, promotion)
        client.set_registered_model_alias(promotion.name, "champion", promotion.version)
        if self._aliases(client, promotion.name).get("challenger") == promotion.version:
            client.delete_registered_model_alias(promotion.name, "challenger")

    def _append(self, client: Any, promotion: Promotion) -> None:
        line = json.dumps(asdict(promotion))
        if self.folder is None:
            number = len(self._log(client, promotion.name))
            client.set_registered_model_tag(promotion.name, f"patron.promotion.{number:06d}", line)
            return
        with (self.folder / "promotions.jsonl").open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    def _log(self, client: Any, name: str) -> tuple[Promotion, ...]:
        if self.folder is None:
            tags = client.get_registered_model(name).tags
            lines = [tags[key] for key in sorted(tags) if key.startswith("patron.promotion.")]
        else:
            log = self.folder / "promotions.jsonl"
            lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return tuple(p for p in (Promotion(**json.loads(line)) for line in lines) if p.name == name)


def ui_command(registry: Registry, port: int = 5000) -> list[str]:
    """Give the command that shows a local store's runs and models in a browser on this machine.

    Raises:
        RegistryError: the registry is a server, which has its own page.

    >>> ui_command(Registry.at(Path("shop")))[-4:]
    ['--port', '5000', '--workers', '1']
    """
    folder = _local(registry)
    start = "from patron.registry import _mlflow; _mlflow(); from mlflow.cli import cli; cli()"
    place = ["--backend-store-uri", registry.tracking_uri, "--default-artifact-root", _artifacts(folder)]
    here = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [sys.executable, "-c", start, "server", *place, *here]


def _local(registry: Registry) -> Path:
    if registry.folder is None:
        raise RegistryError(
            f"{_shown(registry)} is a server, not a local store. Open that address in a browser, "
            "or name a project: Registry.at(Path('.'))."
        )
    return registry.folder


def _shown(registry: Registry) -> str:
    return str(registry.folder or _masked(registry.tracking_uri))


def _masked(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text)


def _refusal(registry: Registry, message: str) -> str:
    first = _masked(message.strip().splitlines()[0])[:200].rstrip(".")
    if "out-of-date database schema" in message:
        return (
            f"The store {_shown(registry)} was written by another mlflow than the one installed ({first}) "
            f"Keep a copy, then: mlflow db upgrade '{_masked(registry.tracking_uri)}'"
        )
    return f"The registry {_shown(registry)} refused: {first}. Check its address, the names and the run's id."


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _database(path: Path) -> str:
    return f"sqlite:///{path.as_posix()}"


def _artifacts(folder: Path) -> str:
    return (folder / "artifacts").as_uri()


def _mlflow() -> Any:
    """Import mlflow with telemetry, chatter and customers' values in error texts off."""
    os.environ.update(_CALM)
    # mlflow's own seven attempts take four minutes before a wrong address is told.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    with _quiet():
        for part in ("artifacts", "entities", "pyfunc"):
            importlib.import_module(f"mlflow.{part}")
        return importlib.import_module("mlflow")


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # SQLite's own lock: works on every system, and the system lets it go when the process dies.
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "registry.lock", timeout=_PATIENCE, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise LockError(
                f"The registry in {folder} has been held by another run for {_PATIENCE} s ({error}). "
                "Wait for that run, or stop it, then start again."
            ) from error
        yield


def _open(folder: Path) -> None:
    database = folder / "mlflow.db"
    if not database.exists():
        with _locked(folder):
            if not database.exists():
                _create(folder)
    with closing(sqlite3.connect(database)) as connection:
        recorded = _recorded(connection)
    # A database that mlflow made by itself has another default; ours always ends like this.
    if recorded.endswith("/mlruns/artifacts") and recorded != _artifacts(folder):
        raise RegistryError(
            f"The project was moved: the store in {folder} still has its artifacts at {recorded}. "
            f"Mend it once: Registry.relocate(Path({str(folder.parent)!r}))"
        )


def _create(folder: Path) -> None:
    # Made aside and moved into place, so that a process that dies leaves no half-made database.
    store = importlib.import_module("mlflow.store.tracking.sqlalchemy_store")
    aside = folder / "mlflow.db.new"
    aside.unlink(missing_ok=True)
    store.SqlAlchemyStore(_database(aside), _artifacts(folder)).engine.dispose()
    aside.replace(folder / "mlflow.db")


def _recorded(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT artifact_location FROM experiments WHERE experiment_id = 0").fetchone()
    return str(row[0]).removesuffix("/0") if row else ""


def _check_paths(texts: Mapping[str, str]) -> None:
    for path in map(PurePosixPath, texts):
        if path.is_absolute() or ".." in path.parts:
            raise RegistryError(
                f"A text's path must stay inside the run, but got {str(path)!r}. Write: 'report/a.html'"
            )


def _check_files(files: Sequence[Path]) -> None:
    for file in files:
        if not Path(file).is_file():
            raise RegistryError(f"There is no file {str(file)!r} to keep. Write it first, or leave it out.")


def _log_batches(client: Any, run: Any, params: _Values, metrics: _Values) -> None:
    entities = _mlflow().entities
    settings = [entities.Param(name, str(value)) for name, value in params.items()]
    figures = [entities.Metric(name, float(value), run.start_time, 0) for name, value in metrics.items()]
    # mlflow takes at most 100 settings and 1000 figures in one call.
    for start in range(0, len(settings), 100):
        client.log_batch(run.run_id, params=settings[start : start + 100])
    for start in range(0, len(figures), 1000):
        client.log_batch(run.run_id, metrics=figures[start : start + 1000])


def _log_artifacts(client: Any, run_id: str, texts: Mapping[str, str], files: Sequence[Path]) -> None:
    with TemporaryDirectory() as scratch:
        for name, text in texts.items():
            path = Path(scratch, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if texts:
            client.log_artifacts(run_id, scratch)
    for file in files:
        client.log_artifact(run_id, str(file))


def _refuse_pickles(bundle: Path) -> None:
    for path in sorted(p for p in Path(bundle).rglob("*") if p.is_file()):
        with path.open("rb") as file:
            begins = file.read(2)
        # Every pickle since protocol 2 begins with these two bytes, whatever its name.
        if path.suffix.lower() in _PICKLES or (begins[:1] == b"\x80" and begins[1:] in b"\x02\x03\x04\x05"):
            raise RegistryError(
                f"The bundle {Path(bundle).name!r} holds a pickle: {path.name!r}. Loading one runs code. "
                "Save LightGBM text and JSON instead."
            )


def _refuse_imports(serving: Path) -> None:
    tree = ast.parse(Path(serving).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    bad = {name for name in names if name.split(".")[0] in _UNPICKLERS | {"patron"}}
    if bad:
        raise RegistryError(
            f"The serving file {Path(serving).name!r} must stand alone and unpickle nothing, but it imports "
            f"{listed(bad)}. Leave numpy, pandas and lightgbm only."
        )


def _spec(bundle: Path) -> _Spec:
    path = Path(bundle) / "spec.json"
    spec: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part in ("features", "outputs"):
        columns = spec.get(part)
        if not columns:
            raise RegistryError(
                f"The bundle {Path(bundle).name!r} lacks {part!r} in 'spec.json'. It has: {listed(spec)}. "
                f'Write it: "{part}": [{{"name": "orders_90d", "dtype": "float64"}}]'
            )
        for column in columns:
            if "name" not in column or column.get("dtype") not in _TYPES:
                raise RegistryError(
                    f"A column of {part!r} in 'spec.json' needs a name and a dtype of {listed(_TYPES)}, "
                    f'but got {column}. Write: {{"name": "orders_90d", "dtype": "float64"}}'
                )
    return spec


def _signature(spec: _Spec) -> Any:
    models, types = importlib.import_module("mlflow.models"), importlib.import_module("mlflow.types")
    inputs, outputs = (
        types.Schema([types.ColSpec(_TYPES[column["dtype"]], column["name"]) for column in spec[part]])
        for part in ("features", "outputs")
    )
    return models.ModelSignature(inputs=inputs, outputs=outputs)


def _example(spec: _Spec) -> pd.DataFrame:
    made_up = {"double": 0.0, "long": 0, "boolean": False}
    first = {f["name"]: str([*f.get("levels", ()), ""][0]) for f in spec["features"]}
    return pd.DataFrame([{f["name"]: made_up.get(_TYPES[f["dtype"]], first[f["name"]]) for f in spec["features"]}])


def _staged(scratch: Path, bundle: Path, serving: Path, spec: _Spec, needs: Sequence[str]) -> Path:
    pyfunc, example, staged = _mlflow().pyfunc, _example(spec), scratch / "staged"
    code = scratch / "model.py"
    code.write_text(Path(serving).read_text(encoding="utf-8") + _HOOK, encoding="utf-8")
    copy = shutil.copytree(bundle, scratch / "bundle")
    try:
        pyfunc.save_model(
            path=str(staged),
            python_model=str(code),
            artifacts={"bundle": str(copy)},
            signature=_signature(spec),
            input_example=example,
            pip_requirements=list(needs),
        )
        answered = list(pyfunc.load_model(str(staged)).predict(example).columns)
    except Exception as error:
        raise RegistryError(
            f"The serving file {Path(serving).name!r} fails on a made-up row of {Path(bundle).name!r}: "
            f"{type(error).__name__}: {str(error)[:300]} Try it by hand: Bundle.load(folder).predict(frame)"
        ) from error
    promised = [column["name"] for column in spec["outputs"]]
    if answered != promised:
        raise RegistryError(
            f"The serving file {Path(serving).name!r} answers {answered}, but 'spec.json' promises "
            f"{promised}. Make the two agree."
        )
    return staged


def _sign(staged: Path, model: Any, run_id: str) -> None:
    """Write whose model this is, and take out the scratch paths that mlflow wrote down."""
    description = _mlflow().models.Model.load(str(staged / "MLmodel"))
    description.model_id, description.run_id = model.model_id, run_id
    description.artifact_path = "model"
    flavor = description.flavors["python_function"]
    flavor["model_code_path"] = "model.py"
    flavor["artifacts"]["bundle"]["uri"] = flavor["artifacts"]["bundle"]["path"]
    flavor.pop("cloudpickle_version", None)
    description.save(str(staged / "MLmodel"))
    for cache in list(staged.rglob("__pycache__")):
        shutil.rmtree(cache)


def _ensure_model(client: Any, name: str) -> None:
    try:
        client.create_registered_model(name)
    except _mlflow().exceptions.MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _found(client: Any, name: str) -> list[Any]:
    return sorted(client.search_model_versions(f"name = '{name}'"), key=lambda found: int(found.version))


def _check_version(client: Any, name: str, version: str) -> None:
    known = [str(found.version) for found in _found(client, name)]
    if str(version) not in known:
        raise RegistryError(
            f"Model {name!r} has no version {version!r}. It has: {', '.join(known) or 'none'}. Name one."
        )


def _no_champion(client: Any, name: str, aliases: Mapping[str, str]) -> str:
    known = [str(found.version) for found in _found(client, name)]
    pointed = "".join(f" ({alias}: {version})" for alias, version in sorted(aliases.items()))
    return (
        f"Model {name!r} has no champion. Its versions: {', '.join(known) or 'none'}{pointed}. "
        f"Promote one: patron promote {name} {known[-1] if known else '<version>'}"
    )


def _undone(log: Sequence[Promotion]) -> str | None:
    standing: list[str | None] = []
    for promotion in log:
        if promotion.action == "promote":
            standing.append(promotion.previous)
        elif standing:
            standing.pop()
    return standing[-1] if standing else None
