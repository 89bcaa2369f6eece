"""Inputs: the tables that a training read, as a run's data sets: digest, size and columns, and no value of a row."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patron.registry import DataSet
from patron.settings import Settings

__all__ = ["data_sets"]

KINDS = {"number": "double", "time": "datetime", "date": "datetime", "bool": "boolean"}


def data_sets(settings: Settings, data: Mapping[str, Any], looks: Mapping[str, Any]) -> list[DataSet]:
    """Return each table that was read as a data set.

    Args:
        settings: which name the files; of a path the last part is kept.
        data: rows, customers, time span and hash of each table.
        looks: what the tables look like, as models carry it.
    """
    files = settings.files
    return [
        DataSet(
            name=name,
            digest=hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:32],
            source=Path(str(files[name].path)).name if name in files else name,
            columns=_columns(looks.get("tables", {}).get(name, {})),
            profile={key: held[key] for key in ("rows", "customers", "first", "last") if key in held},
        )
        for name, held in data.items()
    ]


def _columns(table: Mapping[str, Any]) -> dict[str, str]:
    """Return the type of each column, as mlflow calls it."""
    kinds = {name: KINDS.get(column.get("type", ""), "string") for name, column in table.get("columns", {}).items()}
    return {"customer": "string", "at": "datetime"} | kinds
