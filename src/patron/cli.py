"""The command line: each verb calls one function, and a user's mistake ends in a sentence and an exit code."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from uuid import uuid4

import typer

from patron.errors import SHOW_VALUES, DriftError, PatronError, QuestionError, RegistryError, SettingsError
from patron.logs.lines import JsonLines, TerminalLines, failure
from patron.logs.prometheus import check_metrics_file, write_metrics
from patron.logs.run_log import RunLog

if TYPE_CHECKING:
    from patron.registry import Registry
    from patron.settings import Settings

__all__ = ["app", "run"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who will leave, when they buy next, what they are worth, why, and whom to treat.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 data refused, 4 no usable model, 5 drift, "
    "6 locked. What to do about each: docs/operations.md.",
)
SettingsPath = Annotated[Path, typer.Argument(metavar="SETTINGS", help="Settings file (.toml), or a pipeline (.py).")]
OnBadRows = Annotated[
    str,
    typer.Option("--on-bad-rows", help="fail at the first row that cannot be used, or quarantine: keep them apart."),
]
AsJson = Annotated[bool, typer.Option("--json", help="What was done as one JSON object; sentences go to stderr.")]
Model = Annotated[str, typer.Argument(help="The registered model, for example shop-churn.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit log.")]
Folder = Annotated[Path, typer.Option(help="The folder that holds mlruns.")]
Server = Annotated[str, typer.Option(help="A tracking server in its place: its address, or $NAME of the variable.")]
BY_HAND = "by hand"
Work = Callable[[Any], dict[str, Any]]
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
    return JsonLines(verb, run_id, sys.stderr, _now) if log_json else TerminalLines(sys.stdout, sys.stderr)


def _now() -> datetime:
    return datetime.now(UTC)


def _log() -> RunLog:
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
        outcome = log.end(_now(), code, error)
        if metrics_file is not None:
            try:
                write_metrics(metrics_file, outcome)
            except PatronError as unwritten:
                log.lines.refuse(f"{unwritten}")
                code = code or unwritten.exit_code
    sys.exit(code)


@app.command()
def init(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Your files, a folder or a database: .csv, .parquet, .xlsx, ..."),
    ],
    out: Annotated[Path, typer.Option(help="The settings file to write; one that is there stays.")] = Path(
        "patron.toml"
    ),
) -> None:
    """Look at all your files together and propose settings that run: what each is, the roles of columns, cutoffs."""
    from patron.settings.proposal import write_proposal

    proposal = write_proposal(files, out, _log().tell)
    for sentence in proposal.summary():
        _log().say(sentence)
    answer = "answer what it asks (?), then" if proposal.doubts else "next"
    _log().say(f"wrote {out}; {answer}: patron check {out}")


@app.command()
def check(settings: SettingsPath, as_json: AsJson = False, on_bad_rows: OnBadRows = "") -> None:
    """Read the tables: what was set aside and why, and which features can be made; with a page that shows it."""
    _run(settings, "check", as_json, on_bad_rows=on_bad_rows)


@app.command()
def identify(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Write the identity table: which keys share an e-mail or a phone number, and are one customer."""
    _run(settings, "identify", as_json)


