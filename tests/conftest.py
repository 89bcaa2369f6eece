"""What many tests share: one grown history, and the engines that histories are opened by."""

import os

import hypothesis
import pytest

from worlds.engines import ENGINES, running
from worlds.histories import World, retail_world

hypothesis.settings.register_profile("patron", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("patron")
os.environ.setdefault("PATRON_SHOW_VALUES", "1")  # tests quote sentences whole; test_values.py is about what they hide


@pytest.fixture(scope="session")
def world() -> World:
    """Three hundred customers over two years, up to the cutoff of the small histories."""
    return retail_world(seed=5)


@pytest.fixture(scope="session", params=sorted(ENGINES))
def engine(request):
    """Open the histories of the tests by each engine in turn; return what opens a frame."""
    with running(request.param) as open_frame:
        yield open_frame
