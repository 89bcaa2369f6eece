"""Explaining: the reasons of today's answers, of all customers, of one of them, and of some beside others."""

from datetime import timedelta
from typing import Any

import pandas as pd

from patron.engines.outputs import write_text
from patron.errors import QuestionError, ScoreError, listed
from patron.explanations.comparison import compare_drivers, compare_models
from patron.explanations.levers import check_measures
from patron.explanations.pushes import explained_answers, explained_score
from patron.explanations.segment import in_segment
from patron.explanations.tested_levers import TestedLever
from patron.explanations.waterfall import waterfall
from patron.explanations.what_if import RISK, what_if
from patron.formatting import date
from patron.jobs.job import Job
from patron.jobs.reason_parts import join_parts, lever_counts
from patron.models.serving import Bundle, encode
from patron.periods import instant
from patron.questions.matrices import KEY, Matrix
from patron.reports import comparison_page, customer_page
from patron.reports.answer_words import AnswerWords
from patron.reports.comparison_page import ComparisonReport
from patron.reports.customer_page import CustomerReport
from patron.reports.terminal import comparison_lines, waterfall_lines
from patron.scoring.model import opened

__all__ = ["explain", "explain_against", "explain_customer", "explain_segment", "explain_version"]

MOST_MOVES = 3
_Side = tuple[Bundle, Matrix]


def explain(job: Job) -> dict[str, Any]:
    """Write the reasons of today's answers."""
    check_measures(job.settings.levers, [meant for meanings in job.kinds for meant in meanings])
    path = join_parts(job.reason_paths, job.settings.out / "drivers.parquet")
    counts = lever_counts(job.reason_paths)
    reasons, acted = sum(counts.values()), {lever: count for lever, count in counts.items() if lever}
    job.tell(f"drivers   {reasons:,} reasons, up to {job.settings.top_reasons} for each customer: {path}")
    if acted:
        job.tell(f"levers    {sum(acted.values()):,} of them can be acted on: {listed(acted)}; {_tested(job)}")
    return {"reasons": reasons, "of_levers": sum(acted.values()), "files": [str(path)]}


def explain_customer(job: Job, customer: str) -> dict[str, Any]:
    """Write how the answer of one customer comes about, on a page and as lines.

    Args:
        job: the work.
        customer: key or pseudonym; only the pseudonym is written.
    """
    _check_levers(job)
    part, rows = _of_customer(job, customer)
    pseudonym, model = str(job.named(rows.key).iloc[0]), part.explained_model
    with job.keeping_refused():
        steps = waterfall(model, rows)
    moves = _moves(model, rows, float(steps.after.iloc[0]))
    report = CustomerReport(job.settings.name, job.now, _words(part), pseudonym, steps.drop(columns="customer"), moves)
    path = write_text(customer_page.page(report), job.settings.out / f"customer_{pseudonym}.html")
    job.tell(f"{waterfall_lines(report)}\n          {path}")
    answer = float(steps.after.iloc[-1])
    return {"pseudonym": pseudonym, "answer": answer, "reasons": len(steps) - 1, "files": [str(path)]}


def explain_segment(job: Job, condition: str) -> dict[str, Any]:
    """Write by which facts the answers of a segment of today's customers differ from those of all others.

    Args:
        job: the work; where it has parts, the first of them, which is explained first.
        condition: a feature or an answer, a sign and a value: country == 'UK'.
    """
    part = _first_part(job)
    rows = part.today
    answers = rows.key.merge(job.scores, how="left", on=KEY).drop(columns=KEY)
    known = pd.concat([rows.X, answers.drop(columns=set(answers) & set(rows.X))], axis=1)
    mask = in_segment(condition, known)
    return _compare(part, (rows.take(mask), rows.take(~mask)), (condition, "all others"), "segment")


def explain_against(job: Job, cutoff: str) -> dict[str, Any]:
    """Write by which facts the answers of today differ from those of another cutoff, by the same model.

    Args:
        job: the work; where it has parts, the first of them, which is explained first.
        cutoff: an earlier day, such as 2023-07-01.

    Raises:
        QuestionError: it is the cutoff that is scored, or lies outside the history.
    """
    part, at = _first_part(job), instant(cutoff)
    today = job.scored.cutoff
    if at == today:
        raise QuestionError(
            f"{at:%Y-%m-%d} is the cutoff that is scored, so there is nothing to compare. Give an earlier one: "
            f"--against {at - timedelta(days=90):%Y-%m-%d}"
        )
    days = (date(today), date(at))
    return _compare(part, (part.today, part.rows_at(at)), days, f"against_{at:%Y-%m-%d}")


