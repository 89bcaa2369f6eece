"""A night as an Airflow DAG (Airflow 3): score, then decide; what no second try can mend fails at once."""

import subprocess
from datetime import UTC, datetime, timedelta

from airflow.exceptions import AirflowFailException
from airflow.sdk import dag, task

SETTINGS = "/srv/shop/shop.toml"
FOR_SOMEBODY = {2, 3, 4}  # settings, data, models: the same again tomorrow, so that no retry helps


@task(retries=3, retry_delay=timedelta(minutes=10), execution_timeout=timedelta(hours=4))
def patron(verb):
    """Run one verb; a retry waits for a run that is still at work (6), or for a disk with space (1)."""
    code = subprocess.run(["patron", verb, SETTINGS], check=False).returncode
    if code in FOR_SOMEBODY:
        raise AirflowFailException(f"patron {verb} ended with exit code {code}: the log says what to mend")
    if code:
        raise RuntimeError(f"patron {verb} ended with exit code {code}")


@dag(schedule="0 3 * * *", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False, max_active_runs=1)
def patron_night():
    """Score, then decide."""
    patron.override(task_id="score")("score") >> patron.override(task_id="decide")("decide")


patron_night()
