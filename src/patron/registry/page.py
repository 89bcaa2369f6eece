"""The page of the local runs and models, served to this machine for as long as whoever asked for it lives."""

import os
import signal
import subprocess
import sys

from patron.registry.local_store import artifacts
from patron.registry.registry import Registry
from patron.registry.views import view_addresses

__all__ = ["page_lines", "serve_page", "ui_command"]

HOST, PORT = "127.0.0.1", 5000
# A parent that is killed cannot end its children: they look for it themselves, and take their workers along.
START = """
import os, signal, threading, time
parent = os.getppid()
def watch():
    while os.getppid() == parent:
        time.sleep(0.5)
    os.killpg(0, signal.SIGTERM)
if os.name == "posix":
    threading.Thread(target=watch, daemon=True).start()
from patron.registry.mlflow_import import mlflow
mlflow()
from mlflow.cli import cli
cli()
"""


def page_lines(registry: Registry) -> list[str]:
    """Return where each experiment's trainings stand side by side on the page, a line for each."""
    return [f"{name}: {address}" for name, address in view_addresses(registry._local(), f"http://{HOST}:{PORT}")]


def ui_command(registry: Registry, port: int = PORT) -> list[str]:
    """Return the command that shows a local store's runs and models in a browser on this machine.

    Raises:
        RegistryError: the registry is a server, which has its own page.

    >>> from pathlib import Path
    >>> ui_command(Registry.at(Path("shop")))[-4:]
    ['--port', '5000', '--workers', '1']
    """
    folder = registry._local()
    store = ["--backend-store-uri", registry.tracking_uri, "--default-artifact-root", artifacts(folder)]
    address = ["--host", HOST, "--port", str(port), "--workers", "1"]
    return [sys.executable, "-c", START, "server", *store, *address]


def serve_page(registry: Registry) -> None:
    """Serve the page until it is stopped, and end all of its processes with this one.

    Raises:
        RegistryError: the registry is a server, which has its own page.
    """
    server = subprocess.Popen(ui_command(registry), process_group=0 if os.name == "posix" else None)
    try:
        server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        if os.name == "posix" and server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        else:
            server.terminate()
        server.wait()
