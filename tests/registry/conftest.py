"""What tests of the registry share: a store with two versions of two models, copied for who breaks it."""

import shutil
from datetime import UTC, datetime

import pytest

from patron.registry import Registry
from worlds.served_model import served_model

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Registry:
    """A store of two models with the versions 1 and 2, of which the first score."""
    store = Registry.at(tmp_path_factory.mktemp("shop"))
    run_id, model = store.log_run("churn", "r", {}, {}), served_model(tmp_path_factory.mktemp("models"))
    for name in ("churn", "tier", "churn", "tier"):
        store.register(name, run_id, *model, ["pandas"])
    store.promote_together([("churn", "1", "first"), ("tier", "1", "first")], NOON)
    return store


@pytest.fixture
def store(trained, tmp_path) -> Registry:
    """A copy of that store, which may be broken."""
    shutil.copytree(trained.folder, tmp_path / "mlruns")
    return Registry.relocate(tmp_path)
