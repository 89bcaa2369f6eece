"""Staging: what a run has finished, and nothing of what it has not."""

import pandas as pd

from patron.jobs.staging import Staging, remove_replaced


def test_a_part_that_was_being_written_when_its_run_was_killed_is_removed_by_the_next(tmp_path):
    staging = Staging.of(tmp_path, "night")
    staging.begin({"parts": 2}, "2024-05-01")
    staging.add(0, 1, {"scores": pd.DataFrame({"customer": ["ann"]})}, {})
    (staging.scores / ".part-00001.parquet.7.part").write_bytes(b"half")
    (finished,), begun = Staging.of(tmp_path, "night").begin({"parts": 2}, "2024-05-02")
    assert (finished.number, begun) == (0, "2024-05-01")
    assert [path.name for path in staging.scores.iterdir()] == ["part-00000.parquet"]


def test_what_a_replaced_run_kept_goes_and_what_an_unfinished_one_has_stays(tmp_path):
    for run, files in (("new", ["facts.json"]), ("old", ["facts.json"]), ("unfinished", ["scores.jsonl"])):
        (tmp_path / ".scores" / run).mkdir(parents=True)
        for name in files:
            (tmp_path / ".scores" / run / name).write_text("{}")
    (tmp_path / ".scores" / "unpublished" / "scores").mkdir(parents=True)
    (tmp_path / ".scores" / "unpublished" / "facts.json").write_text("{}")
    remove_replaced(tmp_path, "new")
    assert sorted(path.name for path in (tmp_path / ".scores").iterdir()) == ["new", "unfinished", "unpublished"]
