"""Train: quarterly, as a horizon of 90 days has passed for another cutoff."""

from datetime import UTC, datetime

from business import settings

from patron import jobs


def train(now):
    """Train and judge; the new versions score from now on unless they are worse than those of today."""
    with jobs.opened(settings, now, print) as job:
        return jobs.train(job)


if __name__ == "__main__":
    train(datetime.now(UTC))
