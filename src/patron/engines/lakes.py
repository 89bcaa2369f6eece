"""Lakes: tables of Delta and Iceberg, whose log says which files of a folder are the table today.

Read as plain files they would hold rows again that were deleted or replaced.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ibis.expr.types import Table

from patron.engines.deferred import needed_of, scanned, streamed_in
from patron.errors import HistoryError

__all__ = ["LakeReader", "lake_reader"]

LakeReader = Callable[[Path, Collection[str]], Table]
"""What opens the table of a folder, of which some columns are needed; all where none is named."""

DELTA_LOG, ICEBERG_LOG = "_delta_log", "metadata/*.metadata.json"


def lake_reader(folder: Path) -> LakeReader | None:
    """Return what reads the table that a folder is, none where it holds plain files.

    Raises:
        HistoryError: such a table lies below, so that its files are no parts of a table of this folder.
    """
    if (folder / DELTA_LOG).is_dir():
        return _delta
    if any(folder.glob(ICEBERG_LOG)):
        return _iceberg
    logs = [*folder.rglob(DELTA_LOG), *(path.parent for path in folder.rglob(ICEBERG_LOG))]
    if logs:
        table = logs[0].parent.relative_to(folder.parent).as_posix()
        raise HistoryError(
            f"In the folder {folder.name!r} lies a table of Delta or Iceberg, whose log says which files count. Name "
            f'the folder of that table: path = "{table}".'
        )
    return None


def _delta(folder: Path, needed: Collection[str]) -> Table:
    """Scan the files of the newest version as far as queries need their columns and rows."""
    with _refusals(folder, "Delta", "deltalake"):
        from deltalake import DeltaTable

        return scanned(DeltaTable(folder).to_pyarrow_dataset())


def _iceberg(folder: Path, needed: Collection[str]) -> Table:
    """Stream the needed columns of the newest version into the engine."""
    with _refusals(folder, "Iceberg", "pyiceberg"):
        from pyiceberg.table import StaticTable

        table = StaticTable.from_metadata(str(max(folder.glob(ICEBERG_LOG), key=_version)))
        names = [field.name for field in table.schema().fields]
        return streamed_in(table.scan(selected_fields=tuple(needed_of(names, needed))).to_arrow_batch_reader())


def _version(path: Path) -> int:
    """Return the number of a file of metadata, as catalogs (00002-...) and folders without one (v2...) write it."""
    number = re.match(r"v?(\d+)", path.name)
    return int(number[1]) if number else -1


@contextmanager
def _refusals(folder: Path, kind: str, library: str) -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise HistoryError(
            f"{folder.name!r} is a table of {kind}, which {library} reads, and that is not installed. Install it: "
            "pip install 'patron[lakes]'."
        ) from None
    except Exception as error:  # each library has its own; their texts may hold values
        raise HistoryError(
            f"{folder.name!r}, a table of {kind}, cannot be read by {library} ({type(error).__name__}). It may use "
            "what that library does not know, such as deletion vectors, or have been moved. Write a copy as Parquet, "
            "and name that."
        ) from error
