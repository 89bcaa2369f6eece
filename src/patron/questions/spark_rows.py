"""Spark rows: rows of a history that are computed in the tasks of a Spark session, by the code of one machine.

Tasks write them to a folder that the driver sees; there they come together.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from patron.engines.shared_folders import shared_folder
from patron.engines.spark import Spark
from patron.errors import QuestionError
from patron.features.compute.executor import RowBlock, execute
from patron.features.compute.plan import ExecutionPlan, silent
from patron.features.definitions import columns_read
from patron.history.some_customers import history_of, rows_before, without_rows
from patron.questions.matrices import EventRows, table_of, whole
from patron.questions.question import Question

__all__ = ["SparkRows", "gigabytes"]

GIGABYTE, NUMBER_BYTES, KEY_BYTES = 2**30, 4, 60


@dataclass(frozen=True)
class SparkRows(EventRows):
    """The rows of a history whose tables lie in a Spark session.

    Args:
        history: the checked event tables.
        spark: the session.
        folder: what all executors see by the same path.
    """

    spark: Spark
    folder: Path

    def block(self, plan: ExecutionPlan, question: Question) -> RowBlock:
        """Run a plan in tasks, each over the events of some customers, and bring their rows together.

        Raises:
            QuestionError: nobody is asked about.
        """
        read = {table: set[str]() for table in plan.population.tables}
        rows = rows_before(plan.history, plan.latest, read | columns_read(plan.history.tables, plan.features))
        with shared_folder(self.folder, "rows") as shared:
            known = replace(plan, history=without_rows(plan.history), progress=silent)
            parts = [json.loads(line) for line in self.spark.each(rows, _Task(known, shared))]
            blocks = [_read(shared / part["file"], plan.kind) for part in parts if part["rows"]]
        return whole(plan, question, blocks)


def gigabytes(rows: int, width: int) -> float:
    """Return what rows of so many columns take in memory."""
    return rows * (width * NUMBER_BYTES + KEY_BYTES) / GIGABYTE


@dataclass(frozen=True)
class _Task:
    """What is done about the customers of a part; it holds no row and no session, and goes to the executors."""

    plan: ExecutionPlan
    folder: Path

    def __call__(self, number: int, rows: Mapping[str, pa.Table]) -> str:
        plan = replace(self.plan, history=history_of(self.plan.history, rows))
        blocks = [block for block in execute(plan) if len(block.customer)]
        if not blocks:
            return json.dumps({"rows": 0})
        file = f"{number:05d}.parquet"
        tables = [table_of(block, [*block.names, *block.texts]) for block in blocks]
        pq.write_table(pa.concat_tables(tables), self.folder / file, compression="zstd", use_dictionary=False)
        return json.dumps({"rows": sum(map(len, tables)), "file": file})


def _read(path: Path, kind: type) -> RowBlock:
    """Read the rows that a task wrote."""
    if not path.exists():
        raise QuestionError(
            "The executors wrote rows to a folder that this machine does not see. Name one that all share, by the same "
            'path: out = "/mnt/shared/results".'
        )
    rows = pq.read_table(path).combine_chunks()
    fields = [field for field in rows.schema if field.name not in ("customer", "cutoff")]
    names = tuple(field.name for field in fields if not pa.types.is_string(field.type))
    numbers: np.ndarray = np.empty((len(names), len(rows)), kind)
    for place, name in enumerate(names):
        numbers[place] = rows[name].to_numpy()
    texts = {field.name: rows[field.name].to_numpy() for field in fields if field.name not in names}
    customers = rows["customer"].chunk(0)
    return RowBlock(customers, rows["cutoff"].to_numpy(), numbers, names, texts)
