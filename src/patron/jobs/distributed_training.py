"""Distributed training: one model from rows that never come together, grown by workers of a Spark session.

Tasks write the examples of their customers to a folder that all executors share. The trees grow by LightGBM's own
distributed learner, of which each worker reads its share of the files. To the driver come the customers of a sample,
counts, and the trees.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from patron.engines.shared_folders import shared_folder
from patron.engines.spark import Spark
from patron.engines.spark_teams import together, workers_of
from patron.errors import QuestionError
from patron.history.history import History
from patron.history.some_customers import without_rows
from patron.jobs.large_training import LargeTraining, TreeWork, sampled
from patron.models.out_of_core import Growing
from patron.models.teams import Team
from patron.models.training import Trained
from patron.periods import Split
from patron.questions.matrices import Matrix
from patron.questions.question import Question

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
        folder: where the examples are written, as examples-*.parquet; all executors see it by the same path.
        parts: into how many parts the customers fall by a hash; one of them is the sample, and comes to the driver.
        workers: how many grow the trees together, by default as many as the session runs tasks at once. The same number
            comes to the same trees, to the last digit.
        seed: of LightGBM's sampling.
        candidate: whose trees grow, such as "lightgbm" or "hybrid"; by default those of the champion of the sample.

    Raises:
        PatronError: the candidate has no trees, nothing can be learned from the sample, or a worker is lost.
    """
    sample, work = sampled(question, history, split, folder, parts, seed, candidate)
    examples, text = _grown(work, history, spark, workers)
    return sample.with_trees(work.growing.with_trees(text), examples)


def with_all_customers(
    trained: Trained, rows: Matrix, history: History, split: Split, spark: Spark, folder: Path
) -> tuple[Trained, int]:
    """Return what was trained on some customers with the trees of all in its champion, and the number of examples.

    Args:
        trained: the candidates of some customers; the champion has trees.
        rows: theirs, at the known cutoffs and perhaps others.
        history: the checked event tables of all customers, which lie in the session.
        split: cutoffs by use.
        spark: the session.
        folder: what all executors see by the same path.
    """
    growing = Growing.of(trained.model, rows.take(rows.at(*split.known)))
    with shared_folder(folder, "examples") as shared:
        known = without_rows(history)
        work = TreeWork(trained.question, known, tuple(split.known), growing, shared, spark.parts)
        examples, text = _grown(work, history, spark)
    bundles = {**trained.bundles, trained.champion: growing.with_trees(text)}
    return replace(trained, bundles=bundles), examples


def _grown(work: TreeWork, history: History, spark: Spark, workers: int = 0) -> tuple[int, str]:
    """Return how many examples there are of all customers, and the trees that grew on them."""
    work = work.in_parts(spark.parts)
    counts = [int(line) for line in spark.each(work.rows_of(history), work)]
    if (seen := len(work.files)) < (written := sum(count > 0 for count in counts)):
        raise QuestionError(
            f"The executors wrote {written} files of examples, and this machine sees {seen} of them. Name a folder "
            'that all share, by the same path: out = "/mnt/shared/results".'
        )
    growth = _Growth(work.growing, tuple(work.files))
    return sum(counts), together(spark, min(workers or workers_of(spark), seen), growth)


@dataclass(frozen=True)
class _Growth:
    """What a worker does: it grows trees on its share of the files, together with the others."""

    growing: Growing
    files: tuple[Path, ...]

    def __call__(self, rank: int, machines: tuple[str, ...], threads: int) -> str:
        return self.growing.trees(self.files, Team(rank, machines, threads))
