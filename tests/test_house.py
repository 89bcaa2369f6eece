"""The pages about the house are true: every module that they name exists, and the walk from a decision goes down."""

import re
import tomllib
import traceback
from pathlib import Path

import pytest

import patron
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from worlds.histories import CUTOFF

ROOT = Path(__file__).parents[1]
SOURCE = Path(patron.__file__).parent
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
LAYERS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
OF_USERS = {"shop.py"}


def there(name: str) -> bool:
    """Tell whether a file or a dotted module is part of the repository."""
    if name.startswith("patron."):
        path = SOURCE / name.removeprefix("patron.").replace(".", "/")
        return path.is_dir() or path.with_suffix(".py").exists() or name.removeprefix("patron.") in patron.__all__
    return any((base / name).exists() for base in (ROOT, SOURCE)) or name in OF_USERS


def walk() -> list[str]:
    page = (ROOT / "docs" / "house.md").read_text()
    return re.findall(r"^\d+\. `([^`]+)`", page, re.M)


def layer(file: str) -> int:
    room = file.split("/")[0].removesuffix(".py")
    return next(i for i, names in enumerate(LAYERS) if room in re.findall(r"\w+", names))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_a_page_names_exists(page):
    text = page.read_text()
    named = re.findall(r"`((?:[\w-]+/)*[\w-]+\.py)\b", text) + re.findall(r"`(patron(?:\.[a-z_]+)+)\b(?!\()", text)
    assert [name for name in named if not there(name)] == []


def test_the_check_of_pages_sees_a_module_that_is_not_there():
    assert not there("patron.stores")
    assert not there("models/choice.py")
    assert there("patron.history.point_in_time")


def test_the_walk_from_a_decision_to_its_events_goes_down_and_is_short():
    files = walk()
    assert all(there(file) for file in files)
    assert [layer(file) for file in files] == sorted(layer(file) for file in files)
    assert len(files) <= 10


def test_features_are_made_by_the_files_of_the_walk(world, monkeypatch):
    from patron.features.compute.fold import cutting

    seen, cut_windows = [], cutting.cut_windows

    def traced(*arrays):
        frames = (frame.filename for frame in traceback.extract_stack() if frame.filename.startswith(str(SOURCE)))
        seen.extend(Path(name).relative_to(SOURCE).as_posix() for name in frames)
        return cut_windows(*arrays)

    monkeypatch.setattr(cutting, "cut_windows", traced)
    matrix(churn(90).on(world.history), world.history, [CUTOFF])
    files = walk()
    assert set(seen) & set(files) >= {"features/compute/executor.py", "features/compute/fold/kernel_calls.py"}
    assert set(seen) <= set(files)
