"""Model verbs: the commands that show, move and carry registered models."""

from pathlib import Path
from typing import Annotated

import typer

from patron.cli.options import BY_HAND, AsJson, Folder, Model, Reason, Server
from patron.cli.running import app, log_of_run, now
from patron.cli.work import champions_alone_in, print_json, registry_in
from patron.errors import QuestionError

__all__: list[str] = []


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
    with champions_alone_in(folder, server, model) as registry:
        log_of_run().say(change(registry, model, version, reason, now()))


@app.command()
def approve(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="The models, for example shop-churn.")],
    folder: Folder = Path(),
    server: Server = "",
) -> None:
    """Agree, as a second person, to the versions that somebody else has requested: they score from now on, together."""
    from patron import jobs

    with champions_alone_in(folder, server, models[0]) as registry:
        log_of_run().say(jobs.approve(registry, models, now()))


@app.command()
def rollback(model: Model, reason: Reason = BY_HAND, folder: Folder = Path(), server: Server = "") -> None:
    """Undo the latest promotion of a model that still stands."""
    from patron import jobs

    with champions_alone_in(folder, server, model) as registry:
        log_of_run().say(jobs.rollback(registry, model, reason, now()))


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

    known = overview(registry_in(folder, server), name)
    if as_json:
        log_of_run().lines.aside()
        print_json("models", {"models": known})
        return
    log_of_run().say("\n\n".join(map(model_lines, known)) or "No model is registered here. Train one: patron train")


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

    log_of_run().say(jobs.carry_out(registry_in(folder, server), model, version, out, now()))


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="As patron export wrote it.")],
    folder: Folder = Path(),
    server: Server = "",
) -> None:
    """Register the model of such a folder; it is refused where a byte of it changed, and scores once it is promoted."""
    from patron import jobs
    from patron.registry import Registry

    registry = registry_in(folder, server) if server else Registry.at(folder.resolve())
    log_of_run().say(jobs.carry_in(registry, source, now()))
