"""Servers that tests start in processes of their own: on a free port, waited for, and ended with their workers."""

import os
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen) -> None:
    """Wait until an address answers."""
    last = time.monotonic() + 240
    while time.monotonic() < last and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not start: {server.poll()}")


def end(server: subprocess.Popen) -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.pid, 9)
    server.wait()
