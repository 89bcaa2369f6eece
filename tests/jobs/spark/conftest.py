"""One Spark session for all tests that need a real one: `make test-spark` installs it; elsewhere they are left out."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from patron.engines.spark import Spark

CONF = {
    "spark.sql.shuffle.partitions": 3,
    "spark.ui.enabled": False,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
}


@pytest.fixture(scope="session")
def spark_home():
    """The folder of the Spark that is installed; without one, or without Java, the tests are left out."""
    pyspark = pytest.importorskip("pyspark")
    if not (shutil.which("java") or "JAVA_HOME" in os.environ):
        pytest.skip("there is no Java")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # executors import what the tests do
    return Path(pyspark.__file__).parent


@pytest.fixture(scope="session")
def spark(spark_home):
    """A session on two cores of this machine."""
    session = Spark("local[2]", CONF)
    yield session
    session.session.stop()
