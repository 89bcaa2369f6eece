"""Staging: what a run has finished, and nothing of what it has not."""

import pandas as pd

from patron.jobs.staging import Staging


def test_a_part_that_was_being_written_when_its_run_was_killed_is_removed_by_the_next(tmp_path):
    staging = Staging.of(tmp_path, "night")
    staging.begin({"parts": 2}, "2024-05-01")
    staging.add(0, 1, {"scores": pd.DataFrame({"customer": ["ann"]})}, {})
    (staging.scores / ".part-00001.parquet.7.part").write_bytes(b"half")
    (finished,), begun = Staging.of(tmp_path, "night").begin({"parts": 2}, "2024-05-02")
    assert (finished.number, begun) == (0, "2024-05-01")
    assert [path.name for path in staging.scores.iterdir()] == ["part-00000.parquet"]
