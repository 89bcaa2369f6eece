"""Features mean the same on every engine."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def on_every_engine(engine):
    """Run all tests of this room on each engine."""
