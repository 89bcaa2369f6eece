"""Staging: what a scoring run has finished, kept beside the results until all is there, and as long as they stand.

A run that is killed at any point finds its finished parts again, and the published scores are whole at any instant but
the one between two renames, which the next start mends.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from patron.engines.outputs import write_text
from patron.scoring.partitions import MANIFEST, Manifest, file_hash, folder_of, part_name, write_part

__all__ = [
    "COMPLETE",
    "HIDDEN",
    "Part",
    "Staging",
    "make_private",
    "publish",
    "recover",
    "remove_others",
    "remove_replaced",
]

HIDDEN = ".scores"  # the folder in that of the results
COMPLETE = "facts.json"  # is written last
SCORES, REPLACED = "scores", "replaced"
UNFINISHED = ".*.part"  # as outputs name what is not whole
PRIVATE = 0o700


@dataclass(frozen=True)
class Part:
    """A finished part.

    Args:
        number: from 0, without a hole.
        rows: how many customers it scores.
        files: by path below the staging the SHA-256 of what was written.
        notes: what is known of its rows, as plain values.
    """

    number: int
    rows: int
    files: Mapping[str, str]
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Staging:
    """The parts of one run, with a journal that names each when it is whole.

    Args:
        folder: hidden in that of the results, by the name of the run.
        journal: what its lines are about: parts of scores, or of reasons.
    """

    folder: Path
    journal: str = SCORES

    @classmethod
    def of(cls, out: Path, run_id: str) -> "Staging":
        """Return the staging of a run."""
        return cls(out / HIDDEN / run_id)

    def begin(self, layout: Mapping[str, Any], at: str) -> tuple[list[Part], str]:
        """Return what an earlier run has finished, in parts of the same layout, and when that began.

        Args:
            layout: what parts depend on; of parts of another one nothing is kept.
            at: when this run begins.
        """
        lines = self._lines()
        first = _first(lines)
        parts = self._whole(lines[1:]) if first.get("layout") == layout else []
        if not parts and self.journal == SCORES:
            (self.folder / COMPLETE).unlink(missing_ok=True)
        begun = first["at"] if parts else at
        make_private(self.folder)
        for unfinished in self.folder.rglob(UNFINISHED):  # of a run that was killed; one is at work at a time
            unfinished.unlink()
        header = json.dumps({"layout": layout, "at": begun}, sort_keys=True)
        write_text("".join(f"{line}\n" for line in (header, *map(_line, parts))), self._path)
        return parts, begun

    @property
    def is_complete(self) -> bool:
        """Whether no part is missing, as what is known of all of them was written."""
        return (self.folder / COMPLETE).is_file()

    def add(self, number: int, rows: int, frames: Mapping[str, pd.DataFrame], notes: Mapping[str, Any]) -> Part:
        """Write the tables of a part, then its line in the journal, both to the disk itself."""
        part = self.write(number, rows, frames, notes)
        self.note(part)
        return part

    def write(self, number: int, rows: int, frames: Mapping[str, pd.DataFrame], notes: Mapping[str, Any]) -> Part:
        """Write the tables of a part to the disk itself; it counts when it is noted."""
        files = {}
        for name, frame in frames.items():
            make_private(self.folder / name)
            files[f"{name}/{part_name(number)}"] = write_part(frame, self.folder / name / part_name(number))
        for path in files:
            _sync(self.folder / path)
        return Part(number, rows, files, notes)

    def note(self, part: Part) -> None:
        """Write the line of a part in the journal, to the disk itself."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{_line(part)}\n")
            file.flush()
            os.fsync(file.fileno())

    def holds(self, part: Part) -> bool:
        """Check whether the files of a part are as they were written."""
        return all(self._is(path, sha256) for path, sha256 in part.files.items())

    def parts(self) -> list[Part]:
        """Return the parts that the journal names, whether their files are still there or were published."""
        return [part for number, line in enumerate(self._lines()[1:]) if (part := _read(line, number)) is not None]

    def paths(self, name: str) -> list[Path]:
        """Return the files of the tables of one name, in the order of parts."""
        return [self.folder / path for part in self.parts() for path in part.files if path.startswith(f"{name}/")]

    @property
    def scores(self) -> Path:
        """The folder of the parts that are published."""
        return self.folder / SCORES

    def _lines(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").splitlines() if self._path.is_file() else []

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.journal}.jsonl"

    def _whole(self, lines: list[str]) -> list[Part]:
        """Return the parts up to the first whose line or files are not as they were written."""
        parts: list[Part] = []
        for number, line in enumerate(lines):
            part = _read(line, number)
            if part is None or not self.holds(part):
                break
            parts.append(part)
        return parts

    def _is(self, path: str, sha256: str) -> bool:
        return (self.folder / path).is_file() and file_hash(self.folder / path) == sha256


