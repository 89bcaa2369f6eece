"""Local verbs: the commands for this machine: a demonstration, the page of experiments, a folder that moved."""

from pathlib import Path
from typing import Annotated

import typer

from patron.cli.options import Folder
from patron.cli.running import app, log_of_run
from patron.cli.work import registry_in, work

__all__: list[str] = []


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
        work(bundled.settings(folder.resolve()), "everything")
        return
    world, tables = subscription_demo.business(), folder.resolve() / "patron-out" / "subscriptions" / "tables"
    subscription_demo.write_tables(world, tables)
    settings = subscription_demo.settings(folder.resolve(), tables)
    work(settings, "everything")
    log_of_run().tell(
        "\n".join(["truth", *(f"          {line}" for line in subscription_demo.truth_lines(settings.out, world))])
    )


@app.command()
def ui(folder: Folder = Path()) -> None:
    """Open the page of the local experiments and models; the address of each shows its trainings side by side."""
    from patron.registry import page_lines, serve_page

    registry = registry_in(folder)
    for line in page_lines(registry):
        log_of_run().say(line)
    serve_page(registry)


@app.command()
def relocate(folder: Annotated[Path, typer.Argument(help="The folder that holds mlruns, where it is now.")]) -> None:
    """Mend the local store of runs and models after its project folder was moved."""
    from patron.registry import Registry

    Registry.relocate(folder.resolve())
    log_of_run().say(f"The store in {folder / 'mlruns'} has its runs and models where they are now.")
