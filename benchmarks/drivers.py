"""Drivers beside other tools: contributions of 500 trees of 31 leaves on 60 features, each way in its own process.

    make bench-drivers

CPU time of the process, which other work on the machine does not change, with one thread. shap and woodelf-explainer
are measured where they are installed. The page docs/benchmarks-drivers.md is written anew by each run.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import lightgbm as lgb
import numpy as np

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-drivers.md"
FEATURES, BATCH = 60, 20_000
PLAIN = {"num_leaves": 31, "learning_rate": 0.05, "feature_fraction": 0.5, "num_threads": 1, "verbose": -1}
CODES = [20, 21, 22]
ROWS = {
    "patron": [10_000, 100_000, 1_000_000],
    "predict": [10_000, 100_000],
    "pred_contrib": [1_000, 10_000],
    "shap": [1_000],
    "woodelf": [10_000, 100_000],
}
NAMES = {
    "patron": "Patron, drivers' way",
    "predict": "LightGBM, answers alone",
    "pred_contrib": "LightGBM, pred_contrib",
    "shap": "shap.TreeExplainer",
    "woodelf": "woodelf-explainer",
}
PACKAGES = {"shap": "shap", "woodelf": "woodelf-explainer"}
SUBSET = {"bagging_freq": 1, "bagging_fraction": 0.5}
SHAPES = {
    "numbers": {"objective": "binary"},
    "numbers, some missing": {"objective": "binary", "missing": 0.2},
    "zero is missing": {"objective": "binary", "missing": 0.2, "zero_as_missing": True},
    "categories": {"objective": "binary", "codes": CODES},
    "three classes": {"objective": "multiclass", "num_class": 3},
    "dart": {"objective": "binary", "boosting": "dart"},
    "random forest": {"objective": "binary", "boosting": "rf"} | SUBSET,
    "deep": {"objective": "regression", "num_leaves": 127, "min_data_in_leaf": 2},
}
CAPTION = """\
Written by `make bench-drivers`. Seeded rows of 60 features: numbers, whole numbers, a tenth with missing values in one
row of five; a LightGBM model for yes or no of 500 trees of 31 leaves, trained on 100,000 of them.

- **CPU**: seconds of computing, one thread, the reading of the model included; Patron's first run on a machine
  compiles its loops besides (about 7 s, then kept).
- **per 100,000 rows**: the same, in proportion where fewer were computed.
- **peak**: memory of the process, libraries and rows included; Patron computes 20,000 rows at a time, as drivers do.
"""
EQUALITY = """
## Equality

