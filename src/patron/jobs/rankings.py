"""Rankings: what next baskets hold, ranked in threads beside the questions of a training."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass

from patron.engines.outputs import write_text
from patron.jobs.job import Job
from patron.models.baskets import (
    BasketCard,
    Lines,
    Ranking,
    basket_kinds,
    carry_rankings,
    fit_ranking,
    judge_ranking,
    read_lines,
)
from patron.models.training import Trained
from patron.models.tree_threads import trees_on_one_thread
from patron.periods import Split
from patron.questions.question import Question
from patron.registry.mlflow_import import mlflow
from patron.reports.terminal import basket_lines

__all__ = ["Rankings", "rankings_beside", "with_rankings"]

AT_ONCE = 2  # kinds of baskets: most of their work is of libraries that let others work beside them

_Ranked = Future[tuple[Ranking, BasketCard]]


@dataclass(frozen=True)
class Rankings:
    """Rankings at work beside the questions of a training.

    Args:
        of: by the name of each question with baskets, a ranking for each kind of content.
        held: what holds while any of them is at work.
    """

    of: Mapping[str, Sequence[_Ranked]]
    held: ExitStack

    def release(self) -> None:
        """Let go of what is held where all are done."""
        if all(ranking.done() for rankings in self.of.values() for ranking in rankings):
            self.held.close()


@contextmanager
def rankings_beside(parts: Sequence[Job]) -> Iterator[Rankings]:
    """Rank next baskets in threads beside the questions: most of that work is of libraries that let others work."""
    mlflow()  # on its way it imports polars, and scikit-learn in the threads fails over a half of that
    with ExitStack() as held:
        held.enter_context(trees_on_one_thread())
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            rankings = Rankings(
                {
                    question.name: [
                        pool.submit(_train_ranking, question, job.split, job.settings.seed, read_lines(job.history, by))
                        for by in basket_kinds(job.history)
                    ]
                    for job in parts
                    for question in job.questions
                    if job.source.dated and question.with_baskets
                },
                held,
            )
            rankings.release()
            yield rankings
        finally:
            pool.shutdown(cancel_futures=True)


def with_rankings(job: Job, beside: Rankings, question: str, trained: Trained) -> tuple[Trained, tuple[str, ...]]:
    """Report how what the next basket holds was judged, and add the choice to every candidate."""
    rankings = beside.of[question]
    if not rankings:
        job.tell("basket    not asked, because no table of order lines ([tables.lines]) has a category or item")
    judged = [ranking.result() for ranking in rankings]
    beside.release()
    files = []
    for _, card in judged:
        path = write_text(json.dumps(asdict(card), indent=1), job.settings.out / f"card_next_{card.by}.json")
        job.tell(basket_lines(card))
        files.append(str(path))
    return carry_rankings(trained, [ranking for ranking, _ in judged]), tuple(files)


def _train_ranking(question: Question, split: Split, seed: int, lines: Lines) -> tuple[Ranking, BasketCard]:
    spans = (question.active_in, question.horizon)
    ranking = fit_ranking(lines, split.known, *spans, seed)
    return ranking, judge_ranking(lines, split.test, *spans, ranking, seed)
