"""Decision log: the plans of the past as they were written, one file each, in a list whose every entry has a hash.

Nothing is overwritten: another plan of the same cutoff is another entry, and the latest of a cutoff counts.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from patron.engines.outputs import private_path, write, write_text
from patron.errors import ScoreError
from patron.periods import instant
from patron.scoring.partitions import file_hash

__all__ = [
    "DecisionLog",
    "KeptPlan",
    "keep_chances",
    "keep_decisions",
    "kept_decisions",
    "kept_plans",
    "latest_plan",
]

FOLDER, LIST, EVERYBODY = "decision_log", "log.json", "everybody"
LATEST = "decisions.parquet"
KEPT = (
    *("customer", "cutoff", "group", "offer", "channel", "propensity", "explored", "cluster"),
    *("churn_probability", "value", "cost", "expected_gain", "gain_low", "gain_high", "evidence"),
)


@dataclass(frozen=True)
class Entry:
    """A plan of the past.

    Args:
        file: its name in the folder of the log.
        cutoff: as ISO 8601.
        decided_at: when it was written, as ISO 8601.
        rows: how many were chosen.
        holdout: the share that was to be held out.
        sha256: of the file.
        before: a hash of the entry before, empty in the first: an entry that was changed or taken out breaks the next.
    """

    file: str
    cutoff: str
    decided_at: str
    rows: int
    holdout: float
    sha256: str
    before: str

    @property
    def hash(self) -> str:
        """A hash of what the entry says."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class DecisionLog:
    """The decisions that were kept, as outcomes are measured of them.

    Args:
        table: the latest plan of each cutoff, with the propensity of the group in each row.
        plans: how many plans were kept, those that were replaced included.
        replaced: how many of them a later one of the same cutoff has replaced.
        notes: what was changed by hand.
    """

    table: pd.DataFrame
    plans: int
    replaced: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class KeptPlan:
    """A plan in the log, or that is to go there.

    Args:
        name: by cutoff and count; of a plan of nobody, which is not kept, it is empty.
        is_new: whether the log does not have it yet.
        cutoff: whose customers it is about; None of a plan of nobody.
        rows: how many were chosen.
        sha256: of the file.
    """

    name: str
    is_new: bool
    cutoff: datetime | None = None
    rows: int = 0
    sha256: str = ""


def latest_plan(out: Path) -> KeptPlan:
    """Return the plan that was just written: new unless it is the latest of its cutoff in the log.

    Args:
        out: the folder of results, with `decisions.parquet`.

    Raises:
        ScoreError: the list of the log cannot be read.
    """
    digest, chosen = file_hash(out / LATEST), pd.read_parquet(out / LATEST, columns=["cutoff"]).cutoff
    entries = _entries(out)
    if not len(chosen):
        return KeptPlan("", is_new=False)
    cutoff = chosen.iloc[0].to_pydatetime()
    same = [entry for entry in entries if instant(entry.cutoff) == cutoff]
    if same and same[-1].sha256 == digest:
        return KeptPlan(Path(same[-1].file).stem, False, cutoff, len(chosen), digest)
    return KeptPlan(f"{cutoff:%Y-%m-%dT%H%M%S}-{len(same):03d}", True, cutoff, len(chosen), digest)


def keep_decisions(out: Path, plan: KeptPlan, holdout: float, now: datetime) -> None:
    """Add the plan that was just written to the log, if it is new.

    Args:
        out: the folder of results, with `decisions.parquet`.
        plan: what `latest_plan` says of it.
        holdout: the share that was to be held out.
        now: the time of the run.

    Raises:
        ScoreError: the list of the log cannot be read.
        PatronError: the log cannot be written.
    """
    if not plan.is_new or plan.cutoff is None:
        return
    entries, file = _entries(out), f"{plan.name}.parquet"
    with private_path(out / FOLDER / file) as unfinished:
        shutil.copyfile(out / LATEST, unfinished)
    before = entries[-1].hash if entries else ""
    entry = Entry(file, plan.cutoff.isoformat(), now.isoformat(), plan.rows, holdout, plan.sha256, before)
    write_text(json.dumps([asdict(known) for known in (*entries, entry)], indent=1) + "\n", out / FOLDER / LIST)


