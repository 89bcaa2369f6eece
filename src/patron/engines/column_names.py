"""Column names: an engine knows no capitals in them; of those that it takes for one all but the first change."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ["distinct_names", "renamed"]


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return names of which no two are the same but for capitals; the first of those that are stays as it is.

    >>> distinct_names(["Shop", "shop", "city", "SHOP"])
    ['Shop', 'shop_1', 'city', 'SHOP_2']
    """
    written = {name.lower() for name in names}
    seen: dict[str, int] = {}
    result: list[str] = []
    for name in names:
        times = seen.get(name.lower(), 0)
        column = f"{name}_{times}" if times else name
        while times and column.lower() in written:
            times += 1
            column = f"{name}_{times}"
        seen[name.lower()] = times + 1
        written.add(column.lower())
        result.append(column)
    return result


def renamed(file: Path, written: Sequence[str], columns: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Describe the columns that are called otherwise than in their file.

    Args:
        file: where they come from.
        written: the names as the file has them.
        columns: those that they have now, in the same order.

    >>> renamed(Path("a.csv"), ["Shop", "shop"], ["Shop", "shop_1"])
    (("column 'shop' of 'a.csv' differs from 'Shop' by capitals only, and is read as 'shop_1'", ''),)
    """
    first: dict[str, str] = {}
    words: list[tuple[str, str]] = []
    for name, column in zip(written, columns, strict=False):
        before = first.setdefault(name.strip().lower(), column)
        if before != column:
            few = "comes twice" if name == before else f"differs from {before!r} by capitals only"
            words.append((f"column {name!r} of {file.name!r} {few}, and is read as {column!r}", ""))
    return tuple(words)