@app.command()
def tune(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Try other parameters of the trees for some minutes; the next training judges the best beside the defaults."""
    _run(settings, "tune", as_json)


@app.command()
def train(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Train the questions, judge them against baselines, log and register the champions."""
    _run(settings, "train", as_json)


@app.command()
def backtest(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Judge the questions at the last few cutoffs as if each were today, and write the page about it."""
    _run(settings, "backtest", as_json)


@app.command("run")
def night(settings: SettingsPath, as_json: AsJson = False, on_bad_rows: OnBadRows = "") -> None:
    """Go through a whole night with the champions: score, explain, decide where offers are set, and write the page."""
    _run(settings, "run", as_json, on_bad_rows=on_bad_rows)


@app.command()
def score(settings: SettingsPath, as_json: AsJson = False, on_bad_rows: OnBadRows = "") -> None:
    """Score today's customers with the champions."""
    _run(settings, "score", as_json, on_bad_rows=on_bad_rows)


@app.command()
def explain(
    settings: SettingsPath,
    customer: Annotated[
        str | None, typer.Option(help="Key or pseudonym: how this customer's answer comes about.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="Such as \"country == 'UK'\": these customers beside all others.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="An earlier cutoff: today's customers beside those of that day.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Another version of the model: its reasons beside those of the champion.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the reasons behind today's scores; or how one answer comes about, or what parts some from others."""
    from patron import jobs

    ways = (
        *((jobs.explain_customer, customer), (jobs.explain_segment, segment)),
        *((jobs.explain_against, against), (jobs.explain_version, version)),
    )
    chosen = [(way, about) for way, about in ways if about is not None]
    if len(chosen) > 1:
        options = "--customer, --segment, --against and --version"
        raise QuestionError(f"patron explain takes one of {options} at a time. Leave one out.")
    _run(settings, "explain", as_json, (lambda job: chosen[0][0](job, chosen[0][1])) if chosen else None)


@app.command()
def decide(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Choose whom to treat with which offer, within the budget."""
    _run(settings, "decide", as_json)


@app.command()
def report(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Write the page for the retention manager."""
    _run(settings, "report", as_json)


@app.command()
def drift(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Check whether customers and past answers are as the models learned; exit code 5 where not, and what to do."""
    summary = _run(settings, "drift", as_json)
    if summary["beyond"]:
        page = summary["files"][0]
        raise DriftError(f"Drift beyond the limits: {summary['words']}. What to do: {summary['action']}. See {page}.")


@app.command()
def promote(
    model: Model,
    version: Annotated[str, typer.Argument(help="The version that scores from now on.")],
    reason: Reason = BY_HAND,
    force: Annotated[bool, typer.Option("--force", help="Whatever it was compared with; needs a --reason.")] = False,
    folder: Folder = Path(),
    server: Server = "",
) -> None:
    """Let another version score from now on, unless it was worse than the champion; the log keeps who, when and why."""
    from patron import jobs

    if force and reason == BY_HAND:
        raise QuestionError('patron promote --force needs a reason that is kept. Add: --reason "..."')
    change = jobs.promote_by_force if force else jobs.promote
    with _champions(folder, server, model) as registry:
        _log().say(change(registry, model, version, reason, _now()))


@app.command()
def approve(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="The models, for example shop-churn.")],
    folder: Folder = Path(),
    server: Server = "",
) -> None:
    """Agree, as a second person, to the versions that somebody else has requested: they score from now on, together."""
    from patron import jobs

    with _champions(folder, server, models[0]) as registry:
        _log().say(jobs.approve(registry, models, _now()))


@app.command()
def rollback(model: Model, reason: Reason = BY_HAND, folder: Folder = Path(), server: Server = "") -> None:
    """Undo the latest promotion of a model that still stands."""
    from patron import jobs

    with _champions(folder, server, model) as registry:
        _log().say(jobs.rollback(registry, model, reason, _now()))


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="One model; all without it.")] = None,
    folder: Folder = Path(),
    server: Server = "",
    as_json: AsJson = False,
) -> None:
    """List registered versions side by side, which scores, and who changed that when and why."""
    from patron.jobs import overview
    from patron.reports.model_lines import model_lines

    known = overview(_registry(folder, server), name)
    if as_json:
        _log().lines.aside()
        typer.echo(json.dumps({"verb": "models", "run": _log().run, "models": known}))
        return
    _log().say("\n\n".join(map(model_lines, known)) or "No model is registered here. Train one: patron train")


@app.command()
def export(
    model: Model,
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    version: Annotated[str, typer.Option(help="The version; by default the one that scores.")] = "",
    folder: Folder = Path(),
    server: Server = "",
) -> None:
    """Write a model to a folder with the hash of every file, for another registry or a consumer without one."""
    from patron import jobs

    _log().say(jobs.carry_out(_registry(folder, server), model, version, out, _now()))


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="As patron export wrote it.")],
    folder: Folder = Path(),
    server: Server = "",
) -> None:
    """Register the model of such a folder; it is refused where a byte of it changed, and scores once it is promoted."""
    from patron import jobs
    from patron.registry import Registry

    registry = _registry(folder, server) if server else Registry.at(folder.resolve())
    _log().say(jobs.carry_in(registry, source, _now()))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where results and experiments go.")] = Path(),
    subscriptions: Annotated[
        bool, typer.Option("--subscriptions", help="A simulated business of contracts, whose true chances are known.")
    ] = False,
) -> None:
    """Go the whole way on the bundled real data, Online Retail II, or on simulated subscriptions."""
    from patron.jobs import demo as bundled
    from patron.jobs import subscription_demo

    if not subscriptions:
        _work(bundled.settings(folder.resolve()), "everything")
        return
    world, tables = subscription_demo.business(), folder.resolve() / "patron-out" / "subscriptions" / "tables"
    subscription_demo.write_tables(world, tables)
    settings = subscription_demo.settings(folder.resolve(), tables)
    _work(settings, "everything")
    _log().tell(
        "\n".join(["truth", *(f"          {line}" for line in subscription_demo.truth_lines(settings.out, world))])
    )


