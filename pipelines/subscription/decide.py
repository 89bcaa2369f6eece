"""Decide: monthly, after scoring, who is called and who gets a month for free."""

from datetime import UTC, datetime

from business import settings

from patron import jobs


def decide(now):
    """Spend the month's budget on contracts that an offer is expected to keep."""
    with jobs.opened(settings, now, print) as job:
        return jobs.decide(job)


if __name__ == "__main__":
    decide(datetime.now(UTC))
