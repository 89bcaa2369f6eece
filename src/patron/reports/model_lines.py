"""Lines about registered models: versions side by side, and what happened to the champion."""

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import pandas as pd

__all__ = ["model_lines"]

INDENT = " " * 2
SHOWN = 5  # versions side by side
WIDTH = 118


def model_lines(model: Mapping[str, Any]) -> str:
    """Return a model in some lines: its newest versions and the champion side by side, then its log, oldest first.

    Args:
        model: as `patron.jobs.overview` gives it.
    """
    agree = ", a new champion needs a second person" if model["approval"] > 1 else ""
    waits = f"; version {model['requested']} is requested" if model["requested"] else ""
    champion = f"champion {model['champion'] or 'none'}"
    shown = [v for v in model["versions"] if v["aliases"] or v in model["versions"][-SHOWN:]]
    hidden = len(model["versions"]) - len(shown)
    more = [f"{INDENT}{hidden} earlier versions: --json has them"] if hidden else []
    table = pd.DataFrame({f"version {v['version']}": _column(v) for v in shown}).fillna("")
    body = [f"{INDENT}{line}" for line in table.to_string().splitlines()] if shown else []
    return "\n".join([f"{model['name']}: {champion}{agree}{waits}", *body, *more, *_log(model["log"])])


def _column(version: Mapping[str, Any]) -> dict[str, str]:
    """Return what is told of a version, from its aliases to how it did beside the champion of its time."""
    contest = version["contest"]
    beside = f"{contest['verdict']} ({contest['against']})" if contest else ""
    about = {
        "is": ", ".join(version["aliases"]),
        "trained": version["training"][:16].replace("T", " "),
        "candidate": version["candidate"],
    }
    figures = {name.replace("_", " "): _figure(figure) for name, figure in version["figures"].items()}
    return about | figures | {"beside the champion": beside}


def _figure(figure: Mapping[str, float]) -> str:
    bounds = f" [{figure['low']:.3f}, {figure['high']:.3f}]" if {"low", "high"} <= figure.keys() else ""
    return f"{figure['value']:.3f}{bounds}"


def _log(lines: list[Mapping[str, Any]]) -> list[str]:
    return [part for line in lines for part in _log_line(line)]


def _log_line(line: Mapping[str, Any]) -> list[str]:
    at, who = line["at"][:16].replace("T", " "), line["who"] or "somebody"
    what = f"version {line['version']} instead of {line['previous'] or 'none'}"
    if line["action"] == "rule":
        what = f"{line['version']} persons must agree" if line["version"] != "1" else "one person is enough"
    head = f"{INDENT}{at}  {who}  {line['action']}  {what}: "
    return wrap(head + line["reason"], WIDTH, subsequent_indent=INDENT * 10)