def explain_version(job: Job, version: str) -> dict[str, Any]:
    """Write by which facts today's answers of the champion differ from those of another version of it.

    Args:
        job: the work; where it has parts, the first of them, which is explained first.
        version: of the model that is explained first.

    Raises:
        QuestionError: it is the champion.
        RegistryError: there is no such version.
    """
    part = _first_part(job)
    champion = part.champions[part.explained]
    if version == champion.version:
        raise QuestionError(
            f"Version {version} is the champion, so there is nothing to compare. Give another one: --version NUMBER"
        )
    kept = part.registry.opened_version(champion.name, version)
    other = opened(kept.bundle, kept.name, kept.version)
    with part.keeping_refused():
        facts = compare_models(part.explained_model, other, part.today)
    sides = ((part.explained_model, part.today), (other, part.today))
    return _write_comparison(part, sides, (f"version {champion.version}", f"version {version}"), facts, "version")


def _compare(part: Job, rows: tuple[Matrix, Matrix], groups: tuple[str, str], name: str) -> dict[str, Any]:
    """Compare the reasons of two groups of customers."""
    model = part.explained_model
    with part.keeping_refused():
        facts = compare_drivers(model, *rows)
    return _write_comparison(part, ((model, rows[0]), (model, rows[1])), groups, facts, name)


def _write_comparison(
    part: Job, sides: tuple[_Side, _Side], groups: tuple[str, str], facts: pd.DataFrame, name: str
) -> dict[str, Any]:
    """Write a comparison as a page, a table and lines."""
    own, other = (
        float(explained_answers(model, encode(rows.X, model.spec["features"])).mean()) for model, rows in sides
    )
    counts = len(sides[0][1]), len(sides[1][1])
    report = ComparisonReport(
        part.settings.name, part.now, _words(part), *groups, customers=counts, answers=(own, other), facts=facts
    )
    page = write_text(comparison_page.page(report), part.settings.out / f"{name}.html")
    table = part.write(f"drivers_{name}", facts)
    part.tell(f"{comparison_lines(report)}\n          {page}")
    answers = {"question": part.explained, "answer": own, "other_answer": other}
    return {"customers": counts[0], "others": counts[1], **answers, "files": [str(page), str(table)]}


def _tested(job: Job) -> str:
    """Describe which levers of the settings a trial has tested."""
    names = [name for name, lever in job.settings.levers.items() if isinstance(lever, TestedLever)]
    return f"tested: {listed(names)}" if names else "none is tested"


def _first_part(job: Job) -> Job:
    """Return the part of the work whose answers are compared; report which, where there are others."""
    part, *others = job.parts
    if others:
        left = listed(question.name for other in others for question in other.questions)
        job.tell(f"compared  those asked about {part.explained} only; to compare those of {left}, ask for them alone")
    return part


def _check_levers(job: Job) -> None:
    """Refuse levers of the settings that no question measures."""
    check_measures(job.settings.levers, [meant for part in job.parts for meant in part.today.definitions])


def _of_customer(job: Job, name: str) -> tuple[Job, Matrix]:
    """Return the part of the work that a customer belongs to, and the row; no message has the name, which may be a key.

    Raises:
        ScoreError: nobody of that name is scored.
    """
    for part in job.parts:
        key = part.today.key
        rows = part.today.take(((key.customer == name) | (job.named(key) == name)).to_numpy())
        if len(rows):
            return part, rows
    count = sum(len(part.today) for part in job.parts)
    raise ScoreError(
        f"Nobody with the key or pseudonym that was given is among the {count:,} customers scored at "
        f"{job.scored_at:%Y-%m-%d}. Write the key as the tables do (the identity table, where there is one), with "
        "capitals and leading zeros, or the pseudonym of the report; or score customers of longer ago: active_in."
    )


def _words(part: Job) -> AnswerWords:
    """Return how the answer that is explained is called, with its horizon, and written."""
    model = part.explained_model
    score = explained_score(model)
    ahead = part.settings.question(model.spec["question"]).horizon.length
    risk = f"the risk to leave within {ahead}"
    noun = risk if score.noun == RISK else score.noun if score.is_chance else f"the profit to expect within {ahead}"
    return AnswerWords(noun, score.is_chance, part.settings.currency)


def _moves(model: Bundle, rows: Matrix, average: float) -> list[str]:
    """Return the smallest changes that would take the customer below the average, where there are levers to move."""
    movable = any(feature.get("lever") and "plausible" in feature for feature in model.spec["features"])
    if not movable or explained_score(model).noun != RISK:
        return []
    table = what_if(model, rows, average)
    if table.below.any() or table.empty:
        return table.text[table.below].head(MOST_MOVES).tolist()
    return [f"No plausible change takes it below the average. The nearest: {table.text[table.risk_if.idxmin()]}"]
