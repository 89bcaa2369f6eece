"""Names: an identifier is a noun or a verb of the field; filler words, which could stand for anything, are refused."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import patron

ROOT = Path(patron.__file__).parent
FILLERS = {"made", "found", "told", "asked", "one"}


def fillers(source: str) -> list[tuple[int, str]]:
    """Return line and name of each filler that a source defines; case and outer underscores do not matter."""
    named = ((node, name) for node in ast.walk(ast.parse(source)) for name in _defined(node))
    return sorted((node.lineno, name) for node, name in named if name.strip("_").lower() in FILLERS)


def _defined(node: ast.AST) -> Iterator[str]:
    """Give the names that a node defines, be it as variable, parameter, attribute, function, class or alias."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.alias(asname=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name


@pytest.mark.parametrize("room", sorted(ROOT.iterdir()), ids=lambda path: path.name)
def test_no_identifier_is_a_filler(room):
    modules = sorted(room.rglob("*.py")) if room.is_dir() else [room]
    names = [f"{m.name}: {line} {name}" for m in modules for line, name in fillers(m.read_text(encoding="utf-8"))]
    assert names == [], f"say what it is: result, frame, columns, counts, ... not {names}"


@pytest.mark.parametrize(
    "source",
    [
        "made = 1",
        "made: int = 1",
        "a, (found, *b) = c",
        "a.told = 1",
        "def told(): ...",
        "def f(asked): ...",
        "def f(*, one=1): ...",
        "lambda one: one",
        "class _Found: ...",
        "TOLD = 1",
        "for one in a: ...",
        "[b for _, one in a]",
        "{one: 1 for one in a}",
        "with a as (b, found): ...",
        "(made := 1)",
        "import a as told",
        "from a import b as told",
        "try: ...\nexcept A as found: ...",
        "match a:\n    case [1, *found]: ...",
        "match a:\n    case {1: b, **found}: ...",
        "match a:\n    case int() as one: ...",
        "class A:\n    asked: int",
    ],
)
def test_a_filler_is_seen_wherever_a_name_can_be_defined(source):
    assert len(fillers(source)) == 1


def test_words_that_hold_a_filler_and_uses_of_names_of_others_pass():
    assert fillers("foundation = someone = made_at = 1\nprint(one, a.found, one=1)\n'told'\n# made") == []


@pytest.mark.parametrize("room", sorted(ROOT.iterdir()), ids=lambda path: path.name)
def test_no_summary_begins_with_learn_tell_say_or_show(room):
    modules = sorted(room.rglob("*.py")) if room.is_dir() else [room]
    nodes = [node for m in modules for node in ast.walk(ast.parse(m.read_text(encoding="utf-8")))]
    documented = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)]
    summaries = [(ast.get_docstring(node) or "").split("\n")[0] for node in documented]
    assert [text for text in summaries if text.split(" ")[0] in ("Learn", "Tell", "Say", "Show")] == []
