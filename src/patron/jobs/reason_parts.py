"""Reason parts: the reasons of answers, computed from the rows that scoring kept, part by part, and never twice."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet

from patron.decisions.reasons import REASON_COLUMNS, REASONS, with_reasons
from patron.engines.memory import give_back
from patron.engines.outputs import private_path
from patron.features.definitions import Definition
from patron.jobs.kept import read_kept_of, read_matrix, rows_name
from patron.jobs.staging import Staging
from patron.questions.matrices import Matrix

__all__ = ["join_parts", "lever_counts", "reason_parts", "with_kept_reasons"]

TABLES = "reasons"


def reason_parts(
    staging: Staging,
    kinds: Sequence[tuple[Definition, ...]],
    reasons: Callable[[Sequence[Matrix]], pd.DataFrame],
) -> list[Path]:
    """Return the files of the reasons of all parts, after those that are missing were computed.

    Args:
        staging: of a run, with the rows that it kept.
        kinds: what the columns of the rows mean, for each kind of customers.
        reasons: computes those of some customers.
    """
    beside = replace(staging, journal=TABLES)
    finished, _ = beside.begin({"parts": len(staging.paths(rows_name(0)))}, "")
    parts = list(zip(*(staging.paths(rows_name(kind)) for kind in range(len(kinds))), strict=True))
    for number, paths in enumerate(parts[len(finished) :], start=len(finished)):
        rows = [read_matrix(path, meanings) for path, meanings in zip(paths, kinds, strict=True)]
        table = reasons(rows)
        beside.add(number, len(table), {TABLES: table}, {})
        give_back()
    return beside.paths(TABLES)


def join_parts(paths: Sequence[Path], path: Path) -> Path:
    """Write the tables of several files below one another in one file, whole or not at all."""
    first = pyarrow.parquet.read_schema(paths[0])
    with private_path(path) as unfinished, pyarrow.parquet.ParquetWriter(unfinished, first) as writer:
        for part in paths:
            writer.write_table(pyarrow.parquet.ParquetFile(part).read())
    return path


def lever_counts(paths: Sequence[Path]) -> Counter[str]:
    """Return how many reasons name each lever; the empty text is none."""
    counts: Counter[str] = Counter()
    for path in paths:
        levers = pyarrow.parquet.ParquetFile(path).read(["lever"])["lever"]
        counts.update({pair["values"]: pair["counts"] for pair in pc.value_counts(levers).to_pylist()})
    return counts


def with_kept_reasons(table: pd.DataFrame, paths: Sequence[Path]) -> pd.DataFrame:
    """Return a table of customers with the first reasons of each in words, read part by part.

    Args:
        table: `customer` and `cutoff`, whatever else.
        paths: the files of the reasons.
    """
    reasons = (read_kept_of(path, table.customer, REASON_COLUMNS) for path in paths)
    texts = [with_reasons(table[table.customer.isin(some.customer)], some) for some in reasons if len(some)]
    words = pd.concat([with_reasons(table[:0], None), *texts])[[*REASONS]]
    return table.assign(**words.reindex(table.index, fill_value=""))
