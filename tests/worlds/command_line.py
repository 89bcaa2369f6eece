"""The command line in this process, with what it says and its exit code."""

import sys

from typer.testing import CliRunner

from patron import cli


def patron(*arguments: object):
    """Run the command line as `run` does, with its exit code."""
    with CliRunner().isolation() as (out, err, _):
        old, sys.argv = sys.argv, ["patron", *map(str, arguments)]
        code = 0
        try:
            cli.run()
        except SystemExit as end:
            code = end.code or 0
        finally:
            sys.argv = old
        text = out.getvalue().decode() + err.getvalue().decode()
    return type("Result", (), {"exit_code": code, "output": text})
