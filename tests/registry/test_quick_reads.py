"""Champions and figures of a local store are read without mlflow, and are those that mlflow reads."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from patron.errors import RegistryError
from patron.registry import Registry
from patron.registry.quick_reads import kept_champions, kept_run


@pytest.fixture(scope="module")
def store(trained, tmp_path_factory) -> Registry:
    """A copy of the store, whose folder has a blank and an accent in its name."""
    folder = tmp_path_factory.mktemp("copied") / "a café"
    shutil.copytree(trained.folder, folder / "mlruns")
    return Registry.relocate(folder)


def test_what_is_read_is_what_mlflow_reads(store):
    ours = store.champion("churn")
    theirs = replace(store, folder=None).champion("churn")  # the same store, as if it were a server
    assert ours == theirs
    run_id = store.log_run("churn", "r", {}, {"test.logit.auc": 0.75}, tags={"champion": "logit"})
    figures, tags = store.run(run_id)
    assert (figures, tags["champion"]) == ({"test.logit.auc": 0.75}, "logit")


def test_no_mlflow_is_imported_for_it(store):
    code = (
        "import sys; from pathlib import Path; from patron.registry import Registry; "
        f"store = Registry.at(Path({str(store.folder.parent)!r})); champion = store.champion('churn'); "
        "store.run(champion.run_id); print('mlflow' in sys.modules, champion.version)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert ended.stdout.split() == ["False", "1"]


def test_what_is_not_as_expected_is_left_to_mlflow_and_its_errors(store, tmp_path):
    assert kept_champions(tmp_path, ["churn"]) is None
    assert kept_champions(store.folder, ["lapse"]) is None
    assert kept_run(store.folder, "nowhere") is None
    with pytest.raises(RegistryError, match="There is no model 'lapse'"):
        store.champions(["churn", "lapse"])
