"""What tests of the registry share: a store with two versions of two models, copied for who breaks it."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from patron.registry import Registry

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
COLUMN = [{"name": "orders", "dtype": "float64"}]
SERVING = """
class Bundle:
    @classmethod
    def load(cls, path):
        return cls()

    def predict(self, frame):
        return frame[["orders"]]
"""


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Registry:
    """A store of two models with the versions 1 and 2, of which the first score."""
    store = Registry.at(tmp_path_factory.mktemp("shop"))
    run_id, folder = store.log_run("churn", "r", {}, {}), tmp_path_factory.mktemp("models")
    (folder / "bundle").mkdir()
    (folder / "bundle" / "spec.json").write_text(json.dumps({"features": COLUMN, "outputs": COLUMN}))
    (folder / "serving.py").write_text(SERVING)
    for name in ("churn", "tier", "churn", "tier"):
        store.register(name, run_id, folder / "bundle", folder / "serving.py", ["pandas"])
    store.promote_together([("churn", "1", "first"), ("tier", "1", "first")], NOON)
    return store


@pytest.fixture
def store(trained, tmp_path) -> Registry:
    """A copy of that store, which may be broken."""
    shutil.copytree(trained.folder, tmp_path / "mlruns")
    return Registry.relocate(tmp_path)
