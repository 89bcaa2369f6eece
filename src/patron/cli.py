"""The command line: each verb calls one function, and a user's mistake ends in a sentence and an exit code."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from patron.errors import PatronError

if TYPE_CHECKING:
    from patron.settings import Settings

__all__ = ["app", "run"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who will leave, when they buy next, what they are worth, why, and whom to treat.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 data refused, 4 model missing, 6 locked.",
)
SettingsPath = Annotated[Path, typer.Argument(metavar="SETTINGS", help="Settings file (.toml), or a pipeline (.py).")]


def run() -> None:
    """Run the command line; mistakes of the user end without a traceback."""
    try:
        app()
    except PatronError as error:
        typer.echo(f"patron: {error}", err=True)
        sys.exit(error.exit_code)


@app.command()
def check(settings: SettingsPath) -> None:
    """Read the tables: what was set aside and why, and which features can be made."""
    _run(settings, "check")


@app.command()
def train(settings: SettingsPath) -> None:
    """Train the questions, judge them against baselines, log and register the champions."""
    _run(settings, "train")


@app.command()
def backtest(settings: SettingsPath) -> None:
    """Judge the questions at the last few cutoffs as if each were today, and write the page about it."""
    _run(settings, "backtest")


@app.command()
def score(settings: SettingsPath) -> None:
    """Score today's customers with the champions."""
    _run(settings, "score")


@app.command()
def explain(settings: SettingsPath) -> None:
    """Write the reasons behind today's scores."""
    _run(settings, "explain")


@app.command()
def decide(settings: SettingsPath) -> None:
    """Choose whom to treat with which offer, within the budget."""
    _run(settings, "decide")


@app.command()
def report(settings: SettingsPath) -> None:
    """Write the page for the retention manager."""
    _run(settings, "report")


@app.command()
def demo(folder: Annotated[Path, typer.Option(help="Where results and experiments go.")] = Path()) -> None:
    """Go the whole way on the bundled real data: Online Retail II."""
    from patron import demo as bundled

    _work(bundled.settings(folder.resolve()), "everything")


@app.command()
def ui(folder: Annotated[Path, typer.Option(help="The folder that holds mlruns.")] = Path()) -> None:
    """Open the page of the local experiments and models."""
    import subprocess

    from patron.registry import Registry, ui_command

    subprocess.run(ui_command(Registry.at(folder.resolve())), check=False)


@app.command()
def relocate(folder: Annotated[Path, typer.Argument(help="The folder that holds mlruns, where it is now.")]) -> None:
    """Mend the local store of runs and models after its project folder was moved."""
    from patron.registry import Registry

    Registry.relocate(folder.resolve())
    typer.echo(f"The store in {folder / 'mlruns'} has its runs and models where they are now.")


def _run(path: Path, step: str) -> None:
    from patron import settings

    _work(settings.load(path), step)


def _work(settings: "Settings", step: str) -> None:
    """Do one step of the way, alone in the folder of its results."""
    from patron.jobs import Job, alone

    with alone(settings.out):
        getattr(Job(settings, datetime.now(UTC), _teller()), step)()


def _teller() -> Callable[[str], None]:
    """Return a function that prints a sentence with the seconds since the one before."""
    last = [perf_counter()]

    def tell(sentence: str) -> None:
        now = perf_counter()
        typer.echo(f"[{now - last[0]:5.1f} s] {sentence}")
        last[0] = now

    return tell
