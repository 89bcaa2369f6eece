"""Relationships: the portfolio of today's customers beside that of an earlier day, as tables and as a page."""

import json
from typing import Any

from patron.engines.outputs import write_text
from patron.formatting import json_values
from patron.jobs.checking import receipts
from patron.jobs.job import Job
from patron.jobs.portfolio_summary import plain_portfolio
from patron.portfolio.composition import portfolio_at
from patron.reports.portfolio_lines import portfolio_lines
from patron.reports.portfolio_page import PortfolioReport, page

__all__ = ["portfolio"]


def portfolio(job: Job) -> dict[str, Any]:
    """Write the relationship portfolio: a row for each customer, the figures, and the page; no model is asked."""
    job.source.check_events("A relationship portfolio")
    question = job.tiers[0] if job.tiers else None
    result = portfolio_at(job.history, job.scored_at, question, job.settings.portfolio)
    figures = plain_portfolio(result)
    report = PortfolioReport(job.settings.name, job.now, job.settings.currency, result)
    paths = [
        job.write("portfolio_customers", result.customers),
        write_text(json.dumps(json_values(figures), indent=1), job.settings.out / "portfolio.json"),
        write_text(page(report), job.settings.out / "portfolio.html"),
    ]
    for line in portfolio_lines(result, job.settings.currency):
        job.tell(line)
    job.tell(f"portfolio {paths[-1]}; a row for each customer: {paths[0]}")
    return {"tables": receipts(job), **figures, "files": [str(path) for path in paths]}
