"""Settings verbs: the commands that go through one business, from its files to decisions and drift."""

from pathlib import Path
from typing import Annotated

import typer

from patron.cli.options import AsJson, Engine, OnBadRows, SettingsPath
from patron.cli.running import app, log_of_run
from patron.cli.work import run_verb
from patron.errors import DriftError, QuestionError

__all__: list[str] = []


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

    proposal = write_proposal(files, out, log_of_run().tell)
    for sentence in proposal.summary():
        log_of_run().say(sentence)
    answer = "answer what it asks (?), then" if proposal.doubts else "next"
    log_of_run().say(f"wrote {out}; {answer}: patron check {out}")


@app.command()
def check(
    settings: SettingsPath, as_json: AsJson = False, on_bad_rows: OnBadRows = "", engine: Engine = "duckdb"
) -> None:
    """Read the tables: what was set aside and why, and which features can be made; with a page that shows it."""
    run_verb(settings, "check", as_json, on_bad_rows=on_bad_rows, engine=engine)


@app.command()
def identify(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Write the identity table: which keys share an e-mail or a phone number, and are one customer."""
    run_verb(settings, "identify", as_json)


@app.command()
def tune(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Try other parameters of the trees for some minutes; the next training judges the best beside the defaults."""
    run_verb(settings, "tune", as_json)


@app.command()
def train(settings: SettingsPath, as_json: AsJson = False, engine: Engine = "duckdb") -> None:
    """Train the questions, judge them against baselines, log and register the champions."""
    run_verb(settings, "train", as_json, engine=engine)


@app.command()
def backtest(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Judge the questions at the last few cutoffs as if each were today, and write the page about it."""
    run_verb(settings, "backtest", as_json)


@app.command("run")
def night(settings: SettingsPath, as_json: AsJson = False, on_bad_rows: OnBadRows = "") -> None:
    """Go through a whole night with the champions: score, explain, decide where offers are set, and write the page."""
    run_verb(settings, "run", as_json, on_bad_rows=on_bad_rows)


@app.command()
def score(
    settings: SettingsPath,
    as_json: AsJson = False,
    on_bad_rows: OnBadRows = "",
    engine: Engine = "duckdb",
) -> None:
    """Score today's customers with the champions."""
    run_verb(settings, "score", as_json, on_bad_rows=on_bad_rows, engine=engine)


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
    run_verb(settings, "explain", as_json, (lambda job: chosen[0][0](job, chosen[0][1])) if chosen else None)


@app.command()
def decide(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Choose whom to treat with which offer, within the budget."""
    run_verb(settings, "decide", as_json)


@app.command()
def learn(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Measure what past decisions earned beside who was held out, and write what the next training learns from."""
    run_verb(settings, "learn", as_json)


@app.command()
def report(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Write the page for the retention manager."""
    run_verb(settings, "report", as_json)


@app.command()
def portfolio(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Write what relationships there are, what they are worth and how they moved: segments, tiers, equity, a page."""
    run_verb(settings, "portfolio", as_json)


@app.command()
def drift(settings: SettingsPath, as_json: AsJson = False) -> None:
    """Check whether customers and past answers are as the models learned; exit code 5 where not, and what to do."""
    summary = run_verb(settings, "drift", as_json)
    if summary["beyond"]:
        page = summary["files"][0]
        raise DriftError(f"Drift beyond the limits: {summary['words']}. What to do: {summary['action']}. See {page}.")
