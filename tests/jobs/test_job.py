"""The job: what goes wrong half-way leaves what somebody needs to look into it."""

from types import SimpleNamespace

import pandas as pd
import pytest

from patron import jobs
from patron.engines.outputs import write
from patron.errors import DriverError
from patron.jobs.job import Job


def test_rows_whose_drivers_do_not_add_up_are_kept_beside_the_results(tmp_path):
    champions = {"churn": SimpleNamespace(name="shop_churn", version="3")}
    job = SimpleNamespace(
        write=lambda name, frame: write(frame, tmp_path / f"{name}.parquet"), champions=champions, explained="churn"
    )
    words = r"^Off by 2\. The model is 'shop_churn' version 3\. The rows are kept in .*drivers\.refused\.parquet\.$"
    rows = pd.DataFrame({"customer": ["ann"], "recency": [3.0]})
    with (
        pytest.raises(DriverError, match=words),
        Job.keeping_refused(job),
    ):
        raise DriverError("Off by 2.", rows)
    assert pd.read_parquet(tmp_path / "drivers.refused.parquet").to_dict("list") == rows.to_dict("list")


@pytest.mark.parametrize(
    ("tables", "steps"), [({"orders": 1}, ["train", "portfolio", "night"]), ({}, ["train", "night"])]
)
def test_the_whole_way_shows_relationships_where_there_are_orders(tables, steps, monkeypatch):
    monkeypatch.setattr(jobs, "train", lambda _: "train")
    monkeypatch.setattr(jobs, "portfolio", lambda _: "portfolio")
    monkeypatch.setattr(jobs, "run", lambda _: {"steps": ["night"]})
    job = SimpleNamespace(history=SimpleNamespace(tables=tables))
    assert jobs.everything(job) == {"steps": steps}