def publish(staging: Staging, root: Path, manifest: Manifest, cutoff: datetime) -> Path:
    """Put the parts of a run into the place of the scores of that cutoff, with the manifest; return the folder.

    Args:
        staging: with all parts.
        root: the folder scores.parquet; a file of that name, of an earlier release, goes.
        manifest: what the parts are.
        cutoff: of the scores.
    """
    target, aside = folder_of(root, cutoff), staging.folder.parent / REPLACED
    make_private(staging.scores)
    write_text(manifest.text, staging.scores / MANIFEST)
    for path in (staging.scores / MANIFEST, staging.scores):
        _sync(path)
    if root.is_file():
        root.unlink()
    make_private(root)
    if target.exists():
        make_private(aside)
        target.rename(aside / target.name)
    staging.scores.rename(target)
    _sync(root)
    shutil.rmtree(aside, ignore_errors=True)
    return target


def recover(out: Path, root: Path) -> None:
    """Finish what a run that was killed between two renames had begun: the new scores come, or the old ones return."""
    aside = out / HIDDEN / REPLACED
    for old in list(aside.glob("*")) if aside.is_dir() else []:
        target = root / old.name
        if not target.exists():
            new = [folder for folder in (out / HIDDEN).glob(f"*/{SCORES}") if _is_of(folder, target)]
            (new or [old])[0].rename(target)
    shutil.rmtree(aside, ignore_errors=True)


def remove_others(out: Path, *run_ids: str) -> None:
    """Remove what other runs than these have staged or kept."""
    for folder in (out / HIDDEN).glob("*"):
        if folder.name not in run_ids:
            shutil.rmtree(folder, ignore_errors=True)


def remove_replaced(out: Path, run_id: str) -> None:
    """Remove what replaced runs have kept, where the run in their place was killed before it did; no unfinished one."""
    for staging in map(Staging, (out / HIDDEN).glob("*")):
        if staging.folder.name != run_id and staging.is_complete and not staging.scores.is_dir():
            shutil.rmtree(staging.folder, ignore_errors=True)


def make_private(folder: Path) -> None:
    """Make a folder and the one it lies in, where there are none, for their owner alone."""
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    for level in (folder.parent, folder):
        level.mkdir(mode=PRIVATE, exist_ok=True)


def _is_of(folder: Path, target: Path) -> bool:
    """Check whether staged scores are whole and belong into the place of a partition."""
    if not (folder / MANIFEST).is_file():
        return False
    return folder_of(target.parent, Manifest.of(folder).moment) == target


def _first(lines: list[str]) -> dict[str, Any]:
    """Return what the first line of a journal says, nothing where it was cut off."""
    try:
        return dict(json.loads(lines[0]))
    except (IndexError, ValueError, TypeError):
        return {}


def _line(part: Part) -> str:
    return json.dumps(asdict(part), sort_keys=True)


def _read(line: str, number: int) -> Part | None:
    """Return the part of a line of the journal, None where it was cut off."""
    try:
        part = Part(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return part if part.number == number else None


def _sync(path: Path) -> None:
    """Wait until the disk holds what was written."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
