"""Layers: every import, those inside functions and in `import_module` included, only goes down, and never round."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import patron

ROOT = Path(patron.__file__).parent
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
CONTRACTS = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = {package: c["layers"] for c in CONTRACTS if c["type"] == "layers" for package in c["containers"]}
ONLY_IN = {
    "duckdb": "patron.engines",
    "pyspark": "patron.engines",
    "splink": "patron.engines",
    "mlflow": "patron.registry",
}


def modules() -> dict[str, str]:
    """Return the source of every module of Patron by its name."""
    paths = {path: path.relative_to(ROOT.parent).with_suffix("").parts for path in ROOT.rglob("*.py")}
    return {".".join(parts).removesuffix(".__init__"): path.read_text("utf-8") for path, parts in paths.items()}


def imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Return what each module imports anywhere in its source: modules of Patron, and others by their full name."""
    return {
        name: {_module(target, sources) for node in ast.walk(ast.parse(source)) for target in _targets(node)} - {name}
        for name, source in sources.items()
    }


def _targets(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=package, names=names, level=level):
            assert level == 0, f"line {node.lineno}: write the import with its whole name"
            yield from (f"{package}.{alias.name}" for alias in names)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[argument, *_]):
            if name in ("import_module", "__import__", "PackageLoader"):
                yield _text(argument)


def _text(argument: ast.expr) -> str:
    """Return a text as far as its source tells it."""
    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    first = parts[0]
    return first.value.rstrip(".") if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _module(target: str, known: Mapping[str, str]) -> str:
    """Return the module that a name is taken from, or the name itself where it is not of Patron."""
    parents = (target.rsplit(".", up)[0] for up in range(target.count(".") + 1))
    return next((parent for parent in parents if parent in known), target) if target.startswith("patron") else target


def upward(graph: Mapping[str, set[str]], package: str, layers: list[str]) -> list[str]:
    """Return the imports within a package that go up or, between siblings that are told apart by |, sideways."""
    level = {part.strip(): -n for n, line in enumerate(layers) for part in line.replace("|", ":").split(":")}
    apart = {part.strip() for line in layers if "|" in line for part in line.split("|")}
    wrong = []
    for name, targets in graph.items():
        for target in targets:
            above, below = _part(name, package), _part(target, package)
            if above == below or above not in level or below not in level:
                continue
            if level[above] < level[below] or (level[above] == level[below] and above in apart):
                wrong.append(f"{name} imports {target}")
    return sorted(wrong)


def _part(name: str, package: str) -> str:
    return name.removeprefix(f"{package}.").partition(".")[0] if name.startswith(f"{package}.") else ""


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return modules that import one another in a circle, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def strangers(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the imports of a library by a module outside the one room that may know it."""
    return sorted(
        f"{name} imports {target}"
        for name, targets in graph.items()
        for target in targets
        if (room := ONLY_IN.get(target.partition(".")[0])) and not f"{name}.".startswith(f"{room}.")
    )


@pytest.fixture(scope="module")
def graph():
    return imports(modules())


@pytest.mark.parametrize("package", LAYERS)
def test_imports_go_down_and_siblings_are_independent_late_imports_included(graph, package):
    assert upward(graph, package, LAYERS[package]) == []


def test_no_modules_import_one_another_in_a_circle_late_imports_included(graph):
    assert circle(graph) == []


def test_only_the_engines_room_imports_an_engine_and_only_the_registry_mlflow(graph):
    assert strangers(graph) == []


def test_no_room_is_entered_from_inside_by_the_front_door(graph):
    assert [name for name, targets in graph.items() if "patron" in targets] == []


def test_every_room_has_its_layer():
    rooms = {name.split(".")[1] for name in modules() if "." in name}
    assert rooms == {part.strip() for line in LAYERS["patron"] for part in line.split("|")}


TOY = {
    "patron.history": "",
    "patron.jobs": "",
    "patron.metrics": "",
    "patron.engines": "import duckdb",
    "patron.registry": "",
}


@pytest.mark.parametrize(
    "late",
    [
        "from patron.jobs import train",
        "from patron import jobs",
        "import patron.jobs",
        "importlib.import_module('patron.jobs')",
        "import_module(f'patron.jobs.{verb}')",
    ],
)
def test_an_import_inside_a_function_of_a_room_above_is_refused(late):
    toy = imports(TOY | {"patron.history": f"def f():\n    {late}"})
    assert upward(toy, "patron", LAYERS["patron"]) == ["patron.history imports patron.jobs"]


def test_an_import_down_passes_and_one_of_an_independent_sibling_is_refused():
    toy = imports(TOY | {"patron.jobs": "import patron.history", "patron.metrics": "from patron.engines import read"})
    assert upward(toy, "patron", LAYERS["patron"]) == ["patron.metrics imports patron.engines"]


def test_a_circle_that_a_late_import_closes_is_refused():
    toy = imports(TOY | {"patron.history": "import patron.metrics", "patron.metrics": "def f(): import patron.history"})
    assert {"patron.history", "patron.metrics"} == set(circle(toy))


@pytest.mark.parametrize("late", ["import mlflow.pyfunc", "import_module('mlflow')", "import_module(f'mlflow.{part}')"])
def test_a_late_import_of_mlflow_outside_the_registry_is_refused(late):
    toy = imports(TOY | {"patron.jobs": f"def f():\n    {late}", "patron.registry": late})
    assert [line.partition(" ")[0] for line in strangers(toy)] == ["patron.jobs"]


def test_an_engine_is_known_in_its_room_only():
    assert strangers(imports(TOY | {"patron.metrics": "def f(): from pyspark import sql"})) == [
        "patron.metrics imports pyspark.sql"
    ]
