"""Distributed training: one model from rows that never come together, grown by workers of a Spark session.

Tasks write the examples of their customers to a folder that all executors share. The trees grow by LightGBM's own
distributed learner, of which each worker reads its share of the files. To the driver come the rows of a sample,
counts, and the trees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patron.engines.shared_folders import shared_folder
from patron.engines.spark import Spark
from patron.engines.spark_teams import together, workers_of
from patron.errors import QuestionError
from patron.history.history import History
from patron.history.some_customers import part_of, without_rows
from patron.jobs.large_training import LargeTraining, Sample, TreeWork
from patron.models.out_of_core import Growing
from patron.models.teams import Team
from patron.models.training import Trained
from patron.periods import Split
from patron.questions.matrices import Matrix
from patron.questions.question import Question
from patron.questions.spark_rows import SparkRows

__all__ = ["train_on_spark", "with_all_customers"]


def train_on_spark(
    question: Question,
    history: History,
    split: Split,
    spark: Spark,
    folder: Path,
    parts: int,
    workers: int = 0,
    seed: int = 0,
    candidate: str = "",
) -> LargeTraining:
    """Train on a Spark session: candidates and card of a sample, trees of all customers.

    Args:
        question: what is asked.
        history: the checked event tables, which lie in the session.
        split: cutoffs by use; the test cutoffs are those of the card.
        spark: the session.
        folder: where rows and examples are written, until the model is there; all executors see it by the same path.
        parts: into how many parts the customers fall by a hash; the rows of one, the sample, come to the driver.
        workers: how many grow the trees together, by default as many as the session runs tasks at once. The same number
            comes to the same trees, to the last digit.
        seed: of LightGBM's sampling.
        candidate: whose trees grow, such as "lightgbm" or "hybrid"; by default those of the champion of the sample.

    Raises:
        PatronError: the candidate has no trees, nothing can be learned from the sample, or a worker is lost.
    """
    complete, some = question.on(history, split.known[-1]), part_of(history, 0, parts)
    sample = Sample.of(complete, SparkRows(some, spark, Path(folder)), split, seed, candidate)
    about = split, history, spark, Path(folder), workers
    return sample.judged(*with_all_customers(sample.trained, sample.rows, *about))


def with_all_customers(
    trained: Trained, rows: Matrix, split: Split, history: History, spark: Spark, folder: Path, workers: int = 0
) -> tuple[Trained, int]:
    """Return what was trained on some customers with the trees of all in its champion, and the number of examples.

    Args:
        trained: the candidates of some customers; the champion has trees.
        rows: theirs, at the known cutoffs and perhaps others.
        split: cutoffs by use.
        history: the checked event tables of all customers, which lie in the session.
        spark: the session.
        folder: what all executors see by the same path.
        workers: as in `train_on_spark`.
    """
    growing = Growing.of(trained.model, rows.take(rows.at(*split.known)))
    with shared_folder(folder, "examples") as shared:
        work = TreeWork(trained.question, without_rows(history), split.known, growing, shared, spark.parts)
        counts = [int(line) for line in spark.each(work.rows_of(history), work)]
        _check_seen(work.files, sum(count > 0 for count in counts))
        growth = _Growth(growing, tuple(work.files))
        text = together(spark, min(workers or workers_of(spark), len(work.files)), growth)
    return trained.with_champion(growing.with_trees(text)), sum(counts)


def _check_seen(files: Sequence[Path], written: int) -> None:
    if len(files) < written:
        raise QuestionError(
            f"The executors wrote {written} files of examples, and this machine sees {len(files)} of them. Name a "
            'folder that all share, by the same path: out = "/mnt/shared/results".'
        )


@dataclass(frozen=True)
class _Growth:
    """What a worker does: it grows trees on its share of the files, together with the others."""

    growing: Growing
    files: tuple[Path, ...]

    def __call__(self, rank: int, machines: tuple[str, ...], threads: int) -> str:
        return self.growing.trees(self.files, Team(rank, machines, threads))
