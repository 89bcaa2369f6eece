"""Double imports: rows of event tables that repeat another one exactly, so that what they brought would count twice."""

from dataclasses import replace

from patron.history.receipts import Receipt
from patron.jobs.job import Job

__all__ = ["counted_once"]

TWICE = 0.2  # share of repeated rows from which on orders with a number must have been imported twice


def counted_once(job: Job) -> tuple[Job, list[str]]:
    """Return the work on tables in which what was imported twice counts once, and what is said of repeated rows.

    Orders with a number are not alike by chance, so that many of them that are count once. Of others, and of a few, it
    is only said: two of the same day and amount may well be two. Where the settings say what becomes of them
    (`duplicates`), that holds, and nothing is said.
    """
    unsaid = {name for name, table in job.settings.tables.items() if not table.duplicates}
    repeated = [known for known in job.history.receipts if known.repeated and known.table in unsaid]
    twice = [known for known in repeated if _is_sure(job, known)]
    tables = {known.table: replace(job.settings.tables[known.table], duplicates="drop") for known in twice}
    once = replace(job, settings=replace(job.settings, tables={**job.settings.tables, **tables})) if twice else job
    return once, [_words(known, known.table in tables) for known in repeated]


def _is_sure(job: Job, known: Receipt) -> bool:
    return known.repeated > TWICE * known.used and "order" in job.history[known.table].columns


def _words(known: Receipt, is_sure: bool) -> str:
    what = f"{known.repeated:,} of {known.used:,} rows of {known.table!r} repeat another one exactly"
    mend = f'duplicates = "drop" below [tables.{known.table}]'
    if is_sure:
        return f"{what}, as after an import done twice: each counts once here; for all verbs write {mend}"
    return f"{what}: if they were imported twice, so is what they brought; to count each once write {mend}"
