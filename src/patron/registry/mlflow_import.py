"""mlflow, imported when it is first used and made quiet: no telemetry, no chatter, no customers' values in errors."""

import importlib
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["mlflow", "quiet"]

# Set before mlflow is imported: the telemetry client starts with the import.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_DISABLE_SCHEMA_DETAILS": "true",  # else error texts show customers' values
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # else the working directory's lock file is copied into the model
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def mlflow() -> Any:
    """Import mlflow with telemetry, chatter and customers' values in error texts off."""
    os.environ.update(ENVIRONMENT)
    # mlflow's own seven attempts take four minutes before a wrong address is told.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    with quiet():
        for part in ("artifacts", "entities", "pyfunc"):
            importlib.import_module(f"mlflow.{part}")
        return importlib.import_module("mlflow")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence mlflow's notes, warnings and its copies of errors, which are raised as well, for a while."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
