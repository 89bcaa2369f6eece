"""Pipelines: Python files with `settings = Settings(...)`."""

import os
import runpy
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import NoReturn

from patron.errors import SettingsError, listed
from patron.settings.values import Settings

__all__ = ["settings_of"]

MEND = "Write at its end: settings = patron.Settings(name=..., tables=..., questions=..., split=..., root=..., out=...)"
ENDED = 128 + signal.SIGTERM  # by whom runs this, not by the pipeline


def settings_of(file: Path) -> Settings:
    """Run a Python file for the settings that it gives.

    Args:
        file: a file that is there.

    Raises:
        SettingsError: the file fails, with the line; or it gives no settings.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "shop.py"
    >>> _ = file.write_text("import patron.jobs.demo, pathlib; settings = patron.jobs.demo.settings(pathlib.Path())")
    >>> settings_of(file).name
    'online-retail'
    """
    if not file.is_file():
        raise SettingsError(f"{file.name} is a folder, a pipe or a device, and a pipeline is a Python file. {MEND}")
    try:
        with _exits_seen():
            names = runpy.run_path(str(file))
    except KeyboardInterrupt:
        raise
    except SystemExit as error:
        if error.code == ENDED:
            raise
        raise SettingsError(
            f"{file.name}{_line(file, error)}: the pipeline ends by itself (exit {error.code}) and nothing is done. "
            f"Take out its exit, or put it below: if __name__ == '__main__'. {MEND}"
        ) from error
    except BaseException as error:
        raise SettingsError(
            f"{file.name}{_line(file, error)}: the pipeline fails with {type(error).__name__}: "
            f"{str(error).rstrip('.')}. Mend that line; python {file.name} shows the whole error."
        ) from error
    if "settings" not in names:
        public = listed(name for name in names if not name.startswith("_"))
        raise SettingsError(f"{file.name} has no 'settings'. It has: {public}. {MEND}")
    settings = names["settings"]
    if not isinstance(settings, Settings):
        raise SettingsError(f"{file.name}: 'settings' must be Settings, got {type(settings).__name__}. {MEND}")
    return settings


@contextmanager
def _exits_seen() -> Iterator[None]:
    """Turn an `os._exit` of the pipeline, which ends with success and nothing done, into an exit that is told.

    Processes that the pipeline forks end by it, and still do.
    """
    ends, here = os._exit, os.getpid()

    def end(status: int) -> NoReturn:
        if os.getpid() != here:
            ends(status)
        raise SystemExit(status)

    os._exit = end
    try:
        yield
    finally:
        os._exit = ends


def _line(file: Path, error: BaseException) -> str:
    """The last line of the file that was run, be it deep below that the error was raised."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f", line {error.lineno}"
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == str(file)]
    return f", line {lines[-1]}" if lines else ""
