"""Options: what several verbs are given on the command line, each declared once."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["BY_HAND", "AsJson", "Engine", "Folder", "Model", "OnBadRows", "Reason", "Server", "SettingsPath"]

BY_HAND = "by hand"
SettingsPath = Annotated[Path, typer.Argument(metavar="SETTINGS", help="Settings file (.toml), or a pipeline (.py).")]
OnBadRows = Annotated[
    str,
    typer.Option("--on-bad-rows", help="fail at the first row that cannot be used, or quarantine: keep them apart."),
]
Engine = Annotated[str, typer.Option(help="What runs it: duckdb, or the spark session of [engine].")]
AsJson = Annotated[bool, typer.Option("--json", help="What was done as one JSON object; sentences go to stderr.")]
Model = Annotated[str, typer.Argument(help="The registered model, for example shop-churn.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit log.")]
Folder = Annotated[Path, typer.Option(help="The folder that holds mlruns.")]
Server = Annotated[str, typer.Option(help="A tracking server in its place: its address, or $NAME of the variable.")]
