"""What growing out of core promises: the trees that the same rows give in memory, from files read group by group."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from models.test_training import trained
from patron.errors import QuestionError
from patron.models import out_of_core
from patron.models.out_of_core import Growing
from patron.questions.matrices import labels, matrix
from worlds.shop import SPLIT, shop


def grown(text: str) -> str:
    """Return the trees of a text, without the parameters, which tell of threads and files."""
    return text.partition("end of trees")[0]


@pytest.mark.parametrize(
    ("name", "candidate"),
    [("churn", "lightgbm"), ("churn", "blend"), ("next_purchase", "hybrid")],
)
def test_trees_grown_from_files_are_those_grown_in_memory(name, candidate, tmp_path, monkeypatch):
    monkeypatch.setattr(out_of_core, "GROUP", 100)
    model, question = trained(name).bundles[candidate], trained(name).question
    rows = matrix(question, shop(), SPLIT.known)
    label = labels(question, shop(), SPLIT.known, rows=rows)
    growing, files = Growing.of(model, rows), []
    for number, part in enumerate(np.array_split(np.arange(len(rows)), 3)):
        mask = np.isin(np.arange(len(rows)), part)
        files.append(tmp_path / f"{number}.parquet")
        assert growing.write(rows.take(mask), label[mask], files[-1]) == pq.read_metadata(files[-1]).num_rows
    assert pq.read_metadata(files[0]).num_row_groups > 1
    assert grown(growing.trees(files)) == grown(model.booster.model_to_string())


def test_a_model_without_trees_is_refused():
    model, question = trained("churn").bundles["constant"], trained("churn").question
    with pytest.raises(QuestionError, match="The model 'constant' for 'churn' has no trees"):
        Growing.of(model, matrix(question, shop(), SPLIT.known))
