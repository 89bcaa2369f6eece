"""CSV files: opened as texts by what their first line says, and what is wrong with one told by its line.

No engine guesses here: how columns are separated and encoded is read off the bytes, what texts mean is proven later.
"""

import codecs
import csv
import gzip
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import duckdb
import ibis
from ibis.expr.types import Table

from patron.errors import HistoryError, listed, listed_columns

__all__ = ["CSV_ENDINGS", "CsvFile", "check_file", "open_csv"]

CSV_ENDINGS = (".csv", ".tsv", ".txt", ".dat", ".gz")
DELIMITERS = ",;\t|"
NAMELESS = "column0"  # as an engine calls the first column of a file without a header
SEPARATOR_LINE = re.compile(r"sep=(.)\s*$", re.IGNORECASE)
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UTF_8, WESTERN = "utf-8", "cp1252"
BLOCK = 1 << 22
BEGINNING = 1 << 16
ABOVE, BELOW = 20, 3  # lines above a header at most, and rows below it that are as wide, at least
MANY_CELLS = 4


@dataclass(frozen=True)
class CsvFile:
    """Opened CSV files: columns of texts, the sign between them, and how their bytes were read where it was assumed.

    Args:
        table: the rows, every column a text.
        delimiter: the sign between columns.
        header: the names of the columns as the file writes them.
        assumed: sentences on how the file was read, each with the line that would change it.
    """

    table: Table
    delimiter: str
    header: tuple[str, ...]
    assumed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Layout:
    """How one file is written: its encoding, the lines above its header, the sign between columns, its header.

    Of the lines above the header, `titles` are those that a report has above its table.
    """

    encoding: str
    skipped: int
    delimiter: str
    header: tuple[str, ...]
    titles: int = 0


def open_csv(paths: Sequence[Path], encoding: str = "") -> CsvFile:
    """Open one CSV file, or several that are the parts of one table, as texts.

    Args:
        paths: the files, which may be packed (.gz).
        encoding: how their bytes are read; by default UTF-8, UTF-16 where its mark is there, else Windows-1252.

    Raises:
        HistoryError: with the line that is wrong, or the file that differs from the first.
    """
    layouts = {path: _layout(path, encoding) for path in paths}
    _check_alike(layouts)
    western = {p for p, layout in layouts.items() if layout.encoding == WESTERN and encoding == ""}
    readable = [path if layout.encoding == UTF_8 else _as_utf8(path, layout) for path, layout in layouts.items()]
    layout = layouts[paths[0]]
    table = _opened(paths, readable, layout)
    names = listed(repr(path.name) for path in western)
    assumed = [(f"{names} is no UTF-8 text and was read as Windows-1252", f'encoding = "{WESTERN}"')] if western else []
    if layout.titles:
        some = f"{layout.titles} lines" if layout.titles > 1 else "1 line"
        assumed.append((f"{some} above the header of {paths[0].name!r} passed over as its title", ""))
    return CsvFile(table, layout.delimiter, layout.header, tuple(assumed))


def check_file(path: Path, layout: _Layout) -> None:
    """Refuse a CSV file of which a row has more or fewer columns than its header, or an open quote.

    Raises:
        HistoryError: with the line that is wrong.
    """
    header = layout.header
    with _text(path, layout.encoding) as file:
        for _ in range(layout.skipped + 1):
            file.readline()
        for line, last, row in _rows(path.name, file, layout):
            if row and len(row) != len(header):
                far = f" goes on to line {last}, where a quote that it opens is closed, and" if last > line else ""
                raise HistoryError(
                    f"{path.name!r}, line {line}: this row{far} has {len(row)} columns, but the first line has "
                    f"{len(header)}. Mend that line; a text that holds {layout.delimiter!r} must stand in "
                    '"quotes".'
                )


def _layout(path: Path, encoding: str) -> _Layout:
    with _bytes(path) as file:
        beginning = file.read(BEGINNING)
    marked = next((name for bom, name in BOMS if beginning.startswith(bom)), _unmarked(beginning))
    chosen = encoding or {"utf-8-sig": UTF_8}.get(marked, marked)
    if chosen == UTF_8 and not _is_utf8(path):
        chosen = WESTERN
    _check_encoding(path, chosen)
    with _text(path, chosen) as text:
        lines = list(islice(text, ABOVE + BELOW + 2))
    separator = SEPARATOR_LINE.match(lines[0]) if lines else None
    lines = lines[1:] if separator else lines
    titles, delimiter = _below_titles(lines, separator[1] if separator else "") if lines else (0, "")
    if not lines or not lines[titles].strip():
        raise HistoryError(f"{path.name!r} is empty. Its first line must name the columns.")
    header = tuple(next(csv.reader([lines[titles]], delimiter=delimiter)))
    if "\0" in lines[titles]:
        raise HistoryError(f"{path.name!r} is no text: its first line has signs without a shape. Give a CSV file.")
    return _Layout(chosen, int(separator is not None) + titles, delimiter, header, titles)


def _below_titles(lines: Sequence[str], delimiter: str) -> tuple[int, str]:
    """Return how many lines stand above the header as the title of a report, and the sign between columns."""
    signs = [delimiter or max(DELIMITERS, key=re.sub(r'"[^"]*"', "", line).count) for line in lines]
    for k, sign in enumerate(signs[: ABOVE + 1]):
        above, table = ([_cells(line, sign) for line in part] for part in (lines[:k], lines[k : k + BELOW + 1]))
        if _is_header(table) and (_are_titles(above, table[0]) if k else not _is_padded_title(table[0])):
            return k, sign
    return 0, signs[0]


