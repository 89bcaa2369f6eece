"""Decide: every Monday, whom the account managers call and who gets a voucher this week."""

from datetime import UTC, datetime

from business import settings

from patron import jobs


def decide(now):
    """Spend the week's budget on those whom an offer is expected to keep."""
    with jobs.opened(settings, now, print) as job:
        return jobs.decide(job)


if __name__ == "__main__":
    decide(datetime.now(UTC))
