"""Files: written whole or not at all."""

import pandas as pd
import pyarrow as pa
import pytest

from patron.engines.files import atomic_path, write, write_text


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
