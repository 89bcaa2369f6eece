"""Score: every night, after the orders of the day are loaded."""

from datetime import UTC, datetime

from business import settings

from patron import jobs


def score(now):
    """Answer for today's customers, with the reasons and the page for the retention manager."""
    with jobs.opened(settings, now, print) as job:
        return [jobs.score(job), jobs.explain(job), jobs.report(job)]


if __name__ == "__main__":
    score(datetime.now(UTC))
