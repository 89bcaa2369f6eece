"""A small business that was trained once, for the tests of what becomes of its model."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.jobs import Job, train
from patron.settings.files import parse
from worlds.kiosk import SETTINGS

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def trained_job(tmp_path_factory) -> Job:
    """Return the job of eighty customers, of which some leave, after its first training."""
    folder, rng = tmp_path_factory.mktemp("kiosk"), np.random.default_rng(1)
    begin = datetime(2023, 1, 1)
    orders = [
        (f"c{c}", begin + timedelta(days=int(day)))
        for c in range(80)
        for day in np.cumsum(rng.integers(2, 5 + c % 25, size=3 + c * 7 % 50))
        if day < 220
    ]
    pd.DataFrame(orders, columns=["who", "day"]).to_csv(folder / "orders.csv", index=False)
    job = Job(parse("kiosk.toml", SETTINGS, folder), NOW)
    outcome = train(job)
    assert (outcome["champions"], outcome["models"]["churn"]["contest"]) == ("promoted", None)
    return job
