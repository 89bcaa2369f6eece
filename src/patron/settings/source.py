"""The source of settings: a TOML text that knows on which line each key stands."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patron.errors import PatronError, SettingsError

__all__ = ["KeyPath", "Source", "label"]

MOST = 1_000_000  # bytes of a settings file
SHOWN = 120  # letters of a line in a message
LONGEST_VALUE = 200  # lines
KeyPath = tuple[str | int, ...]
"""The keys that lead to a value, from the top; a number stands for a place in a list."""


@dataclass(frozen=True)
class Source:
    """A settings text that knows on which line a key stands."""

    name: str
    text: str

    @classmethod
    def of(cls, file: Path) -> "Source":
        """Read a file, which must be there, as text."""
        if not file.is_file() or file.stat().st_size > MOST:
            reason = f"it has more than {MOST:,} bytes" if file.is_file() else "it is a folder, a pipe or a device"
            raise SettingsError(f"The settings file {str(file)!r} cannot be read: {reason}. Give a TOML text file.")
        try:
            return cls(file.name, file.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            why = "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
            raise SettingsError(
                f"The settings file {str(file)!r} cannot be read: {why}. Give the path of a TOML text file."
            ) from None

    def content(self) -> dict[str, Any]:
        """Return the keys and values of the text.

        Raises:
            SettingsError: with the line that is no TOML.
        """
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:  # a number, or lists in lists, beyond what Python reads
            lines = self.text.split("\n")
            position = re.search(r" \(at line (\d+), ", str(error))
            line = int(position[1]) if position else len(self.text.rstrip().split("\n"))
            why = str(error).split(" (at ")[0]
            raise SettingsError(
                f"{self.name}, line {line}: this is no TOML ({why}), got: {lines[line - 1].strip()[:SHOWN]}. "
                'Write keys as key = value, texts in "quotes", lists in [brackets], each key once.'
            ) from None

    def wrong(self, path: KeyPath, what: str) -> SettingsError:
        """Return the error that begins with the line of a key."""
        line = f", line {self.line(path)}" if path else ""
        return SettingsError(f"{self.name}{line}: {what}")

    def line(self, path: KeyPath) -> int:
        """Return the line on which a key is first said: the first below the longest beginning that lacks it."""
        lines = self.text.split("\n")
        start, stop = 0, len(lines)
        while stop - start > 1:
            middle = (start + stop) // 2
            ends = range(middle, min(stop, middle + LONGEST_VALUE))
            content = next((c for c in (_beginning(lines, end) for end in ends) if c), None)
            if content and not _has(content[1], path):
                start = content[0]
            else:
                stop = middle
        return start + 1

    @contextmanager
    def at(self, *path: str) -> Iterator[None]:
        """Add the place of a value to the error of the code below, where that refuses it."""
        try:
            yield
        except PatronError as error:
            raise self.wrong(path, f"{label(path)} is not possible. {error}") from None


def _beginning(lines: list[str], end: int) -> tuple[int, dict[str, Any]] | None:
    """Return how many lines were read and what they say, or nothing where they end within a value."""
    try:
        return end, tomllib.loads("\n".join(lines[:end]))
    except (ValueError, RecursionError):
        return None


def _has(content: Any, path: KeyPath) -> bool:
    for key in path:
        known = len(content) > key if isinstance(key, int) and isinstance(content, list) else _is_key(content, key)
        if not known:
            return False
        content = content[key]
    return True


def _is_key(content: Any, key: str | int) -> bool:
    return isinstance(content, dict) and key in content


def label(path: KeyPath) -> str:
    """Return the name of a section as the file writes it.

    >>> label(("offers", "call")), label(())
    ('[offers.call]', 'The file')
    """
    return f"[{'.'.join(key for key in path if isinstance(key, str))}]" if path else "The file"
