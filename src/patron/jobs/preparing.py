"""Preparing: what is done once after installing, so that no job has to wait for it."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import lightgbm
import numpy as np

from patron.explanations.redundancy import Facts, parts_of, strongest
from patron.explanations.texts import each
from patron.explanations.treeshap.exact import tree_contributions
from patron.jobs import demo
from patron.jobs.checking import labelled_rows
from patron.jobs.job import Job
from patron.metrics import (
    auc,
    average_precision,
    bootstrap,
    concordance,
    decile_error,
    normalized_gini,
    quadratic_kappa,
)

__all__ = ["compile_loops"]

FEW = 100


def compile_loops() -> None:
    """Compile the loops of the features on the bundled data, those of metrics and drivers on a few rows."""
    with TemporaryDirectory() as root:
        rows, _ = labelled_rows(Job(demo.settings(Path(root)), datetime.now(UTC)))
    customers, actual = rows.key.customer.to_numpy()[:FEW], np.arange(FEW) % 2
    score = np.linspace(0.1, 0.9, FEW)
    binary = {"auc": auc, "precision": average_precision, "gini": normalized_gini, "decile_error": decile_error}
    bootstrap(binary, customers, actual.astype(np.float64), score)
    bootstrap({"kappa": partial(quadratic_kappa, classes=(0, 1))}, customers, actual, actual)
    bootstrap({"concordance": concordance}, customers, score, actual, score)
    X = score[:, None]
    trees = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, actual), num_boost_round=1)
    parts, _ = tree_contributions(trees.model_to_string(), X)
    held = Facts(np.zeros((1, 1), dtype=np.intp), np.zeros(FEW, dtype=np.intp))
    reasons = strongest(parts[:, 0], held, np.ones(1, dtype=bool), 1)
    parts_of(parts[:, None], held, reasons.row, reasons.fact)
    each(["compiled"], np.zeros(FEW, dtype=np.intp))
