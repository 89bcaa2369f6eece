"""Work for the tasks of a Spark session, in a module that executors can import."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa

from patron.history.history import History
from patron.history.some_customers import history_of
from patron.questions.matrices import matrix
from patron.questions.question import Question
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
