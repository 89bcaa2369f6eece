"""Work for the tasks of a Spark session, in a module that executors can import."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa

from patron.engines.spark import Spark
from patron.history.history import History
from patron.history.sources import events
from patron.jobs.distributed_training import train_on_spark
from patron.models.teams import Team
from patron.questions.kinds import churn
from patron.settings import Settings
from worlds.shop import SPLIT


def without_package(number: int, rows: dict[str, pa.Table]) -> str:
    """Ask for a package that no executor has."""
    import patron_packed_elsewhere  # noqa: F401

    return ""


def train_on_orders(spark: Spark, path: Path, folder: Path) -> str:
    """Train the hybrid of the shop on a session, and return its trees."""
    history = History.of(orders=events(spark.open(path), customer="customer", at="at", amount="amount"))
    return train_on_spark(
        churn(60), history, SPLIT, spark, folder, parts=2, candidate="hybrid", workers=2
    ).model.booster.model_to_string()


def grow_without_the_second(rank: int, machines: tuple[str, ...], threads: int) -> str:
    """Grow trees together with a worker whose Python is killed after some of them."""

    def die(state: lgb.callback.CallbackEnv) -> None:
        if rank == 1 and state.iteration == 5:
            os.kill(os.getpid(), signal.SIGKILL)

    X = np.random.default_rng(rank).normal(size=(1_000, 3))
    parameters = Team(rank, machines, threads).parameters
    return lgb.train(parameters, lgb.Dataset(X, X[:, 0]), 50, callbacks=[die]).model_to_string()


def as_parquet(settings: Settings, folder: Path) -> Settings:
    """Return the settings of the kiosk with its orders as Parquet, which Spark reads, written where they are not."""
    table, path = settings.tables["orders"], folder / "orders.parquet"
    if not path.exists():
        pd.read_csv(table.path, parse_dates=["day"]).astype({"day": "datetime64[us]"}).to_parquet(path)
    return replace(settings, tables={"orders": replace(table, path=path)})
