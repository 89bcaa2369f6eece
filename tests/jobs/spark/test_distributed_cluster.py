"""Training on a cluster of one master and two workers, each a process: the trees of a session of two cores."""

import json
import subprocess
import sys
import time

import pytest

from jobs.spark.test_cluster import free_port, listening, process
from worlds.shop import orders
from worlds.spark_work import train_on_orders

TRAINING = """
import json, sys
from patron.engines.spark import Spark
from patron.engines.spark_teams import together, workers_of
from patron.errors import PatronError
from worlds.spark_session import CONF
from worlds.spark_work import grow_without_the_second, train_on_orders

master, orders, folder = sys.argv[1:]
spark = Spark(master, CONF | {"spark.executor.memory": "512m"})
trees = train_on_orders(spark, orders, folder)
try:
    together(spark, 2, grow_without_the_second)
except PatronError as error:
    print(json.dumps({"workers": workers_of(spark), "trees": trees, "refusal": str(error)}))
"""

pytestmark = pytest.mark.spark


def test_a_cluster_grows_the_trees_of_two_cores_and_a_lost_worker_ends_it_with_a_message(spark_home, spark, tmp_path):
    orders(400).astype({"at": "datetime64[us]"}).to_parquet(tmp_path / "orders.parquet")
    here = train_on_orders(spark, tmp_path / "orders.parquet", tmp_path / "here")
    start, port = str(spark_home / "bin" / "spark-class"), free_port()
    place = f"spark://127.0.0.1:{port}"
    worker = (start, "org.apache.spark.deploy.worker.Worker", place, "--host", "127.0.0.1", "--cores", "1")
    worker += ("--memory", "1g", "--webui-port", "0", "--work-dir", str(tmp_path / "work"))
    master = (start, "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", f"{port}")
    with process(*master, "--webui-port", "0"):
        while not listening(port):
            time.sleep(0.2)
        given = (place, str(tmp_path / "orders.parquet"), str(tmp_path / "there"))
        with process(*worker), process(*worker):
            training = process(sys.executable, "-W", "ignore", "-c", TRAINING, *given, out=subprocess.PIPE)
            with training as running:
                there = json.loads(running.communicate(timeout=500)[0].splitlines()[-1])
    assert there["workers"] == 2
    assert there["trees"] == here
    assert "a worker was lost or could not go on" in there["refusal"]
