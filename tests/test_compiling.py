"""Compiling: a machine without a folder for code is slower to start, but works."""

import re
from importlib import import_module
from pathlib import Path


def test_a_loop_without_a_folder_for_its_code_still_compiles(monkeypatch):
    from patron import compiling

    def refuse(**settings):
        if settings.get("cache"):
            raise RuntimeError("no locator available")
        return lambda function: function

    monkeypatch.setattr(compiling.numba, "njit", refuse)
    assert compiling.compiled(len)([1, 2]) == 2


def test_the_loops_are_compiled_when_patron_is_installed():
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    module, function = re.search(r'-c "from (\S+) import (\w+); \2\(\)"', makefile).groups()
    assert callable(getattr(import_module(module), function))
