"""Parts: files that are the parts of one table, by their names and columns, taken as that or asked for as that."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from patron.engines.csv_files import CSV_ENDINGS, open_csv
from patron.engines.databases import is_database, table_names
from patron.engines.files import Source, open_source
from patron.engines.table_files import ENDINGS
from patron.errors import HistoryError, listed
from patron.settings.proposal.words import words_of

__all__ = ["named_sources"]

SOLD = ("order", "sale", "transaction", "purchase", "invoice", "charge", "payment", "deal")
PERIOD = re.compile(
    r"\d+|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|january|february|march|april|june|july|august|september"
    r"|october|november|december|q[1-4]|part|page|copy|old|new|h[12])\b"
)


def named_sources(given: object) -> dict[str, Source]:
    """Return sources by name: of a mapping as they are, of paths by their stems, of a folder its files.

    Raises:
        HistoryError: nothing is given, or files are parts of one table and do not lie in a folder of their own.
    """
    if isinstance(given, Mapping):
        return _named(given)
    paths = [given] if isinstance(given, str | Path) else given
    if not isinstance(paths, Sequence) or not paths or not all(isinstance(path, str | Path) for path in paths):
        raise HistoryError(
            f"A proposal is made from paths, or from frames by name, got {type(given).__name__}. "
            'Write pt.propose(["orders.csv"]) or pt.propose({"orders": frame}).'
        )
    files = [file for path in paths for file in ([path] if is_database(path) else _files(Path(path)))]
    tables = {name: table for file in files if is_database(file) for name, table in _tables(str(file)).items()}
    files = [Path(file) for file in files if not is_database(file)]
    return tables | {name: path for group in _of_one_kind(_grouped(files)) for name, path in _one_table(group).items()}


def _named(given: Mapping[Any, Any]) -> dict[str, Source]:
    if not given or not all(isinstance(name, str) for name in given):
        raise HistoryError(
            f"A proposal is made from frames or paths by name, got the names {listed(map(repr, given))}. "
            'Write pt.propose({"orders": frame}).'
        )
    groups = _grouped([Path(name) for name in given])
    parts = next((group for group in groups if len(group) > 1 and _are_alike([given[str(p)] for p in group])), [])
    if parts:
        raise HistoryError(
            f"{listed(parts)} have the same columns, and names of the same kind: they are parts of one table. Give "
            f"them as one: pd.concat([{', '.join(map(str, parts))}])."
        )
    return dict(given)


def _are_alike(sources: Sequence[Source]) -> bool:
    return len({tuple(open_source(source).table.columns) for source in sources}) == 1


def _tables(database: str) -> dict[str, str]:
    """Return the table of a database that is named behind a #, or all of them."""
    if "#" in database:
        return {database.rpartition("#")[2]: database}
    return {name: f"{database}#{name}" for name in table_names(database)}


def _files(path: Path) -> list[Path]:
    """Return a file, or of a folder its files, where these are tables of their own, or itself as one table."""
    if not path.is_dir():
        return [path]
    seen = [file for file in path.iterdir() if not file.name.startswith(".")]
    files = sorted(file for file in seen if file.name.lower().endswith(ENDINGS) or is_database(file))
    return files if len({_stem(file) for file in files}) > 1 or len(files) == 1 else [path]


def _stem(path: Path) -> str:
    """Return the name of a file without its ending and without what tells periods and parts apart."""
    words = re.sub(r"[\W_]+", " ", path.name.partition(".")[0].lower())
    return " ".join(PERIOD.sub(" ", re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", words)).split())


def _grouped(files: Sequence[Path]) -> list[list[Path]]:
    """Return the files in groups of those that are called alike but for a period or a part."""
    groups: dict[str, list[Path]] = {}
    for file in files:
        groups.setdefault(_stem(file) or file.name, []).append(file)
    return list(groups.values())


def _of_one_kind(groups: list[list[Path]]) -> list[list[Path]]:
    """Put files of purchases together that have the same columns, as those of two shops or countries do."""
    kinds = [next((word for word in words_of(_stem(group[0])).split() if word in SOLD), "") for group in groups]
    together: dict[object, list[Path]] = {}
    for group, kind in zip(groups, kinds, strict=True):
        several = kind and kinds.count(kind) > 1
        together.setdefault((kind, _columns(group[0])) if several else tuple(group), []).extend(group)
    return list(together.values())


def _columns(file: Path) -> tuple[str, ...]:
    """Return the columns of a file; of a CSV file by its first line alone."""
    is_csv = file.name.lower().endswith(CSV_ENDINGS) and file.exists()
    return tuple((open_csv([file]) if is_csv else open_source(file)).table.columns)


def _one_table(group: Sequence[Path]) -> dict[str, Path]:
    """Return the one table that some files are; refuse those with other columns, or that lie among others."""
    if len(group) == 1:
        return {group[0].name.partition(".")[0]: group[0]}
    columns = [_columns(file) for file in group]
    for file, names in zip(group[1:], columns[1:], strict=True):
        if set(names) != set(columns[0]):
            raise _changed(group[0], file, columns[0], names)
    folder = group[0].parent
    if {file.name for file in group} != {file.name for file in folder.iterdir() if file.suffix != ".toml"}:
        name = re.sub(r"\W+", "-", _stem(group[0])) or "orders"
        moved = " ".join(file.name for file in group)
        raise HistoryError(
            f"{listed(file.name for file in group)} have the same columns, and names of the same kind: they are "
            "parts of one table, which settings take as a folder. Put them into one of their own: "
            f"mkdir {name} && mv {moved} {name}/ and give that: patron init {name}"
        )
    return {folder.name: folder}


def _changed(first: Path, other: Path, columns: Sequence[str], names: Sequence[str]) -> HistoryError:
    gone, new = [c for c in columns if c not in names], [c for c in names if c not in columns]
    mend = ", ".join(f"{b!r}: {a!r}" for a, b in zip(gone, new, strict=False))
    return HistoryError(
        f"{first.name} and {other.name} are called alike but for a period, and their columns differ: {first.name} has "
        f"{listed(map(repr, gone))}, {other.name} has {listed(map(repr, new))}. If they are parts of one table, give "
        f"them one header: pd.read_csv({other.name!r}, dtype=str).rename(columns={{{mend}}})"
        f".to_csv({other.name!r}, index=False); if not, rename a file."
    )
