"""Measure answers of a model on a Spark session: Patron's bundle in its tasks, beside `mlflow.pyfunc.spark_udf`.

    python benchmarks/spark_answers.py --rows 200000 --cores 2 --rounds 3

The same churn model of trees answers the same rows, from Parquet to Parquet, in one session that has begun. Each way
goes once before the clock starts, and then in turn with the others.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from spark import spent
from training import generate

from patron.engines.spark import Spark
from patron.models.serving import Bundle, standalone
from patron.models.training import fit
from patron.questions.matrices import labels, matrix
from patron.registry.mlflow_import import mlflow
from patron.registry.packaging import spec_of, stage
from scoring import TRAINED_ON, business

FILES = 4
ANSWER = "answer double"


def trained(folder: Path) -> tuple[Bundle, pd.DataFrame]:
    """Return a churn model of trees, and rows to answer."""
    generate(TRAINED_ON, folder / f"orders-{TRAINED_ON}.parquet")
    chosen = business(folder, TRAINED_ON, None)
    history, cutoffs = chosen.history(), (*chosen.split.known, *chosen.split.test)
    question = chosen.questions[0]
    rows = matrix(question, history, cutoffs)
    label = labels(question, history, cutoffs, rows=rows)
    fitted = fit(question.on(history, cutoffs[-1]), history, rows, label, chosen.split, 0)
    return fitted.bundles["lightgbm"], rows.X.astype(np.float64)


def in_pandas(bundle: Bundle, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Answer rows as frames of pandas."""
    for frame in frames:
        yield pd.DataFrame({"answer": bundle.predict(frame).iloc[:, 0].astype(float)})


def in_arrow(bundle: Bundle, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Answer rows as batches of Arrow."""
    for batch in batches:
        yield pa.RecordBatch.from_pandas(next(in_pandas(bundle, iter([batch.to_pandas()]))), preserve_index=False)


def of_mlflow(bundle: Bundle, session: Any, folder: Path) -> Any:
    """Return the function by which MLflow asks the registered package."""
    code, kept = folder / "serving.py", bundle.save(folder / "kept")
    code.write_text(standalone(), encoding="utf-8")
    package = stage(folder, kept, code, spec_of(kept, code), ["lightgbm", "numpy", "pandas"])
    return mlflow().pyfunc.spark_udf(session, str(package), env_manager="local", result_type="double")


def ways(bundle: Bundle, session: Any, folder: Path) -> Mapping[str, Callable[[], Any]]:
    """Return what answers the rows, by name."""
    from pyspark.sql.functions import struct

    rows, ask = session.read.parquet(str(folder / "rows")), of_mlflow(bundle, session, folder)
    return {
        "mapInPandas": lambda: rows.mapInPandas(partial(in_pandas, bundle), ANSWER),
        "mapInArrow": lambda: rows.mapInArrow(partial(in_arrow, bundle), ANSWER),
        "mlflow.pyfunc.spark_udf": lambda: rows.select(ask(struct(*rows.columns)).alias("answer")),
    }


def write(answers: Callable[[], Any], path: Path) -> None:
    """Have a session write answers."""
    answers().write.mode("overwrite").parquet(str(path))


def answered(path: Path) -> np.ndarray:
    """Return the answers that were written, in order of size, as files come in any order."""
    return np.sort(pq.read_table(path)["answer"].to_numpy())


def main() -> None:
    """Measure, and print one line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--rows", 200_000), ("--cores", 2), ("--rounds", 3)):
        parser.add_argument(name, type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle, rows = trained(folder)
        (folder / "rows").mkdir()
        place = np.random.default_rng(0).integers(0, len(rows), given.rows)
        for number, part in enumerate(np.array_split(place, FILES)):
            rows.iloc[part].to_parquet(folder / "rows" / f"{number}.parquet", index=False)
        conf = {"spark.ui.enabled": False, "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
        session = Spark(f"local[{given.cores}]", conf).session
        answering = ways(bundle, session, folder)
        paths = {way: folder / str(number) for number, way in enumerate(answering)}
        times: dict[str, list[dict[str, float]]] = {way: [] for way in answering}
        for turn in range(given.rounds + 1):
            for way, answers in answering.items():
                with spent("answers") as figures:
                    write(answers, paths[way])
                times[way] += [figures] if turn else []
        first, *others = map(answered, paths.values())
        for other in others:
            np.testing.assert_allclose(first, other, rtol=1e-12)
        session.stop()
    print(f"| way ({given.rows:,} rows, median of {given.rounds}) | time | CPU | rows a second |")
    print("| --- | --- | --- | --- |")
    for way, taken in times.items():
        seconds, cpu = (median(figures[kind] for figures in taken) for kind in ("answers", "answers cpu"))
        print(f"| {way} | {seconds:.1f} s | {cpu:.1f} s | {given.rows / seconds:,.0f} |")


if __name__ == "__main__":
    main()