def _is_header(table: Sequence[Sequence[str]]) -> bool:
    """Check whether the first of some lines may name the columns of those below, as it is as wide as they are."""
    header, *rows = table
    return len(header) > 1 and {len(row) for row in rows if row} == {len(header)}


def _is_padded_title(line: Sequence[str]) -> bool:
    """Check whether only the first cell of a line is filled, as a spreadsheet saves a title; an index has no name."""
    return len(line) > 2 and bool(line[0]) and not any(line[1:])


def _are_titles(above: Sequence[Sequence[str]], header: Sequence[str]) -> bool:
    """Check whether lines are a title: they fill one cell, or two of many, and every column below has a name."""
    filled = max(sum(map(bool, line)) for line in above)
    named = all(header) and not any(re.match(r"\W*\d", name) for name in header)
    return named and filled < len(header) and filled <= 1 + (len(header) >= MANY_CELLS)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _unmarked(beginning: bytes) -> str:
    """Return the encoding of bytes without a mark: where every second one is empty, two are a sign."""
    for place, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        halves = beginning[place::2]
        if len(halves) > 1 and halves.count(0) > len(halves) / 2 and not beginning[1 - place :: 2].count(0):
            return name
    return UTF_8


def _is_utf8(path: Path) -> bool:
    """Check whether a whole file is UTF-8; a name with an accent may come after a million plain rows."""
    decoder = codecs.getincrementaldecoder(UTF_8)()
    try:
        with _bytes(path) as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _check_encoding(path: Path, encoding: str) -> None:
    """Refuse a file that is not written in the encoding it should have."""
    if encoding == UTF_8:
        return
    try:
        with _text(path, encoding, errors="strict") as file:
            while file.read(BLOCK):
                pass
    except (UnicodeError, LookupError) as error:
        why = "there is no such encoding" if isinstance(error, LookupError) else "its bytes are not valid there"
        raise HistoryError(
            f"{path.name!r} cannot be read as {encoding!r}: {why}. Save it as UTF-8, or name its encoding: "
            'encoding = "cp1250".'
        ) from None


def _check_alike(layouts: dict[Path, _Layout]) -> None:
    first, head = next(iter(layouts.items()))
    for path, layout in layouts.items():
        missing = set(head.header) ^ set(layout.header)
        if missing or (layout.delimiter, layout.skipped) != (head.delimiter, head.skipped):
            other = "are separated by different signs" if layout.delimiter != head.delimiter else "have unlike titles"
            why = f"have different columns ({listed_columns(missing)})" if missing else other
            raise _unlike(first, path, f"{why}. Name the file of each.")
        if layout.header != head.header and len({name.lower() for name in head.header}) < len(head.header):
            why = "have columns that differ by capitals only, in another order"
            raise _unlike(first, path, f"{why}. Rename these columns in all files.")


def _unlike(first: Path, path: Path, why: str) -> HistoryError:
    folder = f"The folder {path.parent.name!r} does not hold the parts of one table"
    return HistoryError(f"{folder}: {first.name!r} and {path.name!r} {why}")


def _opened(paths: Sequence[Path], readable: Sequence[Path], layout: _Layout) -> Table:
    """Open files of one layout; where the engine does not take them as that, tell the line, or let it find out."""
    options: dict[str, str | int] = {"delim": layout.delimiter, "skip": layout.skipped, "quote": '"', "escape": '"'}
    try:
        table = _scanned(readable, **options)
        if len(table.columns) == len(layout.header):
            return table
    except duckdb.Error:
        pass
    for path in paths:
        check_file(path, layout)
    even = [_as_utf8(path, layout, newline=None) for path in paths]  # lines may end in several ways
    try:
        return _scanned(even, **options)
    except duckdb.Error:
        return _scanned(even, delim=layout.delimiter, sample_size=-1)


def _scanned(paths: Sequence[Path], **options: Any) -> Table:
    together = {"union_by_name": True} if len(paths) > 1 else {}
    return ibis.read_csv(
        [str(path) for path in paths], header=True, all_varchar=True, comment="", **options, **together
    )


def _as_utf8(path: Path, layout: _Layout, newline: str | None = "") -> Path:
    """Write a copy in UTF-8 that lives as long as the process; an engine knows few encodings."""
    stat = path.stat()
    return _copied(path, layout.encoding, newline, stat.st_size, stat.st_mtime_ns)


@cache
def _copied(path: Path, encoding: str, newline: str | None, size: int, changed: int) -> Path:
    copy = Path(_scratch().name) / f"{len(list(Path(_scratch().name).iterdir()))}.csv"
    source = _text(path, encoding, errors="strict", newline=newline)
    with source as file, copy.open("w", encoding=UTF_8, newline="") as out:
        while block := file.read(BLOCK):
            out.write(block)
    return copy


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="patron-")


def _rows(name: str, file: IO[str], layout: _Layout) -> Iterator[tuple[int, int, list[str]]]:
    """Walk the rows below the header, each with the lines of the file that it begins and ends in."""
    reader = csv.reader(file, delimiter=layout.delimiter, strict=True)
    above = layout.skipped + 1
    line = above + 1
    try:
        for row in reader:
            yield line, reader.line_num + above, row
            line = reader.line_num + above + 1
    except csv.Error:
        raise HistoryError(
            f"{name!r}, line {line}: a quote that opens in the row that begins there is not closed. "
            'Close it, or take it away; a quote within a text in "quotes" is written twice.'
        ) from None


def _bytes(path: Path) -> BinaryIO:
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    return cast(BinaryIO, opener(path, "rb"))


def _text(path: Path, encoding: str, errors: str = "replace", newline: str | None = "") -> IO[str]:
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    name = "utf-8-sig" if encoding == UTF_8 else encoding
    return opener(path, "rt", encoding=name, errors=errors, newline=newline)
