"""Prometheus: how a run ended as a text file that its node exporter reads."""

import os
import re
from pathlib import Path

from patron.errors import PatronError, SettingsError
from patron.logs.outcome import Outcome

__all__ = ["check_metrics_file", "metrics_text", "write_metrics"]

METRICS = {
    "exit_code": "Exit code of the latest run of the verb; 0 is done.",
    "run_seconds": "How long the latest run took.",
    "peak_memory_bytes": "The most memory that the latest run held.",
    "customers": "Customers that the latest run was about.",
    "rows_read": "Rows of tables that the latest run read.",
    "end_timestamp_seconds": "When the latest run ended.",
    "last_success_timestamp_seconds": "When a run last ended with exit code 0.",
    "step_seconds": "How long each step of the latest run took.",
}
LAST_SUCCESS = "last_success_timestamp_seconds"


def check_metrics_file(path: Path) -> None:
    """Refuse a place for metrics that cannot be written, before anything is done.

    Raises:
        SettingsError: there is no such folder, or the path is a folder.
    """
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise SettingsError(
            f"Metrics cannot be written to {str(path)!r}: it must be a file in a folder that is there. Make the "
            f"folder, or name another one: --metrics-file {path.name or 'patron'}.prom"
        )


def write_metrics(path: Path, outcome: Outcome) -> None:
    """Write how a run ended as a text file of Prometheus, whole or not at all, for everybody to read.

    Raises:
        PatronError: the folder takes no file.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        unfinished.write_text(metrics_text(outcome, _last_success(before)), encoding="utf-8")
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except (OSError, ValueError) as error:
        unfinished.unlink(missing_ok=True)
        raise PatronError(
            f"Metrics cannot be written to {str(path)!r}: {getattr(error, 'strerror', None) or error}. Free the disk "
            "or the folder for writing, or leave --metrics-file out."
        ) from None


def metrics_text(outcome: Outcome, last_success: float | None) -> str:
    """Return metrics as the text format of Prometheus (version 0.0.4).

    Args:
        outcome: how a run ended.
        last_success: when one ended well before, in seconds since 1970.
    """
    at = outcome.at.timestamp()
    values: dict[str, float | None] = {
        "exit_code": outcome.code,
        "run_seconds": round(outcome.seconds, 3),
        "peak_memory_bytes": outcome.memory,
        "customers": outcome.counts.get("customers"),
        "rows_read": outcome.counts.get("rows_read"),
        "end_timestamp_seconds": round(at, 3),
        LAST_SUCCESS: round(at, 3) if outcome.code == 0 else last_success,
    }
    labels = f'verb="{_escaped(outcome.verb)}",business="{_escaped(outcome.business)}"'
    lines = [(name, labels, value) for name, value in values.items() if value is not None]
    lines += [
        ("step_seconds", f'{labels},step="{_escaped(step)}"', round(seconds, 3))
        for step, seconds in outcome.steps.items()
    ]
    heads: dict[str, list[str]] = {}
    for name, about, value in lines:
        head = [f"# HELP patron_{name} {METRICS[name]}", f"# TYPE patron_{name} gauge"]
        heads.setdefault(name, head).append(f"patron_{name}{{{about}}} {value!r}")
    return "\n".join(line for group in heads.values() for line in group) + "\n"


def _last_success(text: str) -> float | None:
    value = re.search(rf"^patron_{LAST_SUCCESS}\{{.*\}} ([\d.]+)$", text, re.MULTILINE)
    return float(value[1]) if value else None


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
