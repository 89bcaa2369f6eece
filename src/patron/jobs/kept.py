"""Kept: what one scoring run leaves for the verbs after it, so that none of them reads the events again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from patron.engines.outputs import write_text
from patron.features.definitions import Definition
from patron.history.assumptions import Assumption
from patron.history.receipts import Receipt
from patron.jobs.staging import COMPLETE, Staging
from patron.questions.matrices import KEY, Matrix
from patron.scoring.partitions import LINEAGE, MANIFEST, Manifest, read_scores

__all__ = ["Facts", "ScoredRun", "matrix_frame", "read_kept", "read_kept_of", "read_matrix", "rows_name", "to_matrix"]

BESIDE = "beside.json"


@dataclass(frozen=True)
class Facts:
    """What is known of the tables that were read, beside the rows.

    Args:
        receipts: what was read of each table.
        left_out: features that the tables could not give.
        definitions: what the columns of the kept rows mean, for each kind of customers.
        item_names: names of the items, where a column of the lines gives them.
        ends: up to when the tables are known; None where nobody knows.
    """

    receipts: tuple[Receipt, ...]
    left_out: tuple[str, ...]
    definitions: tuple[tuple[Definition, ...], ...]
    item_names: Mapping[str, str]
    ends: datetime | None

    def write(self, folder: Path) -> None:
        """Write the facts beside the rows of a run."""
        write_text(json.dumps(asdict(self), default=_plain), folder / COMPLETE)

    @classmethod
    def read(cls, folder: Path) -> "Facts":
        """Return the facts of a run."""
        plain = json.loads((folder / COMPLETE).read_text(encoding="utf-8"))
        return cls(
            tuple(map(_receipt, plain["receipts"])),
            tuple(plain["left_out"]),
            tuple(tuple(Definition(**meaning) for meaning in meanings) for meanings in plain["definitions"]),
            plain["item_names"],
            plain["ends"] and datetime.fromisoformat(plain["ends"]),
        )


@dataclass(frozen=True)
class ScoredRun:
    """A published scoring run, with what it kept.

    Args:
        manifest: of its scores.
        path: the folder of its partition.
        staging: what it kept.
        is_new: whether this process made it, and did not find it.
    """

    manifest: Manifest
    path: Path
    staging: Staging
    is_new: bool

    @property
    def cutoff(self) -> datetime:
        """At which customers were looked at."""
        return self.manifest.moment

    @cached_property
    def facts(self) -> Facts:
        """What is known of the tables that were read."""
        return Facts.read(self.staging.folder)

    def scores(self, columns: Sequence[str] = ()) -> pd.DataFrame:
        """Return the answers, without where they came from."""
        read = read_scores(self.path.parent, self.cutoff, columns)
        return read.drop(columns=[name for name in LINEAGE if name in read])

    def score_parts(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield some columns of the answers part by part."""
        return (read_kept(path, columns) for path in self._score_paths)

    def scores_of(self, customers: pd.Series) -> pd.DataFrame:
        """Return the answers about some customers, with all columns of `scores`."""
        some = pd.concat([read_kept_of(path, customers) for path in self._score_paths], ignore_index=True)
        some.insert(1, "cutoff", np.full(len(some), self.cutoff, dtype="datetime64[us]"))
        return some.drop(columns=[name for name in LINEAGE if name in some])

    def sample_scores(self, columns: Sequence[str], most: int) -> pd.DataFrame:
        """Return some answers of about so many customers, every so many-th of a part; of all where they are fewer."""
        step = -(-self.manifest.rows // most)
        return pd.concat([_every(step, read_kept(path, columns)) for path in self._score_paths], ignore_index=True)

    @property
    def _score_paths(self) -> list[Path]:
        return [self.path / part["file"] for part in self.manifest.parts]

    def row_parts(self, number: int) -> Iterator[Matrix]:
        """Yield the rows of one kind of customers part by part."""
        meanings = self.facts.definitions[number]
        return (read_matrix(path, meanings) for path in self.staging.paths(rows_name(number)))

    @property
    def has_all_rows(self) -> bool:
        """Whether each part scores somebody, so that the rows of earlier cutoffs are kept of everybody."""
        return all(part.rows for part in self.staging.parts())

    def rows(self, number: int) -> Matrix:
        """Return the rows of one kind of customers: today's, and those that they are held against, in order."""
        paths = self.staging.paths(rows_name(number))
        frame = pd.concat(map(read_kept, paths), ignore_index=True)
        if len(paths) > 1:
            frame = frame.sort_values(["cutoff", "customer"], kind="stable", ignore_index=True)
        return to_matrix(frame, self.facts.definitions[number])

    def sample(self, number: int, cutoff: datetime, most: int) -> Matrix:
        """Return about so many rows of a cutoff, every so many-th of each part, as those of a picture may be."""
        step = -(-self.manifest.rows // most)
        frames = []
        for path in self.staging.paths(rows_name(number)):
            frame = read_kept(path)
            frames.append(_every(step, frame[frame.cutoff == cutoff]))
        return to_matrix(pd.concat(frames, ignore_index=True), self.facts.definitions[number])

    @cached_property
    def columns(self) -> list[str]:
        """The answers that the scores have, beside `customer` and `cutoff`."""
        names = pyarrow.parquet.read_schema(self.path / self.manifest.parts[0]["file"]).names
        return [name for name in names if name not in ("customer", *LINEAGE)]

    @property
    def beside(self) -> dict[str, Any]:
        """What was written beside the scores, and by which settings."""
        path = self.staging.folder / BESIDE
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}

    def keep_beside(self, noted: dict[str, Any]) -> dict[str, Any]:
        """Note what was written beside the scores, and by which settings."""
        write_text(json.dumps(noted), self.staging.folder / BESIDE)
        return noted

    def note_findings(self, expected: Mapping[str, Any], shifts: Sequence[Mapping[str, Any]]) -> Path:
        """Add to the manifest what the models should reach on these customers, and which features moved their answers.

        Args:
            expected: figures by question.
            shifts: the features that look otherwise than in training, those first that move the answers most.
        """
        noted = replace(Manifest.of(self.path), expected=expected, shifts=shifts)
        return write_text(noted.text, self.path / MANIFEST)


def rows_name(number: int) -> str:
    """Return the name of the kept rows of one kind of customers."""
    return f"rows-{number}"


def matrix_frame(rows: Matrix) -> pd.DataFrame:
    """Return rows as one table."""
    return pd.concat([rows.key, rows.X], axis=1)


def read_kept(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a kept table, or some of its columns."""
    return pyarrow.parquet.ParquetFile(path).read(columns).to_pandas()


def read_kept_of(path: Path, customers: pd.Series, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return what a kept table holds of some customers."""
    table = pyarrow.parquet.ParquetFile(path).read(columns)
    some = pa.array(customers).cast(table["customer"].type)
    return table.filter(pc.is_in(table["customer"], some)).to_pandas()


def read_matrix(path: Path, definitions: tuple[Definition, ...]) -> Matrix:
    """Return kept rows of one part."""
    return to_matrix(read_kept(path), definitions)


def to_matrix(frame: pd.DataFrame, definitions: tuple[Definition, ...]) -> Matrix:
    """Return the rows of a table as `matrix_frame` writes it."""
    key = frame[KEY].astype({"cutoff": "datetime64[us]"})
    return Matrix(key, frame.drop(columns=KEY), definitions)


def _every(step: int, frame: pd.DataFrame) -> pd.DataFrame:
    """Return every so many-th row, copied, as a view would hold all others in memory."""
    return frame.iloc[::step].copy()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value.item()


def _receipt(plain: Mapping[str, Any]) -> Receipt:
    times = {name: plain[name] and datetime.fromisoformat(plain[name]) for name in ("first", "last")}
    holes = tuple((datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in plain["holes"])
    assumed = tuple(Assumption(**assumption) for assumption in plain["assumed"])
    return Receipt(**{**plain, **times, "holes": holes, "assumed": assumed, "notes": tuple(plain["notes"])})
