"""Score: monthly, before renewals are billed: who may cancel, and what revenue is at risk."""

from datetime import UTC, datetime

from business import settings

from patron import jobs


def score(now):
    """Answer for the customers under contract, with early warnings, the reasons and the page."""
    with jobs.opened(settings, now, print) as job:
        return [jobs.score(job), jobs.explain(job), jobs.report(job)]


if __name__ == "__main__":
    score(datetime.now(UTC))
