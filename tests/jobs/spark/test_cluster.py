"""A cluster of one master and two workers, each a process of its own, as docs/scale.md sets it up; one is lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pandas as pd
import pytest

from patron.jobs import Job, score
from patron.scoring.partitions import LINEAGE, read_scores
from worlds.spark_work import as_parquet

SCORING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from dataclasses import replace
from patron.engines.spark import Spark
from patron.jobs import job_of, score
from patron.settings.files import parse
from worlds.spark_work import as_parquet
from worlds.kiosk import SETTINGS

master, root, orders, out = sys.argv[1:]
conf = {"spark.executor.memory": "512m", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": False}
conf |= {"spark.sql.shuffle.partitions": 6, "spark.driver.bindAddress": "127.0.0.1"}
settings = as_parquet(parse("kiosk.toml", SETTINGS, Path(root)), Path(orders))
settings = replace(settings, out=Path(out), spark=Spark(master, conf))
job = job_of(settings, datetime(2024, 1, 1, tzinfo=UTC), lambda line: print(line, flush=True), engine="spark")
score(job)
"""

pytestmark = pytest.mark.spark


@contextmanager
def process(*command: str, out: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen]:
    """A process and its children, which end with the block."""
    running = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def listening(port: int) -> bool:
    with socket.socket() as place:
        return place.connect_ex(("127.0.0.1", port)) == 0


def test_scores_are_those_of_one_machine_though_a_worker_is_lost(spark_home, trained_job, tmp_path):
    settings = as_parquet(trained_job.settings, tmp_path)
    one = Job(replace(settings, out=tmp_path / "one"), trained_job.now)
    score(one)
    start, port = str(spark_home / "bin" / "spark-class"), free_port()
    place = f"spark://127.0.0.1:{port}"
    worker = (start, "org.apache.spark.deploy.worker.Worker", place, "--host", "127.0.0.1", "--cores", "1")
    worker += ("--memory", "1g", "--webui-port", "0", "--work-dir", str(tmp_path / "work"))
    master = (start, "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", f"{port}")
    given = (place, str(settings.root), str(tmp_path), str(tmp_path / "other"))
    with process(*master, "--webui-port", "0"):
        while not listening(port):
            time.sleep(0.2)
        with (
            process(*worker) as lost,
            process(*worker),
            process(sys.executable, "-W", "ignore", "-c", SCORING, *given, out=subprocess.PIPE) as scoring,
        ):
            for line in scoring.stdout:
                if line.startswith("history"):  # the door has counted, and the parts come next
                    os.killpg(lost.pid, signal.SIGKILL)
                    break
            scoring.stdout.read()
            assert scoring.wait(timeout=300) == 0
    left, right = (read_scores(out).drop(columns=list(LINEAGE)) for out in (one.out, tmp_path / "other"))
    pd.testing.assert_frame_equal(left, right, check_exact=True)
