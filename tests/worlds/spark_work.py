"""Work for the tasks of a Spark session, in a module that executors can import."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa

from patron.history.history import History
from patron.history.some_customers import history_of
from patron.models.teams import Team
from patron.questions.matrices import matrix
from patron.questions.question import Question
from patron.settings import Settings
from worlds.histories import CUTOFF, ago

CUTOFFS = [ago(90), CUTOFF]


def write_features(question: Question, known: History, folder: Path, number: int, rows: dict[str, pa.Table]) -> str:
    """Write the features of some customers, and return how many rows there are."""
    some = matrix(question, history_of(known, rows), CUTOFFS)
    pd.concat([some.key, some.X], axis=1).to_parquet(folder / f"{number}.parquet")
    return json.dumps(len(some))


def without_package(number: int, rows: dict[str, pa.Table]) -> str:
    """Ask for a package that no executor has."""
    import patron_packed_elsewhere  # noqa: F401

    return ""


def grow_without_the_second(rank: int, machines: tuple[str, ...], threads: int) -> str:
    """Grow trees together with a worker whose Python is killed."""
    if rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    examples = lgb.Dataset(np.eye(100), np.arange(100) % 2)
    return lgb.train(Team(rank, machines, threads).parameters, examples, 5).model_to_string()


def as_parquet(settings: Settings, folder: Path) -> Settings:
    """Return the settings of the kiosk with its orders as Parquet, which Spark reads, written where they are not."""
    table, path = settings.tables["orders"], folder / "orders.parquet"
    if not path.exists():
        pd.read_csv(table.path, parse_dates=["day"]).astype({"day": "datetime64[us]"}).to_parquet(path)
    return replace(settings, tables={"orders": replace(table, path=path)})
