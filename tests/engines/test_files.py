"""Files: written whole or not at all."""

import pandas as pd
import pyarrow as pa
import pytest

from patron.engines.files import atomic_path, read, write, write_text
from patron.errors import HistoryError


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


def test_a_folder_of_two_formats_is_refused_also_where_one_of_them_is_excel(tmp_path):
    (tmp_path / "2022.csv").write_text("c,t\na,2022-01-01\n")
    pd.DataFrame({"c": ["b"], "t": ["2023-01-01"]}).to_excel(tmp_path / "2023.xlsx", index=False)
    with pytest.raises(HistoryError, match=r"'2022.csv' and '2023.xlsx' are of two formats"):
        read(tmp_path)


def test_hidden_files_and_results_that_lie_in_a_folder_are_no_parts_of_its_table(tmp_path):
    (tmp_path / "2022.csv").write_text("c,t\na,2022-01-01\n")
    (tmp_path / ".2022.csv").write_text("c,t\nb,2022-01-01\n")
    (tmp_path / "patron-out" / "shop").mkdir(parents=True)
    write(pd.DataFrame({"c": ["c"]}), tmp_path / "patron-out" / "shop" / "scores.parquet")
    assert read(tmp_path).c.to_pyarrow().to_pylist() == ["a"]


def test_a_header_with_signs_without_a_shape_is_refused(tmp_path):
    (tmp_path / "orders.csv").write_bytes(b"c\x00,t\na,2022-01-01\n")
    with pytest.raises(HistoryError, match="is no text"):
        read(tmp_path / "orders.csv")