def kept_plans(out: Path) -> list[str]:
    """Return the names of the plans in the log.

    Raises:
        ScoreError: the list of the log cannot be read.
    """
    return [Path(entry.file).stem for entry in _entries(out)]


def keep_chances(out: Path, plan: KeptPlan, log: pd.DataFrame) -> list[Path]:
    """Keep beside a plan what everybody is given, also nothing, with the chance of just that; return the file.

    Args:
        out: the folder of results.
        plan: in the log of decisions.
        log: customer, cutoff, offer (empty for nothing) and propensity, for `pt.policy_value`; empty where no lot
            explores.
    """
    if not plan.name or log.empty:
        return []
    path = out / FOLDER / EVERYBODY / f"{plan.name}.parquet"
    return [path if path.is_file() else write(log, path)]


def kept_decisions(out: Path) -> DecisionLog:
    """Return the decisions of the log; a plan that was changed by hand does not count, and is said.

    Raises:
        ScoreError: there are none, the list was changed, or no plan is as it was written.
    """
    entries = _entries(out)
    if not entries:
        raise ScoreError(
            f"No decisions are kept in {out.name!r}, so nothing can be learned of them. Decide, carry it out, and "
            "learn when newer events are there: patron decide SETTINGS"
        )
    _check_list(entries)
    latest = {entry.cutoff: entry for entry in entries}
    whole = [entry for entry in latest.values() if _is_whole(out, entry)]
    if not whole:
        raise ScoreError(
            f"None of the {len(latest):,} plans kept in {out.name!r} is as it was written: each file was changed or is "
            f"missing. Put them back from a backup: the list with their hashes is {FOLDER}/{LIST}."
        )
    table = pd.concat([_decisions(out, entry) for entry in whole], ignore_index=True)
    return DecisionLog(table, len(entries), len(entries) - len(latest), tuple(_changed(out, latest)))


def _entries(out: Path) -> list[Entry]:
    path = out / FOLDER / LIST
    if not path.is_file():
        return []
    try:
        return [Entry(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise ScoreError(
            f"The list {FOLDER}/{LIST} of decisions is broken ({type(error).__name__}). Put it back from a backup; or "
            f"move the folder away, and decisions from now on are kept: mv {FOLDER} {FOLDER}.old"
        ) from None


def _check_list(entries: list[Entry]) -> None:
    """Refuse a list of which an entry was changed or taken out."""
    hashes = ["", *(entry.hash for entry in entries)]
    for number, entry in enumerate(entries):
        if entry.before != hashes[number]:
            raise ScoreError(
                f"The list {FOLDER}/{LIST} of decisions was changed by hand before its entry {number + 1} of "
                f"{len(entries)}: what that says of the entry before does not fit. Put it back from a backup."
            )


def _is_whole(out: Path, entry: Entry) -> bool:
    path = out / FOLDER / entry.file
    return path.is_file() and file_hash(path) == entry.sha256


def _decisions(out: Path, entry: Entry) -> pd.DataFrame:
    frame = pd.read_parquet(out / FOLDER / entry.file)
    frame = frame[[name for name in KEPT if name in frame]]
    if "propensity" in frame:
        return frame
    share = np.where(frame.group == "control", entry.holdout, 1 - entry.holdout)  # of a plan of an earlier release
    return frame.assign(propensity=share, explored=False)


def _changed(out: Path, latest: Mapping[str, Entry]) -> list[str]:
    notes = [
        f"the plan of {instant(entry.cutoff):%Y-%m-%d} ({entry.rows:,} decisions) was changed by hand or is missing; "
        "none of it counts"
        for entry in latest.values()
        if not _is_whole(out, entry)
    ]
    newest: Any = list(latest.values())[-1]
    if (out / LATEST).is_file() and file_hash(out / LATEST) not in {entry.sha256 for entry in latest.values()}:
        notes.append(
            f"{LATEST} was changed since it was decided; what counts is the log of {instant(newest.cutoff):%Y-%m-%d}"
        )
    return notes
