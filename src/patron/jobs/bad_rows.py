"""Bad rows: those that the door does not let in end a run, or go to files of their own, where the settings say so.

Every row that was read is used or in quarantine, and every customer of the tables is scored, not asked about, or there.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from patron.engines.outputs import write
from patron.errors import HistoryError
from patron.history.receipts import Receipt
from patron.history.set_aside import BY_CHOICE
from patron.jobs.job import Job

__all__ = ["check_bad_rows"]

QUARANTINE = "quarantine"
KEPT_APART = '[contract] on_bad_rows = "quarantine"'


def check_bad_rows(job: Job) -> dict[str, Any]:
    """Refuse tables with rows that cannot be used, or write these to `quarantine`, as the settings say.

    Returns:
        nothing where the settings do not say; else by table the rows `read`, `used` and in `quarantine`, the
        `customers` of whom no event can be used, and the files.

    Raises:
        HistoryError: a row cannot be used and the settings refuse the first, or more cannot than they allow.
    """
    tolerance = job.settings.contract
    if not tolerance.on_bad_rows:
        return {}
    bad = {receipt.table: _unusable(receipt) for receipt in job.data.receipts}
    if tolerance.on_bad_rows == "fail":
        _check_none(bad)
        return _counts(job) | {"customers": 0, "files": []}
    _check_few(job.data.receipts, bad, tolerance.max_bad_share)
    files, lost = _written(job), job.data.lost_customers
    if files:
        rows = sum(sum(receipt.set_aside.values()) for receipt in job.data.receipts)
        job.tell(f"apart     {rows:,} rows, and {lost:,} customers who have no other: {job.settings.out / QUARANTINE}")
    return _counts(job) | {"customers": lost, "files": files}


def _unusable(receipt: Receipt) -> dict[str, int]:
    return {why: rows for why, rows in receipt.set_aside.items() if why not in BY_CHOICE}


def _check_none(bad: Mapping[str, Mapping[str, int]]) -> None:
    lines = [f"{table}: {_listed(reasons)}" for table, reasons in bad.items() if reasons]
    if lines:
        raise HistoryError(
            f'Rows cannot be used, and on_bad_rows = "fail" refuses the first: {"; ".join(lines)}. Mend them (patron '
            f"check tells how each table was read), or keep them apart: {KEPT_APART}"
        )


def _check_few(receipts: Sequence[Receipt], bad: Mapping[str, Mapping[str, int]], most: float) -> None:
    for receipt in receipts:
        rows = sum(bad[receipt.table].values())
        if rows > most * receipt.read:
            share = rows / receipt.read
            raise HistoryError(
                f"Table {receipt.table!r} has {rows:,} of {receipt.read:,} rows ({share:.1%}) that cannot be used "
                f"({_listed(bad[receipt.table])}), and at most {most:.1%} may go to quarantine. Mend them, or allow "
                f"more: [contract] max_bad_share = {ceil(share * 100) / 100:g}"
            )


def _counts(job: Job) -> dict[str, Any]:
    counts = {
        r.table: {"read": r.read, "used": r.used, QUARANTINE: sum(r.set_aside.values())} for r in job.data.receipts
    }
    return {"rows": counts}


def _written(job: Job) -> list[str]:
    """Write the rows of each table that are not used; of a table that has none now, those of an earlier run go."""
    folder, files = job.settings.out / QUARANTINE, []
    for receipt in job.data.receipts:
        path = folder / f"{receipt.table}.parquet"
        rows = job.data.set_aside(receipt.table)
        if rows is not None:
            files.append(str(write(rows, path)))
        else:
            path.unlink(missing_ok=True)
    return files


def _listed(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{rows:,} with {why}" for why, rows in reasons.items())
