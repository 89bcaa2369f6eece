"""Block parts: blocks of answers written as the parts of a run."""

from collections.abc import Iterator, Mapping

from patron.engines.memory import give_back
from patron.jobs.kept import matrix_frame, rows_name
from patron.jobs.staging import Part, Staging
from patron.jobs.work import Block

__all__ = ["staged_blocks", "written"]


def staged_blocks(
    blocks: Iterator[Block], staging: Staging, finished: int, lineage: Mapping[str, object]
) -> Iterator[Part]:
    """Write blocks as parts behind those that are finished, and yield each."""
    for number, block in enumerate(blocks, start=finished):
        yield _staged(staging, number, block, lineage)
        give_back()


def _staged(staging: Staging, number: int, block: Block, lineage: Mapping[str, object]) -> Part:
    part = written(staging, number, block, lineage)
    staging.note(part)
    return part


def written(staging: Staging, number: int, block: Block, lineage: Mapping[str, object]) -> Part:
    """Write the files of a block, a part that is still to be noted; one in which nobody is scored has none."""
    notes = {name: {"rows": rows, "table": table.to_dict("list")} for name, (table, rows) in block.contracts.items()}
    if not len(block.scores):
        return staging.write(number, 0, {}, notes)
    frames = {"scores": block.scores.drop(columns="cutoff").assign(**lineage)}
    frames |= {rows_name(kind): matrix_frame(rows) for kind, rows in enumerate(block.rows)}
    if block.reasons is not None:
        frames["reasons"] = block.reasons
    return staging.write(number, len(block.scores), frames, notes)
