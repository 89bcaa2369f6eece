"""Contract tables: who renews when, what revenue is at risk by month, early warnings, and what is at stake."""

import pandas as pd

from patron.features import usage
from patron.jobs.job import Job
from patron.portfolio.contract_book import ContractBook
from patron.portfolio.contract_outlook import ContractOutlook
from patron.portfolio.early_warnings import early_warnings
from patron.portfolio.renewals import mrr_at_risk, renewals
from patron.questions.matrices import KEY, Matrix
from patron.scoring.model import predictions
from patron.scoring.story import joint_answers

__all__ = ["contract_outlook", "value_basis", "write_contract_tables"]

QUESTION, CHANCE = "cancellation", "cancellation_probability"
LOOKED_AT = ("monthly_price", "days_to_renewal", "contract_term", "member_since")


def contract_outlook(job: Job) -> ContractOutlook | None:
    """Return what the next months hold for the contracts, by customers' keys; none where no cancellation is asked."""
    pairs = [(part, q) for part in job.parts for q in part.settings.questions if q.name == QUESTION]
    if not pairs:
        return None
    part, question = pairs[0]
    scores, known, before = _looked_at(part)
    book = ContractBook.of(scores, known, question.horizon.days or 0)
    tables = usage.counted_columns(known)
    return ContractOutlook(
        customers=len(book.price),
        horizon=int(book.horizon),
        months=mrr_at_risk(book) if book.has_prices else pd.DataFrame(),
        renewals=renewals(book),
        warnings=early_warnings(scores, before, known, tables) if tables and len(before) else pd.DataFrame(),
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


def _looked_at(part: Job) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return today's chances, what the tables look at of the same customers, and the chances of a month before."""
    pieces = [_piece(part, rows) for rows in part.row_parts()]
    scores, known, before = (pd.concat(frames, ignore_index=True) for frames in zip(*pieces, strict=True))
    order = scores.customer.argsort(kind="stable").to_numpy() if len(pieces) > 1 else slice(None)
    return scores.iloc[order].reset_index(drop=True), known.iloc[order].reset_index(drop=True), before


def _piece(part: Job, rows: Matrix) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return of some customers what `_looked_at` returns of all: a few columns of many."""
    is_today = rows.at(part.scored_at)
    today, before = rows.take(is_today), rows.take(~is_today)
    model = part.models[QUESTION]
    use = [f"{table}{usage.COUNT}" for table in usage.counted_columns(today.X)]
    known = [name for name in today.X if name in LOOKED_AT or name.startswith(tuple(use))]
    chances = pd.concat([today.key, *joint_answers(part.models, today.X)], axis=1)
    earlier = predictions(model, before) if len(before) else before.key.assign(**{CHANCE: 0.0})
    return (
        chances[[name for name in chances if name in KEY or name.startswith(QUESTION)]],
        today.X[known],
        earlier[["customer", CHANCE]],
    )
