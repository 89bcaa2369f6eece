"""The command line in this process, with what it says and its exit code; what it says to machines fits its schema."""

import json
import sys
from collections.abc import Mapping
from types import SimpleNamespace

from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from patron import cli
from patron.formatting import json_values
from patron.jobs.schemas import schema


def patron(*arguments: object):
    """Run the command line as `run` does, with its exit code, and what it says on each way out."""
    with CliRunner().isolation() as (out, err, _):
        old, sys.argv = sys.argv, ["patron", *map(str, arguments)]
        code = 0
        try:
            cli.run()
        except SystemExit as end:
            code = end.code or 0
        finally:
            sys.argv = old
        told, said = out.getvalue().decode(), err.getvalue().decode()
    if "--json" in arguments and told:
        check_fits(told)
    return SimpleNamespace(exit_code=code, output=told + said, stdout=told, stderr=said)


def check_summary(verb: str, summary: Mapping) -> None:
    """Check that what a verb returns fits the schema of what it prints."""
    check_fits(json.dumps({"verb": verb, "run": "", **json_values(summary)}, default=str))


def check_fits(printed: str) -> None:
    """Check that what a verb printed is JSON as its schema has it, and no number that JSON lacks."""
    values = json.loads(printed, parse_constant=_refuse)
    Draft202012Validator(schema(values["verb"])).validate(values)


def _refuse(word: str) -> None:
    raise ValueError(f"no JSON: {word}")