The largest difference of any contribution to LightGBM's `pred_contrib`, over 500 rows with values unlike those of the
training, for models of 20 trees of each shape. shap hands the rows of a LightGBM model to LightGBM; "refused" is a way
that raises an error. The raw score of a random forest is here the sum of its trees, as LightGBM has it; woodelf returns
one table where there are three classes.
"""


def rows(count: int, missing: float = 0.2, seed: int = 0) -> np.ndarray:
    """Seeded features, drawn in parts so that a million fit."""
    rng, X = np.random.default_rng(seed), np.empty((count, FEATURES), dtype=np.float32)
    for begin in range(0, count, BATCH):
        part = X[begin : begin + BATCH]
        part[:] = rng.normal(size=part.shape)
        part[:, 20:25] = rng.integers(0, 30, (len(part), 5))
        part[:, 25:40] = np.floor(np.exp(part[:, 25:40]))
        part[:, 10:16][rng.random((len(part), 6)) < missing] = np.nan
    return X


def trained(count: int, rounds: int, objective: str, codes=(), missing: float = 0.2, **parameters) -> lgb.Booster:
    X, noise = rows(count, missing), np.random.default_rng(1).normal(size=count)
    y = X[:, 0] * X[:, 1] + np.nan_to_num(X[:, 10]) - 0.3 * X[:, 25] + np.sin(X[:, 20]) + noise
    if objective != "regression":
        y = np.digitize(y, [-1.0, 0.5]) if objective == "multiclass" else y > 0
    fit = lgb.Dataset(X, y, categorical_feature=list(codes) or "auto")
    return lgb.train(PLAIN | parameters | {"objective": objective}, fit, rounds)


def patron(booster: lgb.Booster, X: np.ndarray) -> np.ndarray:
    from patron.explanations.treeshap.exact import tree_contributions

    for begin in range(0, len(X), BATCH):
        parts, _ = tree_contributions(booster.model_to_string(), X[begin : begin + BATCH])
    return parts


def pred_contrib(booster: lgb.Booster, X: np.ndarray) -> np.ndarray:
    flat = booster.predict(X, pred_contrib=True, num_threads=1)
    return flat.reshape(len(X), -1, X.shape[1] + 1)[:, :, :-1]


def predict(booster: lgb.Booster, X: np.ndarray) -> np.ndarray:
    return booster.predict(X, raw_score=True, num_threads=1)


def shap(booster: lgb.Booster, X: np.ndarray) -> np.ndarray:
    import shap

    return _by_class(shap.TreeExplainer(booster).shap_values(X))


def woodelf(booster: lgb.Booster, X: np.ndarray) -> np.ndarray:
    import pandas as pd
    from woodelf import WoodelfExplainer

    frame = pd.DataFrame(X, columns=booster.feature_name())
    return _by_class(WoodelfExplainer(booster).shap_values(frame))


def _by_class(values: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """Return contributions as (rows, classes, features), from a table, a list of classes or a third axis of them."""
    if isinstance(values, list):
        return np.stack(values, axis=1)
    return values[:, None] if values.ndim == 2 else values.transpose(0, 2, 1)


WAYS = {"patron": patron, "predict": predict, "pred_contrib": pred_contrib, "shap": shap, "woodelf": woodelf}
COMPARED = {"Patron": patron, "shap": shap, "woodelf": woodelf}


def child(way: str, count: int, model: Path) -> None:
    """Compute one way, after a few rows that import and compile, and print what it took."""
    booster, X = lgb.Booster(model_file=model), rows(count, seed=2)
    WAYS[way](booster, X[:50])
    begin = time.process_time()
    WAYS[way](booster, X)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"cpu": time.process_time() - begin, "peak": peak}))


def measured(way: str, count: int, model: Path) -> list[str]:
    """One row of the page."""
    command = [sys.executable, "-W", "ignore", __file__, "--way", way, "--rows", str(count), "--model", str(model)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    took = json.loads(run.stdout.splitlines()[-1])
    rate = took["cpu"] * 100_000 / count
    return [NAMES[way], f"{count:,}", f"{took['cpu']:,.1f} s", f"{rate:,.1f} s", f"{took['peak']:.1f} GB"]


def equality(shape: str) -> list[str]:
    """One row of the page: how far each way is from LightGBM's own."""
    booster = trained(20_000, 20, **SHAPES[shape])
    booster = lgb.Booster(model_str=booster.model_to_string())
    X, rng = rows(500, seed=3), np.random.default_rng(4)
    X[rng.random(X.shape) < 0.05], X[rng.random(X.shape) < 0.05] = np.nan, 0.0
    expected = pred_contrib(booster, X)
    return [
        shape,
        *(_difference(way, booster, X, expected) for way in COMPARED.values() if _is_installed(way.__name__)),
    ]


def _difference(way, booster: lgb.Booster, X: np.ndarray, expected: np.ndarray) -> str:
    try:
        return f"{np.abs(way(booster, X) - expected).max():.0e}"
    except Exception:  # whatever a peer raises
        return "refused"


def _is_installed(way: str) -> bool:
    try:
        return bool(version(PACKAGES[way]))
    except KeyError:
        return True
    except PackageNotFoundError:
        return False


def page() -> str:
    """The whole page as Markdown."""
    peers = [f"{name} {version(name)}" for way, name in PACKAGES.items() if _is_installed(way)]
    used = ", ".join([*(f"{name} {version(name)}" for name in ("patron", "lightgbm", "numpy", "numba")), *peers])
    header = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {used}; one thread."
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.txt"
        trained(100_000, 500, "binary").save_model(model)
        costs = [measured(way, n, model) for way, counts in ROWS.items() if _is_installed(way) for n in counts]
    compared = [name for name, way in COMPARED.items() if _is_installed(way.__name__)]
    parts = [f"# Drivers\n\n{header}\n\n{CAPTION}"]
    parts += [_table(["way", "rows", "CPU", "per 100,000 rows", "peak"], costs), EQUALITY]
    return "\n".join([*parts, _table(["shape", *compared], [equality(shape) for shape in SHAPES])]) + "\n"


def _table(columns: list[str], cells: list[list[str]]) -> str:
    lines = ["| " + " | ".join(line) + " |" for line in (columns, ["---"] * len(columns), *cells)]
    print("\n".join(lines), flush=True)
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    if given.way:
        child(given.way, given.rows, given.model)
    else:
        PAGE.write_text(page(), encoding="utf-8")
