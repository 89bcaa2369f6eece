"""Partitions: scores on disk, a folder for each cutoff, with a manifest of what it holds and what it came from.

Every reader of Parquet takes the folder as one table, with the cutoff as the column that the names of folders tell.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from patron.engines.outputs import private_path
from patron.errors import ScoreError, listed
from patron.periods import Moment, instant

__all__ = [
    "LINEAGE",
    "MANIFEST",
    "Manifest",
    "file_hash",
    "folder_of",
    "manifests",
    "part_name",
    "read_scores",
    "write_part",
]

MANIFEST = "_manifest.json"  # readers of Parquet pass over what begins with an underscore
CUTOFF = "cutoff="
LINEAGE = ("models", "training_runs", "feature_fingerprint", "data_fingerprint", "run_id", "scored_on")
AGAIN = "Score again: patron score SETTINGS"


@dataclass(frozen=True)
class Manifest:
    """What a partition holds, and what it came from.

    Args:
        run_id: of the scoring run: the same whenever the same questions are asked of the same data and models.
        cutoff: at which customers were looked at, as ISO 8601.
        scored_at: the instant of the run, as ISO 8601.
        identity: what the run is known by: release, settings, models and data.
        request: a hash of that without the data.
        sources: the state of the files that were read; empty where only reading can tell whether they changed.
        rows: how many customers are scored.
        parts: the files, each with its rows and SHA-256.
        warnings: what was odd about the data.
        breaks: in what the tables differ from those that the models were trained on.
        expected: what the models should reach on these customers, by question and figure.
        shifts: the features that look otherwise than in training, those first that move the answers most.
    """

    run_id: str
    cutoff: str
    scored_at: str
    identity: Mapping[str, Any]
    request: str
    sources: str
    rows: int
    parts: Sequence[Mapping[str, Any]]
    warnings: Sequence[str]
    breaks: Sequence[Mapping[str, Any]] = ()
    expected: Mapping[str, Any] = field(default_factory=dict)
    shifts: Sequence[Mapping[str, Any]] = ()

    @property
    def moment(self) -> datetime:
        """The cutoff as a time."""
        return instant(self.cutoff)

    @property
    def text(self) -> str:
        """The manifest as it is written."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def of(cls, folder: Path) -> "Manifest":
        """Return the manifest of a partition.

        Raises:
            ScoreError: there is none, or it is broken.
        """
        try:
            manifest = cls(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
            instant(manifest.cutoff)
        except (OSError, ValueError, TypeError) as error:
            raise ScoreError(
                f"The scores in {folder.name!r} have no whole manifest ({type(error).__name__}), so nobody knows "
                f"whether all are there. {AGAIN}"
            ) from None
        return manifest

    def check(self, folder: Path) -> None:
        """Refuse a partition of which a part is missing or changed.

        Raises:
            ScoreError: with the first part that is not as it was written.
        """
        for part in self.parts:
            path = folder / part["file"]
            if not path.is_file() or file_hash(path) != part["sha256"]:
                raise ScoreError(
                    f"The part {part['file']!r} of the scores in {folder.name!r} is missing or was changed since it "
                    f"was written. {AGAIN}"
                )


def read_scores(path: Path | str, cutoff: Moment | None = None, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read the scores of one cutoff, each part checked against the manifest.

    Args:
        path: the folder scores.parquet, or the folder of results that it lies in.
        cutoff: of which scores are read; the latest unless given.
        columns: the answers that are read beside `customer` and `cutoff`; all unless given.

    Returns:
        A row for each customer, sorted by customer: `customer`, `cutoff` as a time, the answers, and where they came
        from: `models` (names and versions), `training_runs`, `feature_fingerprint`, `data_fingerprint`, `run_id` and
        `scored_on` (the day of the run in UTC).

    Raises:
        ScoreError: there are no scores of that cutoff, or they are not as they were written.
    """
    root = Path(path) if Path(path).name == "scores.parquet" else Path(path) / "scores.parquet"
    when = instant(cutoff) if cutoff is not None else _latest(root)
    folder = folder_of(root, when)
    if not folder.is_dir():
        there = listed(f"{manifest.moment:%Y-%m-%d}" for manifest in manifests(root))
        raise ScoreError(f"There are no scores of {when:%Y-%m-%d} in {root.parent.name!r}. There are: {there}. {AGAIN}")
    manifest = Manifest.of(folder)
    manifest.check(folder)
    wanted = list(dict.fromkeys(("customer", *columns))) if columns else None
    frame = _below_one_another([folder / part["file"] for part in manifest.parts], wanted)
    frame.insert(1, "cutoff", np.full(len(frame), when, dtype="datetime64[us]"))
    return frame.sort_values("customer", kind="stable", ignore_index=True) if len(manifest.parts) > 1 else frame


def manifests(root: Path) -> list[Manifest]:
    """Return the manifests of all partitions that have one, in the order of their cutoffs."""
    read = []
    for folder in root.glob(f"{CUTOFF}*"):
        try:
            read.append(Manifest.of(folder))
        except ScoreError:
            continue
    return sorted(read, key=lambda manifest: manifest.moment)


def folder_of(root: Path, cutoff: datetime) -> Path:
    """Return the folder of a cutoff.

    >>> folder_of(Path("scores.parquet"), datetime(2011, 6, 1)).name
    'cutoff=2011-06-01'
    >>> folder_of(Path("scores.parquet"), datetime(2011, 6, 1, 6)).name
    'cutoff=2011-06-01T06%3A00%3A00'
    """
    midnight = cutoff == datetime(cutoff.year, cutoff.month, cutoff.day)
    return root / f"{CUTOFF}{quote(f'{cutoff:%Y-%m-%d}' if midnight else cutoff.isoformat())}"


def part_name(number: int) -> str:
    """Return the name of a part.

    >>> part_name(3)
    'part-00003.parquet'
    """
    return f"part-{number:05d}.parquet"


def write_part(frame: pd.DataFrame, path: Path) -> str:
    """Write a part, for its owner alone, and return its SHA-256; each column has one type, whatever the part holds."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    kinds = [field.with_type(pa.string()) if _is_text(field.type) else field for field in table.schema]
    with private_path(path) as unfinished:
        pa.parquet.write_table(table.cast(pa.schema(kinds)), unfinished)
    return file_hash(path)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _below_one_another(paths: Sequence[Path], columns: Sequence[str] | None) -> pd.DataFrame:
    """Return the rows of all files; each column is let go of as soon as it is one of the frame."""
    table = pa.concat_tables([pa.parquet.ParquetFile(path).read(columns) for path in paths])
    return table.to_pandas(split_blocks=True, self_destruct=True)


def _latest(root: Path) -> datetime:
    known = manifests(root)
    if not known:
        why = "is a file of an earlier release" if root.is_file() else "has no whole scores"
        raise ScoreError(f"{root.name!r} in {root.parent.name!r} {why}. {AGAIN}")
    return known[-1].moment


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_null(kind) or pa.types.is_large_string(kind))
