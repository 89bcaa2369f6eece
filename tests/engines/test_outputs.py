"""Outputs: whole or not at all, for their owner, and without a formula that a spreadsheet would run."""

import csv
import os

import pandas as pd
import pyarrow as pa
import pytest

from patron.engines.outputs import atomic_path, write, write_text
from patron.errors import PatronError

FORMULAS = ["=cmd|' /C calc'!A0", "+1+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("a","b")']
PLAIN = ["a", "-5", "+4670123", "-1.5e-07", "", "a=b", "'a", "1-2"]


def test_a_write_that_fails_half_way_leaves_the_file_of_before_and_nothing_beside_it(tmp_path):
    path = write_text("of yesterday", tmp_path / "report.txt")
    with pytest.raises(KeyboardInterrupt), atomic_path(path) as unfinished:
        unfinished.write_text("half of tod")
        raise KeyboardInterrupt
    assert path.read_text() == "of yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_at_its_place_only_when_the_block_has_ended(tmp_path):
    path = tmp_path / "results" / "report.txt"
    with atomic_path(path) as unfinished:
        unfinished.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert list(path.parent.iterdir()) == [path]


def test_a_table_that_its_format_cannot_hold_leaves_nothing_behind(tmp_path):
    with pytest.raises(pa.ArrowInvalid, match="list"):
        write(pd.DataFrame({"basket": [["ball", "book"]]}), tmp_path / "table.csv")
    assert list(tmp_path.iterdir()) == []


def cells(path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return [row["customer"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("kind", ["object", "category", "string"])
def test_texts_that_a_spreadsheet_would_run_get_an_apostrophe_and_no_others(tmp_path, kind):
    table = pd.DataFrame({"customer": pd.Series(FORMULAS + PLAIN, dtype=kind), "gain": [-1.5] * 15})
    path = write(table, tmp_path / "plan.csv")
    assert cells(path) == [f"'{text}" for text in FORMULAS] + PLAIN
    assert pd.read_csv(path).gain.tolist() == [-1.5] * 15


def test_parquet_has_every_text_as_it_is(tmp_path):
    path = write(pd.DataFrame({"customer": FORMULAS}), tmp_path / "plan.parquet")
    assert pd.read_parquet(path).customer.tolist() == FORMULAS


def test_keys_that_another_system_finds_again_stay_where_they_call_nothing(tmp_path):
    keys = ["@anna", "-abc", "+46 70-1", "=cmd|x", "@SUM(A1)", "-2|x"]
    table = pd.DataFrame({"customer": keys})
    assert cells(write(table, tmp_path / "crm.csv", keys=["customer"])) == [
        *keys[:3],
        *(f"'{key}" for key in keys[3:]),
    ]


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_a_new_table_is_its_owners_alone_and_one_that_is_there_keeps_its_rights(tmp_path):
    path = write(pd.DataFrame({"customer": ["a"]}), tmp_path / "scores.parquet")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    write(pd.DataFrame({"customer": ["b"]}), path)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_full_disk_is_a_sentence_and_leaves_the_table_of_before(tmp_path, ending, monkeypatch):
    path = write(pd.DataFrame({"customer": ["a"]}), tmp_path / f"scores.{ending}")
    before = path.read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.csv.write_csv", full)
    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    refused = pytest.raises(PatronError, match=f"'scores.{ending}' cannot be written to .*: No space left on device")
    with refused:
        write(pd.DataFrame({"customer": ["b"]}), path)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])


@pytest.mark.parametrize("below", ["a file/report.html", "a folder"])
def test_a_place_that_is_taken_is_a_sentence_and_stays(tmp_path, below):
    (tmp_path / "a file").write_text("mine")
    (tmp_path / "a folder").mkdir()
    with pytest.raises(PatronError, match=r"cannot be written to .*(exists|directory)"):
        write_text("page", tmp_path / below)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a file", "a folder"]
