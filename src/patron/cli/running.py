"""Running: how a command begins, and how it ends: with a sentence, an exit code, and no traceback for a mistake."""

import os
import signal
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import uuid4

import typer

from patron.errors import SHOW_VALUES, PatronError, SettingsError
from patron.logs.lines import JsonLines, TerminalLines, failure
from patron.logs.prometheus import check_metrics_file, write_metrics
from patron.logs.run_log import RunLog

__all__ = ["app", "log_of_run", "now", "run"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who will leave, when they buy next, what they are worth, why, and whom to treat.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 data refused, 4 no usable model, 5 drift, "
    "6 locked. What to do about each: docs/operations.md.",
)
SHARED = {"--log-json": 0, "--metrics-file": 1, "--show-values": 0}  # how many values each takes
_LOG: ContextVar[tuple[RunLog, Path | None] | None] = ContextVar("log", default=None)


def run() -> None:
    """Run the command line; mistakes of the user end without a traceback, and a scheduler's end leaves no files."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.argv[1:] = _shared_first(sys.argv[1:])
    try:
        _invoke()
    except SystemExit as end:
        _end(end.code if isinstance(end.code, int) else int(end.code is not None))
    except PatronError as error:
        _refuse(error)
    except OSError as error:
        path = f" the use of {error.filename!r}" if error.filename else ""
        _refuse(PatronError(f"The system refuses{path}: {error.strerror or error}. Mend that, then run it again."))
    except Exception as error:
        from patron.engines.failures import refusal

        _refuse(refusal(error) or error)


def _invoke() -> None:
    """Run the verb; where the log is for machines, wrong use is a sentence, too, in place of the frame around it."""
    if "--log-json" not in sys.argv:
        app()
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except Exception as error:
        if not hasattr(error, "format_message"):  # of wrong use, in any release of typer
            raise
        raise SettingsError(error.format_message()) from None


def _shared_first(arguments: list[str]) -> list[str]:
    """Return arguments with the options that all verbs share before the verb, where they are declared once."""
    shared, rest = [], list(arguments)
    for name, values in SHARED.items():
        while place := next((i + 1 for i, text in enumerate(rest) if text == name or text.startswith(f"{name}=")), 0):
            end = place + (values if rest[place - 1] == name else 0)
            shared += rest[place - 1 : end]
            del rest[place - 1 : end]
    return [*shared, *rest]


@app.callback()
def _begin(
    context: typer.Context,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Each sentence as a line of JSON on stderr, for machines. Of every verb.")
    ] = False,
    metrics_file: Annotated[
        Path | None, typer.Option(help="How the run ended as a text file of Prometheus. Of every verb.")
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Values of cells as they are in sentences. Of every verb.")
    ] = False,
) -> None:
    """Begin the log of a run."""
    if metrics_file is not None:
        check_metrics_file(metrics_file)
    os.environ[SHOW_VALUES] = "1" if show_values else os.environ.get(SHOW_VALUES, "0")
    verb, run_id = context.invoked_subcommand or "patron", uuid4().hex[:12]
    watched = not log_json and sys.stderr.isatty() and sys.stdout.isatty()
    log = RunLog(verb, run_id, _lines(verb, run_id, log_json), watched)
    _LOG.set((log, metrics_file))
    if log_json:
        context.with_resource(log.warnings())


def _lines(verb: str, run_id: str, log_json: bool) -> JsonLines | TerminalLines:
    return JsonLines(verb, run_id, sys.stderr, now) if log_json else TerminalLines(sys.stdout, sys.stderr)


def now() -> datetime:
    """Return the time, which no part below the command line looks up."""
    return datetime.now(UTC)


def log_of_run() -> RunLog:
    """Return the log of the run."""
    begun = _LOG.get()
    assert begun is not None, "a verb runs after `_begin`"
    return begun[0]


def _refuse(error: Exception) -> NoReturn:
    """End a run by an error: with its sentence, or, where nobody foresaw it, with the way there and no values."""
    sentence = f"{error}" if isinstance(error, PatronError) else failure(error)
    begun = _LOG.get()
    lines = begun[0].lines if begun else _lines("patron", "", "--log-json" in sys.argv)
    lines.refuse(sentence)
    _end(error.exit_code if isinstance(error, PatronError) else 1, type(error).__name__)


def _end(code: int, error: str = "") -> NoReturn:
    """Write how the run ended, on the last line and as metrics, and end it."""
    begun = _LOG.get()
    if begun:
        log, metrics_file = begun
        _LOG.set(None)
        outcome = log.end(now(), code, error)
        if metrics_file is not None:
            try:
                write_metrics(metrics_file, outcome)
            except PatronError as unwritten:
                log.lines.refuse(f"{unwritten}")
                code = code or unwritten.exit_code
    sys.exit(code)
