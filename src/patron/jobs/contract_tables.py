"""Contract tables: who renews when, what revenue is at risk by month, early warnings, and what is at stake."""

import pandas as pd

from patron.features import usage
from patron.jobs.event_answers import month_before
from patron.jobs.job import Job
from patron.portfolio.contract_book import ContractBook
from patron.portfolio.contract_outlook import ContractOutlook
from patron.portfolio.early_warnings import early_warnings
from patron.portfolio.renewals import mrr_at_risk, renewals
from patron.questions.question import Question
from patron.scoring.model import predictions

__all__ = ["contract_outlook", "value_basis", "write_contract_tables"]

QUESTION = "cancellation"


def contract_outlook(job: Job) -> ContractOutlook | None:
    """Return what the next months hold for the contracts, by customers' keys; none where no cancellation is asked."""
    pairs = [(part, q) for part in job.parts for q in part.settings.questions if q.name == QUESTION]
    if not pairs:
        return None
    part, question = pairs[0]
    book = ContractBook.of(part.scores, part.today.X, question.horizon.days or 0)
    return ContractOutlook(
        customers=len(book.price),
        horizon=int(book.horizon),
        months=mrr_at_risk(book) if book.has_prices else pd.DataFrame(),
        renewals=renewals(book),
        warnings=_warnings(part, part.trained_questions[0]),
    )


def write_contract_tables(job: Job) -> list[str]:
    """Write the tables of the outlook beside the scores, and tell their figures; return their paths."""
    outlook = contract_outlook(job)
    if outlook is None:
        return []
    tables = {"mrr_at_risk": outlook.months, "renewals": outlook.renewals, "early_warnings": outlook.warnings}
    paths = [job.write(name, table, end) for name, table in tables.items() for end in ("parquet", "csv") if len(table)]
    job.tell(f"contracts {outlook.words}")
    return [str(path) for path in paths]


def value_basis(job: Job) -> str:
    """Describe what the value of a kept customer rests on, where it is the price of the contracts, or nothing."""
    if "cancellation_probability" not in job.scored.columns or job.settings.value is not None:
        return ""
    horizon = next(question.horizon for question in job.settings.questions if question.name == QUESTION)
    return (
        f"the price of the contracts that run, over the {horizon} of the horizon or the term that is renewed, "
        "whichever is longer, before all costs, as no other is given; for another write [decisions] value = 30.0"
    )


def _warnings(part: Job, question: Question) -> pd.DataFrame:
    """Return the early warnings, none where nothing tells use or the history is too short to look back."""
    tables = usage.counted(question.features)
    month = month_before(part.settings.questions, part.scored_at, part.history)
    before = part.rows.take(part.rows.at(month)) if month else None
    if not tables or before is None or not len(before):
        return pd.DataFrame()
    return early_warnings(part.scores, predictions(part.models[QUESTION], before), part.today.X, tables)
