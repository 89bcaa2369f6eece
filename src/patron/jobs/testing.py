"""Testing: every question judged at the last few cutoffs as if each were today."""

import json
from dataclasses import replace
from typing import Any

from patron.engines.outputs import write_text
from patron.evaluation.backtests import Backtest
from patron.evaluation.backtests import backtest as judged
from patron.evaluation.cross_validation import cross_validate
from patron.jobs.checking import labelled_rows, receipts
from patron.jobs.job import Job
from patron.questions.question import Question
from patron.reports import quality_page
from patron.reports.terminal import backtest_lines

__all__ = ["backtest"]


def backtest(job: Job) -> dict[str, Any]:
    """Judge every question at the last few cutoffs as if each were today; nothing is registered."""
    job.tell_left_out()
    tests = [_test_question(job, question) for question in job.questions]
    page = quality_page.page(job.settings.name, job.now, [test for test, _ in tests], job.settings.currency)
    path = write_text(page, job.settings.out / "backtest.html")
    job.tell(f"backtest  {path}")
    questions = {test.pooled.question: _plain(test) for test, _ in tests}
    files = [*(file for _, written in tests for file in written), str(path)]
    return {"tables": receipts(job), "questions": questions, "files": files}


def _judged(job: Job, question: Question) -> Backtest:
    if job.source.dated:
        return judged(question, job.source, job.split, job.settings.seed)
    rows, label = labelled_rows(job)
    return cross_validate(question, job.source, rows, label[question.name], job.settings.seed)


def _plain(test: Backtest) -> dict[str, Any]:
    card = test.pooled.plain()
    cutoffs = [day for fold in test.folds for day in fold.plain()["cutoffs"]]
    return {k: card[k] for k in ("rows", "customers", "reason", "differences", "better")} | {"cutoffs": cutoffs}


def _test_question(job: Job, question: Question) -> tuple[Backtest, list[str]]:
    test = _judged(job, question)
    test = replace(test, pooled=replace(test.pooled, beware=(*test.pooled.beware, *job.data.cautions)))
    cards = {"pooled": test.pooled.plain(), "folds": [card.plain() for card in test.folds]}
    written = write_text(json.dumps(cards, indent=1), job.settings.out / f"backtest_{question.name}.json")
    path = job.write(f"backtest_{question.name}_predictions", test.predictions)
    job.tell(f"{question.name}: {test.pooled.reason}\n{backtest_lines(test)}\n          {written}; predictions: {path}")
    return test, [str(written), str(path)]
