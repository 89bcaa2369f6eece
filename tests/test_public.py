"""The front door: what `import patron` promises."""

import subprocess
import sys
from importlib.util import find_spec
from pydoc import plain, render_doc

import pytest

import patron


@pytest.mark.parametrize("name", patron.__all__)
def test_every_public_name_leads_somewhere_and_is_told_in_the_module(name):
    assert getattr(patron, name).__doc__ or name == "EVER"


@pytest.mark.parametrize("name", patron.__all__)
def test_no_module_hides_a_public_name(name):
    assert find_spec(f"patron.{name}") is None or callable(getattr(patron, name))


def test_the_portfolio_is_called_by_its_name_whatever_was_imported_before():
    said = "import patron.portfolio.rfm, patron as pt; from inspect import signature; print(signature(pt.portfolio))"
    ended = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("(history: 'History', cutoff: 'Moment', question: 'Tier | None' = None")
    shown = plain(render_doc(patron.portfolio))
    assert "history: 'History'" in shown  # over several lines in later Pythons
    assert "Return the relationship portfolio of a business at a cutoff" in shown


def test_an_unknown_name_is_refused_with_what_there_is():
    with pytest.raises(AttributeError, match=r"patron has no 'tarin'. It has: .*train"):
        patron.tarin  # noqa: B018


def test_importing_patron_loads_none_of_the_heavy_libraries():
    said = (
        "import patron, sys; print([m for m in ('pandas', 'ibis', 'lightgbm', 'mlflow', 'numba') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
