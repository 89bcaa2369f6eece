"""What growing out of core promises: the trees that the same rows give in memory, from files read group by group."""

import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from patron.errors import QuestionError
from patron.models import out_of_core
from patron.models.out_of_core import Growing
from patron.models.teams import Team
from patron.questions.matrices import Matrix, matrix
from worlds.shop import SPLIT, shop
from worlds.shop_models import known, trained


def grown(text: str) -> str:
    """Return the trees of a text, without the parameters, which tell of threads and files."""
    return text.partition("end of trees")[0]


def written(growing: Growing, rows: Matrix, label: np.ndarray, folder: Path) -> list[Path]:
    """Write the examples of some rows into three files."""
    files = [folder / f"{number}.parquet" for number in range(3)]
    for file, part in zip(files, np.array_split(np.arange(len(rows)), 3), strict=True):
        mask = np.isin(np.arange(len(rows)), part)
        assert growing.write(rows.take(mask), label[mask], file, parts=3) == pq.read_metadata(file).num_rows
    return files


@pytest.mark.parametrize(
    ("name", "candidate"),
    [("churn", "lightgbm"), ("churn", "blend"), ("next_purchase", "hybrid")],
)
def test_trees_grown_from_files_are_those_grown_in_memory(name, candidate, tmp_path, monkeypatch):
    monkeypatch.setattr(out_of_core, "GROUP", 100)
    model, (rows, label) = trained(name).bundles[candidate], known(name)
    growing = Growing.of(model, rows)
    files = written(growing, rows, label, tmp_path)
    assert pq.read_metadata(files[0]).num_row_groups > 1
    assert grown(growing.trees(files)) == grown(model.booster.model_to_string())


def by_two(work: Callable[[Team], str]) -> list[str]:
    """Do some work in two threads, each of which is a machine to LightGBM, and return what they come to."""
    with ExitStack() as held:
        places = [held.enter_context(socket.socket()) for _ in range(2)]
        for place in places:
            place.bind(("127.0.0.1", 0))
        machines = tuple(f"127.0.0.1:{place.getsockname()[1]}" for place in places)
    with ThreadPoolExecutor(2) as both:
        return list(both.map(work, [Team(rank, machines, 1) for rank in range(2)]))


def test_two_workers_come_to_the_trees_of_one_where_nothing_is_drawn_by_lot_or_bounded_by_counts(tmp_path):
    model, (rows, label) = trained("churn").bundles["hybrid"], known("churn")
    everything = {"bagging_fraction": 1.0, "feature_fraction": 1.0, "min_data_in_leaf": 1, "rounds": 10}
    model = replace(model, spec=model.spec | {"parameters": model.spec["parameters"] | everything})
    growing = Growing.of(model, rows)
    files = written(growing, rows, label, tmp_path)
    one, work = growing.trees(files), partial(growing.trees, files)
    (first, second), again = by_two(work), by_two(work)
    assert first == second == again[0]
    assert "[num_machines: 2]" in first
    assert "127.0.0.1" not in first
    for line in ("split_feature", "threshold"):  # later trees part at ties, as sums are added in another order
        assert re.findall(f"^{line}=.*$", first, re.MULTILINE) == re.findall(f"^{line}=.*$", one, re.MULTILINE)


def test_a_model_without_trees_is_refused():
    model, question = trained("churn").bundles["constant"], trained("churn").question
    with pytest.raises(QuestionError, match="The model 'constant' for 'churn' has no trees"):
        Growing.of(model, matrix(question, shop(), SPLIT.known))
