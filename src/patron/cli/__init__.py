"""The command line: each verb calls one function, and a user's mistake ends in a sentence and an exit code."""

import importlib

from patron.cli.running import app, run

__all__ = ["app", "run"]

for _verbs in (
    "settings_verbs",
    "model_verbs",
    "program_verbs",
    "local_verbs",
):  # in the order in which help lists them
    importlib.import_module(f"{__name__}.{_verbs}")
