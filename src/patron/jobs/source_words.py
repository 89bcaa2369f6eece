"""Source words: which files are about to be read, by name and size, so that a long silence is understood."""

from collections.abc import Callable, Iterator
from pathlib import Path

from patron.engines.databases import is_remote
from patron.settings import Settings

__all__ = ["Tell", "sized", "source_lines"]

Tell = Callable[[str], None]
MEGABYTE = 1_000_000


def source_lines(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each table of events: its file, those joined to it, and how large they are."""
    for name, table in settings.files.items():
        joined = [join.source for join in getattr(table, "joins", ()) if isinstance(join.source, str | Path)]
        yield f"reading   {name} from {' and '.join(map(sized, (table.path, *joined)))}"
    if settings.identity:
        yield f"reading   which keys are one customer from {sized(settings.identity.path)}"


def sized(source: Path | str) -> str:
    """Return the name of a file or folder and its size, where there is one; of a server its address, as it was said."""
    if is_remote(source):
        return str(source)
    path = Path(source)
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    size = sum(file.stat().st_size for file in files if file.exists())
    return f"{path.name} ({size / MEGABYTE:,.1f} MB)" if size else path.name
