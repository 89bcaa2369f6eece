"""Spark job: tasks that answer for some customers each come to what one machine answers for all."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from ibis.expr.types import Table

from patron.engines.spark import SparkWork
from patron.errors import QuestionError, ScoreError, SettingsError
from patron.jobs import Job, distributed_training, job_of, score, spark_job
from patron.jobs.checking import labelled_rows
from patron.jobs.spark_job import SparkJob
from patron.models.training import fit
from patron.questions import spark_rows
from patron.questions.kinds import next_purchase
from patron.scoring.partitions import LINEAGE, Manifest, read_scores
from worlds.histories import ago, history_of


@dataclass(frozen=True)
class ThreeParts:
    """A session of this process: files are opened as they are, and work goes to three parts as it goes to executors."""

    parts: int = 3

    def sized(self, sources: Iterable[object]) -> "ThreeParts":
        return self

    def open(self, source: object) -> object:
        return source

    def each(self, tables: Mapping[str, Table], work: SparkWork) -> list[str]:
        rows = {name: table.to_pyarrow() for name, table in tables.items()}
        number = {n: np.array([zlib.crc32(c.encode()) % 3 for c in r["customer"].to_pylist()]) for n, r in rows.items()}
        work = cloudpickle.loads(cloudpickle.dumps(work))
        return [work(part, {name: r.filter(number[name] == part) for name, r in rows.items()}) for part in range(3)]


def on_parts(job: Job, out: Path, **changed: object) -> SparkJob:
    parted = job_of(replace(job.settings, out=out, spark=ThreeParts(), **changed), job.now, engine="spark")
    assert isinstance(parted, SparkJob)
    return parted


def frame(job: Job) -> pd.DataFrame:
    return pd.concat([job.rows.key, job.rows.X], axis=1)


def test_parts_come_to_the_scores_rows_and_reasons_of_one_machine(trained_job, tmp_path):
    whole = Job(replace(trained_job.settings, out=tmp_path / "whole", reasons_in_scores=True), trained_job.now)
    parted = on_parts(trained_job, tmp_path / "parted", reasons_in_scores=True)
    for job in (whole, parted):
        score(job)
    one, other = (read_scores(job.out).drop(columns=list(LINEAGE)) for job in (whole, parted))
    assert "reasons_for" in one
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    pd.testing.assert_frame_equal(frame(whole), frame(parted), check_exact=True)
    manifest = Manifest.of(parted.scored.path)
    assert (len(manifest.parts), manifest.rows) == (3, len(one))
    assert manifest.breaks == Manifest.of(whole.scored.path).breaks


def test_parts_come_to_the_rows_to_learn_from_and_to_the_labels_of_one_machine(trained_job, tmp_path):
    (one, answers), (other, others) = (labelled_rows(job) for job in (trained_job, on_parts(trained_job, tmp_path)))
    pd.testing.assert_frame_equal(one.key, other.key, check_exact=True)
    pd.testing.assert_frame_equal(one.X, other.X, check_exact=True)
    np.testing.assert_array_equal(answers["churn"], others["churn"])
    assert not list(tmp_path.iterdir())


def test_where_rows_of_all_are_too_many_a_sample_is_judged_and_trees_grow_on_everybody(
    trained_job, tmp_path, monkeypatch
):
    monkeypatch.setattr(spark_rows, "GIGABYTE", 30_000)
    monkeypatch.setattr(distributed_training, "workers_of", lambda spark: 2)
    monkeypatch.setattr(distributed_training, "together", lambda spark, workers, work: work(0, (), 1))
    said = []
    job = replace(on_parts(trained_job, tmp_path, memory=1.0), tell=said.append)
    rows, label = labelled_rows(job)
    some = rows.key.customer.nunique()
    assert (job.sampling, 10 < some < 60) == (2, True), "of 80 customers"
    (question,) = job.questions
    trained = replace(fit(question, job.source, rows, label["churn"], job.split), champion="lightgbm")
    grown = job.grown(trained, rows)
    everybody, _ = labelled_rows(trained_job)
    count = int(everybody.at(*job.split.known).sum())
    assert f"has trees of {count:,} examples of all customers" in said[-1]
    leaves = grown.model.booster.trees_to_dataframe().query("tree_index == 0 and left_child.isnull()")
    assert rows.at(*job.split.known).sum() < leaves["count"].sum() < count, "four fifths of everybody, drawn by lot"
    assert (grown.champion, len(grown.bundles)) == ("lightgbm", len(trained.bundles))
    assert job.cautions(rows) == (f"the figures are those of a sample, {some} of 80 customers; trees saw all",)
    constant = replace(trained, champion="constant")
    assert job.grown(constant, rows) is constant
    assert "'constant', stays as it is" in said[-1]
    monkeypatch.setattr(ThreeParts, "each", lambda *_: ["5", "0", "5"])
    with pytest.raises(QuestionError, match=r"wrote 2 files of examples, and this machine sees 0.*out = \"/mnt/shared"):
        job.grown(trained, rows)
    assert not list(tmp_path.iterdir()), "no example is left behind"


def test_what_is_learned_from_more_than_rows_of_customers_is_refused(trained_job):
    lines = [("a", ago(days), "o1", "tea", "drinks", 1.0, 2.0) for days in (40, 20)]
    history = history_of([("a", ago(40), 2.0), ("a", ago(20), 2.0)], lines=lines)
    with pytest.raises(QuestionError, match=r"next basket holds is learned from the lines.*leave out --engine spark"):
        spark_job._check_learnable(replace(trained_job.settings, questions=(next_purchase(30),)), history)
    offers = (SimpleNamespace(name="call", is_learned=True),)
    with pytest.raises(QuestionError, match=r"does not learn the effects of offers \(call\)"):
        spark_job._check_learnable(replace(trained_job.settings, offers=offers), history)


def test_what_was_scored_on_spark_stands_for_one_machine_too(trained_job, tmp_path):
    score(on_parts(trained_job, tmp_path))
    assert score(Job(replace(trained_job.settings, out=tmp_path), trained_job.now))["unchanged"]


def test_a_part_that_this_machine_does_not_see_is_no_part(trained_job, tmp_path, monkeypatch):
    job = on_parts(trained_job, tmp_path)
    elsewhere = '{"number": 0, "rows": 1, "files": {"scores/part-00000.parquet": "ab"}, "notes": {}}'
    monkeypatch.setattr(ThreeParts, "each", lambda *_: [elsewhere])
    with pytest.raises(ScoreError, match=r'part 0 to a folder that this machine does not see.*out = "/mnt/shared'):
        score(job)


def test_what_needs_all_customers_at_once_is_refused_before_anything_is_read(trained_job, tmp_path):
    job = on_parts(trained_job, tmp_path, outcomes=True)
    with pytest.raises(QuestionError, match=r"does not work with outcomes = true.*leave out --engine spark"):
        _ = job.data
    with pytest.raises(QuestionError, match="The model for 'churn' ranks what the next basket holds"):
        spark_job._check_rankings({"churn": SimpleNamespace(spec={"baskets": [1]})})


def test_an_engine_that_there_is_not_is_refused(trained_job):
    with pytest.raises(SettingsError, match="Patron runs on 'duckdb' or 'spark', got 'flink'"):
        job_of(trained_job.settings, trained_job.now, engine="flink")
