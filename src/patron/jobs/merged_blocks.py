"""Merged blocks: the answers of several kinds of customers, whom several of them may know, some customers at a time.

Answers and rows are laid down by hash of the customer and taken up again, so that any number of customers fits.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from patron.features.definitions import Definition
from patron.jobs.kept import matrix_frame, read_kept, to_matrix
from patron.jobs.work import Block, Noted
from patron.questions.matrices import KEY, Matrix
from patron.scoring.contract import together
from patron.scoring.partitions import write_part

__all__ = ["joined", "merged", "merged_blocks"]

Kind = tuple[Iterator[Block], Callable[[], None]]
SCORES, ROWS = "scores", "rows"


def joined(blocks: Sequence[Block]) -> Block:
    """Return the answers of one kind about several groups of customers as one block."""
    filled = [block for block in blocks if len(block.scores)]
    if len(filled) < 2:
        return filled[0] if filled else Block(pd.DataFrame(columns=KEY), (), {})
    scores = pd.concat([block.scores for block in filled]).sort_values("customer", kind="stable", ignore_index=True)
    rows = pd.concat([matrix_frame(block.rows[0]) for block in filled])
    rows = rows.sort_values(["cutoff", "customer"], kind="stable", ignore_index=True)
    noted = {name: _together([block.contracts[name] for block in filled]) for name in filled[0].contracts}
    return Block(scores, (to_matrix(rows, filled[0].rows[0].definitions),), noted)


def merged(blocks: Sequence[Block]) -> Block:
    """Return the answers about the same customers as one block: whom several kinds know has one row.

    A question that is not asked of a customer has no answer. Where two kinds know what a customer is worth, the first
    counts: the price of contracts that run.
    """
    scores = blocks[0].scores
    for block in blocks[1:]:
        scores = scores.merge(block.scores, "outer", KEY, suffixes=("", "_after"))
        for name in (name for name in block.scores if f"{name}_after" in scores):
            scores[name] = scores[name].fillna(scores.pop(f"{name}_after"))
    contracts = {name: noted for block in blocks for name, noted in block.contracts.items()}
    return Block(scores, tuple(block.rows[0] for block in blocks), contracts)


def merged_blocks(
    kinds: Sequence[Kind], definitions: Sequence[tuple[Definition, ...]], count: int, finished: int
) -> Iterator[Block]:
    """Yield so many blocks, each of some customers and all kinds, but for the first few, which are finished.

    Args:
        kinds: for each kind of customers the blocks of its answers, and what refuses to go on where there are none.
        definitions: what the columns of the rows mean, for each kind.
        count: how many blocks there are.
        finished: how many an earlier run of the same kinds has handed out.
    """
    with TemporaryDirectory(prefix="patron-") as folder:
        noted: dict[str, Noted] = {}
        for kind, (blocks, refuse_none) in enumerate(kinds):
            known = _laid_down(blocks, Path(folder) / f"{kind}", count)
            if not known:
                refuse_none()
            noted |= known
        for number in range(finished, count):
            some = [_taken_up(Path(folder) / f"{kind}", number, meanings) for kind, meanings in enumerate(definitions)]
            block = merged(some)
            yield Block(block.scores, block.rows, noted if number == 0 else {})


def _laid_down(blocks: Iterator[Block], folder: Path, count: int) -> dict[str, Noted]:
    """Write the blocks of one kind by hash of the customer; return what its models understood of all rows."""
    noted: dict[str, list[Noted]] = {}
    for place, block in enumerate(block for block in blocks if len(block.scores)):
        for name, frame in ((SCORES, block.scores), (ROWS, matrix_frame(block.rows[0]))):
            number = pd.util.hash_pandas_object(frame.customer, index=False).to_numpy() % np.uint64(count)
            for which in range(count):
                path = folder / f"{name}-{which}" / f"{place:05d}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_part(frame[number == which], path)
        for name, known in block.contracts.items():
            noted.setdefault(name, []).append(known)
    return {name: _together(parts) for name, parts in noted.items()}


def _together(parts: Sequence[Noted]) -> Noted:
    tables, counts = zip(*parts, strict=True)
    return together(tables, counts), sum(counts)


def _taken_up(folder: Path, number: int, definitions: tuple[Definition, ...]) -> Block:
    """Return the answers and rows of one kind about some customers, in order."""
    scores, rows = (_read(folder / f"{name}-{number}") for name in (SCORES, ROWS))
    matrix: Matrix = to_matrix(rows.sort_values(["cutoff", "customer"], kind="stable", ignore_index=True), definitions)
    return Block(scores.sort_values("customer", kind="stable", ignore_index=True), (matrix,), {})


def _read(folder: Path) -> pd.DataFrame:
    frames = [read_kept(path) for path in sorted(folder.iterdir())]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled or frames[:1], ignore_index=True)
