"""The command line in this process, with what it says and its exit code."""

import sys
from types import SimpleNamespace

from typer.testing import CliRunner

from patron import cli


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
    return SimpleNamespace(exit_code=code, output=told + said, stdout=told, stderr=said)
