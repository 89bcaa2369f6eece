"""One Spark session for all tests that need a real one: `make test-spark` asks for it; elsewhere they are left out."""

import os
import sys
from pathlib import Path

import pytest

from patron.engines.spark import Spark
from patron.engines.spark_session import check_installed

CONF = {
    "spark.sql.shuffle.partitions": 2,
    "spark.sql.adaptive.enabled": False,  # small queries are planned and compiled for longer than they run
    "spark.sql.codegen.wholeStage": False,
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.ui.enabled": False,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
}


@pytest.fixture(scope="session")
def spark_home():
    """The folder of the Spark that is installed; without one, or without Java, tests fail with how to install it."""
    if "PATRON_SPARK" not in os.environ:
        pytest.skip("it needs a Spark session: make test-spark")
    check_installed()
    import pyspark

    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # executors import what the tests do
    return Path(pyspark.__file__).parent


@pytest.fixture(scope="session")
def spark(spark_home):
    """A session on two cores of this machine."""
    session = Spark("local[2]", CONF)
    yield session
    session.session.stop()
