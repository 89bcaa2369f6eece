"""The text file of Prometheus: whole, for everybody to read, and with the last success kept through failures."""

import stat
from datetime import UTC, datetime

import pytest

from patron.errors import PatronError, SettingsError
from patron.logs.outcome import Outcome
from patron.logs.prometheus import check_metrics_file, metrics_text, write_metrics

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)


def ended(code: int, at: datetime = NOW) -> Outcome:
    return Outcome("score", "r1", at, code, 2.5, 512, 'a "b"', {"customers": 3, "rows_read": 7}, {"scores": 2.0})


def test_each_line_is_a_metric_with_labels_and_a_number_below_its_help_and_type():
    lines = metrics_text(ended(0), None).splitlines()
    assert 'patron_customers{verb="score",business="a \\"b\\""} 3' in lines
    assert 'patron_step_seconds{verb="score",business="a \\"b\\"",step="scores"} 2.0' in lines
    values = [line for line in lines if not line.startswith("#")]
    assert [line for line in lines if line.startswith("# TYPE")] == [
        f"# TYPE {line.partition('{')[0]} gauge" for line in values
    ]
    assert all(float(line.rpartition(" ")[2]) >= 0 for line in values)


def test_the_last_success_stays_when_a_later_run_fails(tmp_path):
    path = tmp_path / "patron.prom"
    write_metrics(path, ended(0))
    write_metrics(path, ended(3, LATER))
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    values = {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines}
    assert values["patron_exit_code"] == 3
    assert values["patron_last_success_timestamp_seconds"] == NOW.timestamp()
    assert values["patron_end_timestamp_seconds"] == LATER.timestamp()


def test_the_collector_may_read_it_and_nothing_else_is_left(tmp_path):
    write_metrics(tmp_path / "patron.prom", ended(0))
    assert [file.name for file in tmp_path.iterdir()] == ["patron.prom"]
    assert stat.S_IMODE((tmp_path / "patron.prom").stat().st_mode) == 0o644


def test_a_place_that_takes_no_file_is_refused_before_the_work_and_after_it(tmp_path):
    with pytest.raises(SettingsError, match=r"Metrics cannot be written to .*: it must be a file in a folder"):
        check_metrics_file(tmp_path / "nowhere" / "patron.prom")
    with pytest.raises(PatronError, match=r"Metrics cannot be written to .*: No such file or directory"):
        write_metrics(tmp_path / "nowhere" / "patron.prom", ended(0))
