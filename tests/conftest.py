"""What many tests share: one grown history."""

import pytest

from worlds.histories import World, retail_world


@pytest.fixture(scope="session")
def world() -> World:
    """Three hundred customers over two years, up to the cutoff of the small histories."""
    return retail_world(seed=5)
