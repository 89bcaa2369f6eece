"""Reason parts: the reasons of answers, computed from the rows that scoring kept, part by part, and never twice."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet

from patron.engines.outputs import private_path
from patron.features.definitions import Definition
from patron.jobs.kept import read_matrix, rows_name
from patron.jobs.staging import Staging
from patron.questions.matrices import Matrix

__all__ = ["REASONS", "join_parts", "reason_parts"]

REASONS = "reasons"


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
    beside = replace(staging, journal=REASONS)
    finished, _ = beside.begin({"parts": len(staging.paths(rows_name(0)))}, "")
    parts = list(zip(*(staging.paths(rows_name(kind)) for kind in range(len(kinds))), strict=True))
    for number, paths in enumerate(parts[len(finished) :], start=len(finished)):
        rows = [read_matrix(path, meanings) for path, meanings in zip(paths, kinds, strict=True)]
        table = reasons(rows)
        beside.add(number, len(table), {REASONS: table}, {})
    return beside.paths(REASONS)


def join_parts(paths: Sequence[Path], path: Path) -> Path:
    """Write the tables of several files below one another in one file, whole or not at all."""
    first = pyarrow.parquet.read_schema(paths[0])
    with private_path(path) as unfinished, pyarrow.parquet.ParquetWriter(unfinished, first) as writer:
        for part in paths:
            writer.write_table(pyarrow.parquet.ParquetFile(part).read())
    return path
