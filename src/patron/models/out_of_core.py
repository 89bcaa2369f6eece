"""Out of core: trees grown on examples that lie in Parquet files, row group by row group, so that none is held twice.

LightGBM keeps a byte for each feature of an example. Beside each file lie some of its examples, drawn by lot, from
which the bounds of these bytes come, so that everybody who reads any of the files bins alike. As long as all examples
are among them, the same rows in the same order give the trees that they give in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from patron.errors import QuestionError
from patron.models.candidates import with_steps
from patron.models.seasonality import cutoff_constants
from patron.models.serving import Bundle, EstimatorSpec, encode, plain_names, raw_score
from patron.models.targets import Examples, target_of
from patron.models.teams import ALONE, Team
from patron.questions.matrices import Matrix

__all__ = ["Growing", "can_grow"]

GROUP = 65_536  # examples of a row group, which are in memory together
MOST_BINNED = 200_000  # examples that bins come from, as many as LightGBM takes
LABEL, START = "y", "start"


def can_grow(model: Bundle) -> bool:
    """Return whether more rows are of use to a model: it has trees, and learned no causes beside its answers."""
    return model.booster is not None and "causes" not in model.spec["answer"]


@dataclass(frozen=True)
class Growing:
    """How the trees of a model grow: what they see of rows, where they start, and for how long they grow.

    Args:
        model: a model of some customers, of which all but the trees stays.
        unseen: the features that tell only the cutoff, which trees do not see.
    """

    model: Bundle
    unseen: tuple[int, ...]

    @classmethod
    def of(cls, model: Bundle, rows: Matrix) -> "Growing":
        """Return how the trees of a model grow that was trained on some rows.

        Raises:
            QuestionError: it has no trees, or learned causes beside its answers.
        """
        spec = model.spec
        if not can_grow(model):
            why = "has no trees" if model.booster is None else "tells causes, too"
            raise QuestionError(
                f"The model {spec['candidate']!r} for {spec['question']!r} {why}, and more rows are of no use here. "
                'Name another candidate, candidate="hybrid", or train on a sample of the customers.'
            )
        return cls(model, cutoff_constants(encode(rows.X, spec["features"]), rows.key.cutoff.to_numpy()))

    def write(self, rows: Matrix, label: np.ndarray, path: Path, parts: int) -> int:
        """Write the examples of some rows, and return how many there are.

        Args:
            rows: features of some customers at known cutoffs.
            label: answers in the same order, shape (n,).
            path: the Parquet file to write; what bins come from is written beside it.
            parts: how many such files there will be.
        """
        X, answer = encode(rows.X, self.model.spec["features"]), self.model.spec["answer"]
        target = target_of(answer).examples(answer, label)
        start = self._start(X, target)
        X[:, list(self.unseen)] = 0.0
        seen = X[target.row] if target.step is None else with_steps(X, target.row, target.step)
        columns = {f"f{i}": seen[:, i] for i in range(seen.shape[1])} | {LABEL: target.y.astype(np.int32)}
        columns |= {f"{START}{k}": start[:, k] for k in range(start.shape[1])}
        examples = pa.table(columns)
        drawn = np.random.default_rng(self.model.spec["parameters"]["seed"]).permutation(len(seen))
        pq.write_table(examples.take(np.sort(drawn[: MOST_BINNED // parts])), _binned(path), compression="zstd")
        pq.write_table(examples, path, row_group_size=GROUP, compression="zstd", use_dictionary=False)
        return len(seen)

    def trees(self, files: Sequence[Path], team: Team = ALONE) -> str:
        """Grow the trees on examples of some files, and return them as LightGBM writes them.

        Args:
            files: what `write` wrote, in the order in which they count.
            team: who grows them together, each on its share of the files.

        Raises:
            lightgbm.basic.LightGBMError: another worker is gone, or never came.
        """
        given = {**self.model.spec["parameters"], **team.parameters}
        rounds = given.pop("rounds")
        dataset = self._dataset(team.share(files), self._bins(files, given))
        booster = lgb.train(given, dataset, rounds)
        booster.free_network()
        return team.without_places(booster.model_to_string())

    def with_trees(self, text: str) -> Bundle:
        """Return the model with other trees, as LightGBM writes them."""
        return replace(self.model, booster=lgb.Booster(model_str=text))

    def _start(self, X: np.ndarray, target: Examples) -> np.ndarray:
        """Return the log-odds from which the trees start, of each example; without columns where from none."""
        base = _base(self.model.spec["estimator"])
        if base is None:
            return np.empty((len(target.y), 0))
        if target.step is None:
            return raw_score(base, None, X, None)[target.row]
        by_step = np.stack([raw_score(base, None, X, step) for step in range(target.steps)])
        return np.asarray(by_step[target.step, target.row])

    def _bins(self, files: Sequence[Path], parameters: Mapping[str, Any]) -> lgb.Dataset:
        """Return what tells into which bin each value falls: a dataset of what was drawn of all files."""
        drawn = np.concatenate([_features(pq.read_table(_binned(file))) for file in files])
        columns, kinds = self._columns(drawn.shape[1])
        return lgb.Dataset(drawn, None, None, None, None, None, columns, kinds, dict(parameters)).construct()

    def _dataset(self, files: Sequence[Path], bins: lgb.Dataset) -> lgb.Dataset:
        groups = [_RowGroups(file) for file in files]
        beside = [pq.read_table(file, columns=groups[0].beside) for file in files]
        table = pa.concat_tables(beside)
        starts = [table[name].to_numpy() for name in table.column_names if name != LABEL]
        start = np.concatenate(starts) if starts else None
        columns, kinds = self._columns(groups[0].width)
        return lgb.Dataset(groups, table[LABEL].to_numpy(), bins, None, None, start, columns, kinds)

    def _columns(self, width: int) -> tuple[list[str], Any]:
        """Return the names of what trees see, and which of it are kinds."""
        features = self.model.spec["features"]
        names = [feature["name"] for feature in features]
        kinds = [i for i, feature in enumerate(features) if feature["dtype"] == "category"]
        return plain_names([*names, *["step"] * (width - len(names))]), kinds or "auto"


class _RowGroups(lgb.Sequence):
    """The features of the examples of a file, by row groups, of which one is in memory."""

    batch_size = GROUP

    def __init__(self, path: Path) -> None:
        self.file = pq.ParquetFile(path)
        names = self.file.schema_arrow.names
        self.columns = [name for name in names if name.startswith("f")]
        self.beside = [name for name in names if not name.startswith("f")]
        self.group = lru_cache(maxsize=1)(self._group)

    @property
    def width(self) -> int:
        """The number of features."""
        return len(self.columns)

    def __len__(self) -> int:
        return int(self.file.metadata.num_rows)

    def __getitem__(self, index: Any) -> np.ndarray:
        if not isinstance(index, slice):
            return np.asarray(self.group(index // GROUP)[index % GROUP])
        begin, end, _ = index.indices(len(self))
        groups = [self.group(number) for number in range(begin // GROUP, -(-end // GROUP))]
        return np.concatenate(groups)[begin % GROUP :][: end - begin]

    def _group(self, number: int) -> np.ndarray:
        return _features(self.file.read_row_group(number, columns=self.columns))


def _features(examples: pa.Table) -> np.ndarray:
    """Return the features of some examples as an array."""
    names = [name for name in examples.column_names if name.startswith("f")]
    rows = np.empty((len(examples), len(names)))
    for i, name in enumerate(names):
        rows[:, i] = examples[name].to_numpy()
    return rows


def _base(estimator: EstimatorSpec) -> EstimatorSpec | None:
    """Return what the trees of an estimator start from, however they are wrapped; None where from nothing."""
    if estimator["kind"] == "hybrid":
        return estimator["base"]
    inside = estimator.get("of", [])
    members = inside if isinstance(inside, list) else [inside]
    return next((base for member in members if (base := _base(member)) is not None), None)


def _binned(path: Path) -> Path:
    """Return where those examples of a file lie from which bins come."""
    return path.with_suffix(".bins")
