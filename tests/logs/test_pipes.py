"""Pipes: who reads only the first lines of a run ends it, and hears nothing about that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from worlds.kiosk import SETTINGS


def unread(folder: Path, errors: int | None) -> tuple[int, str]:
    """Run `patron check` into a pipe that nobody reads; return its exit code, and what it says on stderr."""
    (folder / "shop.toml").write_text(SETTINGS)
    (folder / "orders.csv").write_text("who,day\na,2024-01-01\n")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", "from patron.cli import run; run()", "check", folder / "shop.toml"]
    ended = subprocess.run(command, stdout=writer, stderr=errors or writer, text=True, check=False)
    os.close(writer)
    return ended.returncode, ended.stderr or ""


@pytest.mark.parametrize("errors", [subprocess.PIPE, None], ids=["stdout", "both"])
def test_a_run_whose_lines_nobody_reads_ends_as_unix_programs_do_and_says_nothing(tmp_path, errors):
    assert unread(tmp_path, errors) == (141, "")
