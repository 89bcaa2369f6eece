"""A newly trained model is judged beside the champion of today on the same rows, later than both have learned from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron.jobs import Job, contests
from patron.jobs.checking import labelled_rows
from patron.jobs.contests import contest
from patron.models.training import Trained


@pytest.fixture(scope="module")
def shop(trained_job):
    """The job of a small business that was trained once, its test rows, what came of them, and the champion."""
    job = trained_job
    rows, label = labelled_rows(job)
    test, question = rows.at(*job.split.test), job.questions[0]
    trained = Trained(question, {"same": job.models["churn"]}, {}, {}, "same", "")
    return job, trained, rows.take(test), label["churn"][test]


def judged(shop, predictions=None, job=None, **changes):
    before, trained, rows, label = shop
    trained = replace(trained, question=replace(trained.question, **changes))
    answers = trained.model.predict(rows.X) if predictions is None else predictions
    return contest(job or before, trained, rows, label, answers)


def test_the_same_model_again_is_as_good(shop):
    outcome = judged(shop)
    assert (outcome.against, outcome.verdict, outcome.cutoffs) == ("1", "as good", ("2023-06-01",))
    assert outcome.figures == {"log loss": {"value": 0.0, "low": 0.0, "high": 0.0}}
    assert outcome.rows == outcome.customers == len(shop[2])


def test_answers_turned_round_are_worse_and_the_truth_is_better(shop):
    _, trained, rows, label = shop
    answers = trained.model.predict(rows.X)
    assert judged(shop, 1 - answers).verdict == "worse"
    assert judged(shop, answers.assign(churn_probability=np.clip(label, 0.05, 0.95))).verdict == "better"


def test_a_champion_that_was_asked_something_else_cannot_answer(shop):
    outcome = judged(shop, active_in=replace(shop[1].question.active_in, days=90))
    assert outcome.verdict == "unable"
    assert outcome.reason.startswith(
        "it cannot answer what is asked now: The model for 'churn' was trained with active_in"
    )


def test_a_champion_that_has_learned_from_the_test_is_no_fair_opponent(shop):
    job, trained, rows, label = shop
    earlier = replace(rows, key=rows.key.assign(cutoff=pd.Timestamp("2023-04-15")))
    outcome = contest(job, trained, earlier, label, trained.model.predict(rows.X))
    assert outcome.verdict == "unfair"
    assert "it has learned from 2023-04-01" in outcome.reason


def test_a_champion_of_another_pace_is_asked_with_its_own_windows(shop):
    job, trained, rows, label = shop
    slow = replace(job.settings, questions=(replace(job.settings.questions[0], rhythm=200.0),))
    other = Job(slow, job.now)
    theirs, test = labelled_rows(other)[0], job.split.test
    assert set(theirs.X) != set(rows.X)
    tested = theirs.take(theirs.at(*test))
    outcome = contest(
        other, replace(trained, question=other.questions[0]), tested, label, trained.model.predict(rows.X)
    )
    assert (outcome.verdict, outcome.figures["log loss"]["value"]) == ("as good", 0.0)


def test_rows_of_the_same_windows_are_not_made_anew(shop, monkeypatch):
    monkeypatch.setattr(contests, "matrix", lambda *arguments, **named: pytest.fail("made anew"))
    assert judged(shop, rhythm=1.0).verdict == "as good"
