"""Work: what commands have in common: a verb that runs on settings, and the registry of a folder or a server."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.cli.running import log_of_run, now
from patron.errors import RegistryError
from patron.logs.pipes import write_line

if TYPE_CHECKING:
    from patron.registry import Registry
    from patron.settings import Settings

__all__ = ["Work", "champions_alone_in", "print_json", "registry_in", "run_verb", "work"]

Work = Callable[[Any], dict[str, Any]]


def run_verb(
    path: Path, verb: str, as_json: bool, own: Work | None = None, on_bad_rows: str = "", engine: str = "duckdb"
) -> dict[str, Any]:
    """Run one verb; for machines what was done goes out as one JSON object, and sentences beside it."""
    from patron import settings

    if as_json:
        log_of_run().lines.aside()
    loaded = settings.load(path)
    if on_bad_rows:
        loaded = replace(loaded, contract=replace(loaded.contract, on_bad_rows=on_bad_rows))
    summary = work(loaded, verb, own, engine)
    if as_json:
        print_json(verb, summary)
    return summary


def print_json(verb: str, summary: Mapping[str, Any]) -> None:
    """Print what a verb did as one JSON object, as `patron.jobs.schemas` describes it."""
    from patron.formatting import json_values

    write_line(sys.stdout, json.dumps(json_values({"verb": verb, "run": log_of_run().run, **summary}), default=str))


def work(settings: "Settings", verb: str, own: Work | None = None, engine: str = "duckdb") -> dict[str, Any]:
    """Run one verb, or work of its own, alone in the folder of its results, but for tuning, which several may share."""
    from patron.jobs import VERBS, alone, job_of

    log = log_of_run()
    log.business = settings.name
    with nullcontext() if verb == "tune" else alone(settings.out):
        job = job_of(settings, now(), log.tell, log.watch, engine)
        summary = (own or VERBS[verb])(job)
    log.count(summary)
    return summary


@contextmanager
def champions_alone_in(folder: Path, server: str, model: str) -> Iterator["Registry"]:
    """Open the registry while no training is about to change the champions of that business."""
    from patron.jobs import champions_alone

    registry = registry_in(folder, server)
    with nullcontext() if server else champions_alone(folder.resolve(), model.rpartition("-")[0]):
        yield registry


def registry_in(folder: Path, server: str = "") -> "Registry":
    """Return the registry of a server, or else of a folder, which must have one."""
    from patron.registry import Registry, server_address

    if server:
        return Registry.server(server_address(server))
    if not (folder / "mlruns").is_dir():
        raise RegistryError(
            f"There are no models in {folder.resolve().name!r}, which has no folder 'mlruns'. "
            "Name the folder of the settings: --folder path/to/it."
        )
    return Registry.at(folder.resolve())
