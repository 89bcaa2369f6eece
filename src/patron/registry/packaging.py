"""Packaging: a bundle with its serving code, as a model that anyone can load and nothing unpickles."""

import ast
import importlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from patron.errors import RegistryError, listed
from patron.registry.mlflow_import import mlflow

__all__ = ["BUNDLE", "CODE", "Spec", "ask", "sign", "spec_of", "stage"]

CODE, BUNDLE = "model.py", "artifacts/bundle"  # of a registered model

Spec = Mapping[str, Sequence[Mapping[str, Any]]]

TYPES = {"float64": "double", "int64": "long", "bool": "boolean", "category": "string", "string": "string"}
TYPES |= {"any": "any"}  # what only a policy looks at: consent may be a text, a number or true
UNPICKLERS = {"pickle", "cloudpickle", "joblib", "dill", "skops"}
PICKLES = {".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle"}
# The type hint on model_input spares the consumer a warning at every load; mlflow's own errors would show rows.
HOOK = """

import os as _os

_os.environ.setdefault("MLFLOW_DISABLE_SCHEMA_DETAILS", "true")

import mlflow as _mlflow
import pandas as _pandas


class _Served(_mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.model = Bundle.load(context.artifacts["bundle"])

    def predict(self, context, model_input: _pandas.DataFrame, params=None):
        return self.model.predict(model_input)

    def rank(self, by, candidates):
        return self.model.rank(by, candidates)


_mlflow.models.set_model(_Served())
"""


def spec_of(bundle: Path, serving: Path) -> Spec:
    """Refuse what must not be registered, and read what the bundle promises.

    Raises:
        RegistryError: the bundle holds a pickle or lacks its spec, or the serving file does not stand alone.
    """
    _refuse_pickles(bundle)
    _refuse_imports(serving)
    return _spec(bundle)


def stage(scratch: Path, bundle: Path, serving: Path, spec: Spec, needs: Sequence[str]) -> Path:
    """Assemble a model in a scratch folder, then load it and ask it on a made-up row.

    Raises:
        RegistryError: the model fails, or answers something else than its spec promises.
    """
    try:
        package = _save(scratch, bundle, serving, spec, needs)
    except Exception as error:
        raise _failing(Path(serving), Path(bundle), error) from error
    ask(package, spec, Path(serving), Path(bundle))
    return package


def ask(package: Path, spec: Spec, serving: Path = Path(CODE), bundle: Path = Path(BUNDLE)) -> None:
    """Load a model and ask it about a made-up row.

    Raises:
        RegistryError: the model fails, or answers something else than its spec promises.
    """
    try:
        outputs = list(mlflow().pyfunc.load_model(str(package)).predict(_example(spec)).columns)
    except Exception as error:
        raise _failing(serving, bundle, error) from error
    promised = [column["name"] for column in spec["outputs"]]
    if outputs != promised:
        raise RegistryError(
            f"The serving file {serving.name!r} answers {outputs}, but 'spec.json' promises {promised}. "
            "Make the two agree."
        )


def sign(package: Path, model: Any, run_id: str) -> None:
    """Write whose model this is, and take out the scratch paths that mlflow wrote down."""
    description = mlflow().models.Model.load(str(package / "MLmodel"))
    description.model_id, description.run_id = model.model_id, run_id
    description.artifact_path = "model"
    flavor = description.flavors["python_function"]
    flavor["model_code_path"] = CODE
    flavor["artifacts"]["bundle"]["uri"] = flavor["artifacts"]["bundle"]["path"]
    flavor.pop("cloudpickle_version", None)
    description.save(str(package / "MLmodel"))
    for cache in list(package.rglob("__pycache__")):
        shutil.rmtree(cache)


def _failing(serving: Path, bundle: Path, error: Exception) -> RegistryError:
    return RegistryError(
        f"The serving file {serving.name!r} fails on a made-up row of {bundle.name!r}: "
        f"{type(error).__name__}: {str(error)[:300]} Try it by hand: Bundle.load(folder).predict(frame)"
    )


def _save(scratch: Path, bundle: Path, serving: Path, spec: Spec, needs: Sequence[str]) -> Path:
    code, package = scratch / CODE, scratch / "staged"
    code.write_text(Path(serving).read_text(encoding="utf-8") + HOOK, encoding="utf-8")
    mlflow().pyfunc.save_model(
        path=str(package),
        python_model=str(code),
        artifacts={"bundle": str(shutil.copytree(bundle, scratch / "bundle"))},
        signature=_signature(spec),
        input_example=_example(spec),
        pip_requirements=list(needs),
    )
    return package


def _refuse_pickles(bundle: Path) -> None:
    for path in sorted(p for p in Path(bundle).rglob("*") if p.is_file()):
        with path.open("rb") as file:
            begins = file.read(2)
        # Every pickle since protocol 2 begins with these two bytes, whatever its name.
        if path.suffix.lower() in PICKLES or (begins[:1] == b"\x80" and begins[1:] in b"\x02\x03\x04\x05"):
            raise RegistryError(
                f"The bundle {Path(bundle).name!r} holds a pickle: {path.name!r}. Loading one runs code. "
                "Save LightGBM text and JSON instead."
            )


def _refuse_imports(serving: Path) -> None:
    tree = ast.parse(Path(serving).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    bad = {name for name in names if name.split(".")[0] in UNPICKLERS | {"patron"}}
    if bad:
        raise RegistryError(
            f"The serving file {Path(serving).name!r} must stand alone and unpickle nothing, but it imports "
            f"{listed(bad)}. Leave numpy, pandas and lightgbm only."
        )


def _spec(bundle: Path) -> Spec:
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
            if "name" not in column or column.get("dtype") not in TYPES:
                raise RegistryError(
                    f"A column of {part!r} in 'spec.json' needs a name and a dtype of {listed(TYPES)}, "
                    f'but got {column}. Write: {{"name": "orders_90d", "dtype": "float64"}}'
                )
    return spec


def _signature(spec: Spec) -> Any:
    models, types = importlib.import_module("mlflow.models"), importlib.import_module("mlflow.types")
    # mlflow refuses whole numbers where double is said; the serving file checks that numbers are numbers.
    number = importlib.import_module("mlflow.types.schema").AnyType()
    kinds = {**TYPES, "float64": number, "any": number}
    inputs = types.Schema([types.ColSpec(kinds[column["dtype"]], column["name"]) for column in spec["features"]])
    outputs = types.Schema([types.ColSpec(TYPES[column["dtype"]], column["name"]) for column in spec["outputs"]])
    return models.ModelSignature(inputs=inputs, outputs=outputs)


def _example(spec: Spec) -> pd.DataFrame:
    made_up = {"double": 0.0, "long": 0, "boolean": False}
    first = {f["name"]: str([*f.get("levels", ()), ""][0]) for f in spec["features"]}
    return pd.DataFrame([{f["name"]: made_up.get(TYPES[f["dtype"]], first[f["name"]]) for f in spec["features"]}])
