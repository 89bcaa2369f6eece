"""Program verbs: the commands for other programs: what `--json` prints, and results for agents."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from patron.cli.running import app, log_of_run
from patron.logs.pipes import write_line

__all__: list[str] = []


@app.command()
def schema(verb: Annotated[str, typer.Argument(help="Such as score: a verb with --json.")]) -> None:
    """Print what a verb says with --json, as JSON Schema."""
    from patron.jobs.schemas import schema

    log_of_run().lines.aside()
    write_line(sys.stdout, json.dumps(schema(verb), indent=2))


@app.command()
def mcp(
    folder: Annotated[Path, typer.Argument(help="The results of a business, for example patron-out/shop.")],
) -> None:
    """Serve results to agents over the Model Context Protocol: read-only, by pseudonym; an MCP client starts this."""
    from patron.agents.server import serve

    log_of_run().lines.aside()
    serve(folder)
