"""Bad rows: refused at the first, or kept apart up to a limit, as the settings say; by themselves they are counted."""

import stat
from datetime import datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.history import History
from patron.history.sources import events
from patron.history.tolerance import Tolerance
from patron.jobs import job_of
from patron.jobs.bad_rows import check_bad_rows
from patron.jobs.event_data import EventData
from patron.settings import load

PANEL = """
name = "club"
[panels.members]
path = "members.parquet"
customer = "member"
cutoff = "month"
label = "left"
horizon = "1 month"
[contract]
on_bad_rows = "quarantine"
max_bad_share = 0.5
"""
GOOD = pd.DataFrame(
    {"customer": ["a", "b", "c", "d"] * 5, "at": pd.date_range("2024-05-01", periods=20), "amount": 1.0}
)
BAD = pd.DataFrame({"customer": [None, "e", "a"], "at": [*GOOD["at"][:2], None], "amount": [1.0, float("inf"), 1.0]})


def job(folder, tolerance, frame, **declared):
    history = History.of(orders=events(frame, **declared))
    settings = SimpleNamespace(contract=tolerance, out=folder)
    data = EventData(None, None, SimpleNamespace(history=history))
    return SimpleNamespace(settings=settings, history=history, data=data, tell=lambda sentence: None)


def test_bad_rows_are_only_counted_where_the_settings_say_nothing(tmp_path):
    assert check_bad_rows(job(tmp_path, Tolerance(), pd.concat([GOOD, BAD]))) == {}
    assert list(tmp_path.iterdir()) == []


def test_the_first_bad_row_is_refused_with_counts_by_reason_and_table(tmp_path):
    reasons = "orders: 1 with amount not finite, 1 with no customer, 1 with no time"
    with pytest.raises(HistoryError, match=rf'on_bad_rows = "fail" refuses the first: {reasons}\. Mend them'):
        check_bad_rows(job(tmp_path, Tolerance(on_bad_rows="fail"), pd.concat([GOOD, BAD])))


def test_rows_that_nobody_wants_are_no_bad_rows(tmp_path):
    wanted = {"duplicates": "drop", "since": "2024-05-03"}
    summary = check_bad_rows(job(tmp_path, Tolerance(on_bad_rows="fail"), pd.concat([GOOD, GOOD]), **wanted))
    assert summary["rows"] == {"orders": {"read": 40, "used": 18, "quarantine": 22}}


def test_bad_rows_are_kept_apart_for_their_owner_alone_and_go_when_they_are_mended(tmp_path):
    tolerance = Tolerance(on_bad_rows="quarantine", max_bad_share=0.2)
    summary = check_bad_rows(job(tmp_path, tolerance, pd.concat([GOOD, BAD])))
    assert (summary["rows"], summary["customers"]) == ({"orders": {"read": 23, "used": 20, "quarantine": 3}}, 1)
    (path,) = (tmp_path / "quarantine").iterdir()
    assert summary["files"] == [str(path)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    apart = pd.read_parquet(path)
    assert apart[["reason", "row"]].values.tolist() == [
        ["no customer", 21],
        ["amount not finite", 22],
        ["no time", 23],
    ]
    assert check_bad_rows(job(tmp_path, tolerance, GOOD))["files"] == []
    assert not path.exists()


def test_more_bad_rows_than_may_be_kept_apart_are_refused_with_the_share_that_would_do(tmp_path):
    with pytest.raises(
        HistoryError, match=r"'orders' has 3 of 23 rows \(13\.0%\) .* at most 5\.0% .*max_bad_share = 0\.14"
    ):
        check_bad_rows(job(tmp_path, Tolerance(on_bad_rows="quarantine"), pd.concat([GOOD, BAD])))


def test_every_row_of_a_panel_is_used_or_kept_apart_as_the_file_has_it(tmp_path):
    months = ["2024-01-01", "2024-01-01", "2024-01-01", "2024-02-01", None, "2024-02-01"]
    rows = pd.DataFrame({"member": [" a", " a", "b", None, "c", "a"], "month": months, "visits": [1, 1, 2, 3, 4, 5]})
    rows.assign(left=[0, 0, 1, None, None, None]).to_parquet(tmp_path / "members.parquet")
    (tmp_path / "club.toml").write_text(PANEL)
    job = job_of(load(tmp_path / "club.toml"), datetime(2024, 3, 1))
    summary = check_bad_rows(job)
    assert (summary["rows"], summary["customers"]) == ({"members": {"read": 6, "used": 3, "quarantine": 3}}, 1)
    apart = pd.read_parquet(tmp_path / "patron-out" / "club" / "quarantine" / "members.parquet")
    assert apart[["reason", "row", "visits"]].values.tolist() == [
        ["repeated row", 2, 1],
        ["no customer", 4, 3],
        ["no cutoff", 5, 4],
    ]
    assert apart.member[0] == " a"
