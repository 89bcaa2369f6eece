"""Views: how MLflow's page shows an experiment: as machine learning, with the columns by which trainings compare."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

__all__ = ["VIEW_TAGS", "ensure_view", "view_addresses"]

NAME = "patron"
SHARED = f"mlflow.sharedViewState.{NAME}"  # what the page reads where an address names the view
VIEW = f"workflowType=machine_learning&viewStateShareKey={NAME}"
FIGURES = ("log_loss", "auc", "gini_of_profit", "quadratic_kappa", "bias")
COLUMNS = (
    *("tags.`champion`", "tags.`grade`", "tags.`trained_until`"),
    *(f"metrics.`test.{name}`" for name in FIGURES),
    *("metrics.`test.rows`", "metrics.`rolling.log_loss`"),
)
VIEW_TAGS: Mapping[str, str] = {
    "mlflow.experimentKind": "custom_model_development",
    SHARED: json.dumps({"selectedColumns": COLUMNS}),
}
OPEN = (
    "SELECT name, experiment_id FROM experiments JOIN experiment_tags USING (experiment_id) "
    "WHERE lifecycle_stage = 'active' AND key = ? ORDER BY name"
)


def ensure_view(client: Any, experiment: Any) -> None:
    """Give an experiment of an earlier release its view, or one of an earlier view the present one."""
    for name, value in VIEW_TAGS.items():
        if experiment.tags.get(name) != value:
            client.set_experiment_tag(experiment.experiment_id, name, value)


def view_addresses(folder: Path, page: str) -> Sequence[tuple[str, str]]:
    """Return the name of each experiment of a local store, and where its trainings stand side by side.

    Args:
        folder: of the store.
        page: the address of MLflow's page.
    """
    try:
        with closing(sqlite3.connect(f"{(folder / 'mlflow.db').as_uri()}?mode=ro", uri=True)) as database:
            known = database.execute(OPEN, (SHARED,)).fetchall()
    except sqlite3.Error:
        return ()  # the page itself says what is wrong with the store
    return [(name, f"{page}/#/experiments/{number}/runs?{VIEW}") for name, number in known]
