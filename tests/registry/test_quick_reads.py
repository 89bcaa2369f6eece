"""Champions and figures of a local store are read without mlflow, and are those that mlflow reads."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from patron.errors import RegistryError
from patron.registry import Registry
from patron.registry.quick_reads import kept_champions, kept_run

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Registry:
    """A store with one champion, whose folder has a blank and an accent in its name."""
    folder = tmp_path_factory.mktemp("a café")
    bundle = folder / "bundle"
    bundle.mkdir()
    spec = '{"features": [{"name": "a", "dtype": "int64"}], "outputs": [{"name": "a", "dtype": "int64"}]}'
    (bundle / "spec.json").write_text(spec)
    (folder / "serving.py").write_text(
        "class Bundle:\n    @classmethod\n    def load(cls, path):\n        return cls()\n\n"
        "    def predict(self, frame):\n        return frame\n"
    )
    registry = Registry.at(folder)
    run_id = registry.log_run("churn", "r", {}, {"test.logit.auc": 0.75}, tags={"champion": "logit"})
    registry.register("churn", run_id, bundle, folder / "serving.py", ["pandas"], {"training": "t1"})
    registry.promote("churn", "1", "first", NOW)
    return registry


def test_what_is_read_is_what_mlflow_reads(store):
    ours = store.champion("churn")
    theirs = replace(store, folder=None).champion("churn")  # the same store, as if it were a server
    assert ours == theirs
    assert ours.training == "t1"
    figures, tags = store.run(ours.run_id)
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
    assert kept_champions(store.folder, ["tier"]) is None
    assert kept_run(store.folder, "nowhere") is None
    with pytest.raises(RegistryError, match="There is no model 'tier'"):
        store.champions(["churn", "tier"])
