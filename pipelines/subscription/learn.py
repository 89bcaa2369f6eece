"""Learn: monthly, before anything is decided, what the plans of past months earned beside who was held out."""

from datetime import UTC, datetime

from business import settings

from patron import jobs


def learn(now):
    """Measure the plans that were kept, and leave them where the next training finds them."""
    with jobs.opened(settings, now, print) as job:
        return jobs.learn(job)


if __name__ == "__main__":
    learn(datetime.now(UTC))
