"""Drift: monthly, after scoring; ends with exit code 5 where somebody must look, as `patron drift` does."""

import sys
from datetime import UTC, datetime

from business import settings

from patron import jobs
from patron.errors import DriftError


def drift(now):
    """Hold today's contracts against training, and past scores against who cancelled since."""
    with jobs.opened(settings, now, print) as job:
        return jobs.drift(job)


if __name__ == "__main__":
    sys.exit(DriftError.exit_code if drift(datetime.now(UTC))["beyond"] else 0)
