"""What many tests share: one grown history, and the engines that histories are opened by."""

import gc
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: a worker for each core, and threads that wait burn theirs

import hypothesis
import pytest

from patron.registry import local_store
from patron.reports import figure_style
from worlds.engines import ENGINES, running
from worlds.histories import World, retail_world
from worlds.spark_session import spark, spark_home  # noqa: F401, fixtures
from worlds.warehouse import spark_history, warehouse  # noqa: F401, fixtures

# A busy machine is no fault of the code, and a suite that fails by chance is run again instead of read: the examples
# are the same each time. `HYPOTHESIS_PROFILE=search` looks for new ones.
hypothesis.settings.register_profile("patron", deadline=None, derandomize=True, max_examples=40)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patron"))
os.environ.setdefault("PATRON_SHOW_VALUES", "1")  # tests quote sentences whole; test_values.py is about what they hide


def pytest_collection_finish():
    """Keep what all tests share out of the search for garbage, which would walk through all of it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def stores(tmp_path_factory):
    """Copy each new local store from one that mlflow created, as its migrations take seconds."""
    create = local_store._create
    first = tmp_path_factory.mktemp("store") / "mlruns"

    def copy(folder):
        if not first.exists():
            first.mkdir()
            create(first)
        shutil.copyfile(first / "mlflow.db", folder / "mlflow.db.new")
        with closing(sqlite3.connect(folder / "mlflow.db.new")) as database, database:
            address = f"{local_store.artifacts(folder)}/0"
            database.execute("UPDATE experiments SET artifact_location = ?", (address,))
        (folder / "mlflow.db.new").replace(folder / "mlflow.db")

    local_store._create = copy
    yield
    local_store._create = create


@pytest.fixture(scope="session", autouse=True)
def rendering():
    """Plan plots without rendering them, which takes a tenth of a second each, but within `with rendering():`."""
    render, sketch = figure_style._rendered, lambda figure: "<svg></svg>\n"

    @contextmanager
    def whole():
        figure_style._rendered = render
        yield
        figure_style._rendered = sketch

    figure_style._rendered = sketch
    yield whole
    figure_style._rendered = render


@pytest.fixture
def rendered(rendering):
    """Render the plots of a test as readers get them."""
    with rendering():
        yield


@pytest.fixture(scope="session")
def world() -> World:
    """Three hundred customers over two years, up to the cutoff of the small histories."""
    return retail_world(seed=5)


@pytest.fixture(scope="session", params=sorted(ENGINES))
def engine(request):
    """Open the histories of the tests by each engine in turn; return what opens a frame."""
    with running(request.param) as open_frame:
        yield open_frame
