"""What-if: time for each customer, of a model of 500 trees of 31 leaves on 60 features, six of them levers.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/what_if.py

Prints a table for docs/drivers.md: CPU time of the process, one thread, for customers who are all at risk; for some of
them no single lever suffices, so that pairs are tried too.
"""

import time

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.explanations.what_if import what_if
from patron.models.serving import Bundle
from patron.models.usual import with_plausible
from patron.questions.matrices import Matrix

FEATURES, LEVERS, TRAINED = 60, 6, 50_000
COUNTS = (1, 100, 2_000)
STEPS = {"churn": {"kind": "churn", "horizon": 90}, "cancellation": {"kind": "cancellation", "event": "cancellation"}}
MONTHS = {"horizon": 90, "edges": [0, 30, 60, 90], "within": [90]}


def rows(count: int, seed: int) -> pd.DataFrame:
    X = np.random.default_rng(seed).normal(size=(count, FEATURES)).astype(np.float32)
    X[:, :3] = np.floor(np.exp(X[:, :3]))
    return pd.DataFrame(X, columns=[f"f{i}" for i in range(FEATURES)])


def model(kind: str) -> Bundle:
    X = rows(TRAINED, 0)
    steps = [X.assign(step=float(step)) for step in range(3)] if kind == "cancellation" else [X]
    noise = np.random.default_rng(1).normal(size=TRAINED)
    y = 0.3 * X.f0 + 0.2 * X.f1 + 0.3 * X.f3 * X.f10 + 0.5 * X.f20 + noise > 0.5
    fit = lgb.Dataset(pd.concat(steps).to_numpy(), np.tile(y, len(steps)))
    parameters = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.03, "num_threads": 1, "verbose": -1}
    meaning = {"words": "A number", "theme": "habit", "unit": "number", "formula": "", "source": "orders"}
    meaning |= {"dtype": "float64", "levels": [], "usual": 0.0}
    features = [{"name": n, "lever": "it" if i < LEVERS else "", **meaning} for i, n in enumerate(X)]
    answer = STEPS[kind] | ({} if kind == "churn" else MONTHS)
    spec = {"calibration": None, "estimator": {"kind": "trees", "threads": 1}}
    spec |= {"features": with_plausible(features, X, None), "answer": answer}
    return Bundle(spec, lgb.train(parameters, fit, 500))


def main() -> None:
    print("| model | customers | CPU for each | pairs |\n| --- | --- | --- | --- |")
    for kind in STEPS:
        bundle, X = model(kind), rows(20_000, 2)
        risk = bundle.predict(X).iloc[:, 0]
        risky = X[risk > 0.6].reset_index(drop=True)
        for count in COUNTS:
            some = risky[:count]
            key = pd.DataFrame({"customer": [f"c{i}" for i in range(count)], "cutoff": pd.Timestamp("2024-05-01")})
            begin = time.process_time()
            table = what_if(bundle, Matrix(key, some, ()), 0.3)
            each = (time.process_time() - begin) / count
            pairs = table.customer[table.second_feature != ""].nunique()
            print(f"| {kind} | {count:,} | {1000 * each:,.1f} ms | {pairs / count:.0%} |", flush=True)


if __name__ == "__main__":
    main()
