"""Shared folders: nothing of what executors left stays, not even of a run that was killed."""

from patron.engines.shared_folders import shared_folder


def test_a_shared_folder_goes_at_its_end_and_what_a_killed_run_left_before_it(tmp_path):
    left = tmp_path / "out" / ".rows-killed"
    left.mkdir(parents=True)
    (left / "00000.parquet").touch()
    (tmp_path / "out" / "scores.csv").touch()
    with shared_folder(tmp_path / "out", "rows") as folder:
        assert [path.name for path in (tmp_path / "out").glob(".rows-*")] == [folder.name]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["scores.csv"]