@app.command()
def ui(folder: Folder = Path()) -> None:
    """Open the page of the local experiments and models."""
    from patron.registry import serve_page

    serve_page(_registry(folder))


@app.command()
def relocate(folder: Annotated[Path, typer.Argument(help="The folder that holds mlruns, where it is now.")]) -> None:
    """Mend the local store of runs and models after its project folder was moved."""
    from patron.registry import Registry

    Registry.relocate(folder.resolve())
    _log().say(f"The store in {folder / 'mlruns'} has its runs and models where they are now.")


@contextmanager
def _champions(folder: Path, server: str, model: str) -> Iterator["Registry"]:
    """Open the registry while no training is about to change the champions of that business."""
    from patron.jobs import champions_alone

    registry = _registry(folder, server)
    with nullcontext() if server else champions_alone(folder.resolve(), model.rpartition("-")[0]):
        yield registry


def _registry(folder: Path, server: str = "") -> "Registry":
    from patron.registry import Registry, server_address

    if server:
        return Registry.server(server_address(server))
    if not (folder / "mlruns").is_dir():
        raise RegistryError(
            f"There are no models in {folder.resolve().name!r}, which has no folder 'mlruns'. "
            "Name the folder of the settings: --folder path/to/it."
        )
    return Registry.at(folder.resolve())


def _run(path: Path, verb: str, as_json: bool, work: Work | None = None, on_bad_rows: str = "") -> dict[str, Any]:
    """Run one verb; for machines what was done goes out as one JSON object, and sentences beside it."""
    from patron import settings

    if as_json:
        _log().lines.aside()
    loaded = settings.load(path)
    if on_bad_rows:
        loaded = replace(loaded, contract=replace(loaded.contract, on_bad_rows=on_bad_rows))
    summary = _work(loaded, verb, work)
    if as_json:
        typer.echo(json.dumps({"verb": verb, "run": _log().run, **summary}, default=str))
    return summary


def _work(settings: "Settings", verb: str, work: Work | None = None) -> dict[str, Any]:
    """Run one verb, or work of its own, alone in the folder of its results, but for tuning, which several may share."""
    from patron.jobs import VERBS, alone, job_of

    log = _log()
    log.business = settings.name
    with nullcontext() if verb == "tune" else alone(settings.out):
        job = job_of(settings, _now(), log.tell, log.watch)
        summary = (work or VERBS[verb])(job)
    log.count(summary)
    return summary
