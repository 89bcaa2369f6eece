"""Proposals: how many lines of the settings that `patron init` proposes must be changed, for each export and data set.

`python benchmarks/proposals.py [<folder of the data>] [name ...]` writes the generated exports, and takes the data
sets of the folder where one is named; for each it runs `patron init` and `patron check` as a newcomer would.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import pandas as pd
from typer.testing import CliRunner

from patron import settings
from patron.cli import app
from patron.errors import PatronError

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from worlds.exports import EXPORTS, Export
from worlds.exports.edits import Edit, edits

SETTINGS = "patron.toml"
FEW = 3


@dataclass(frozen=True)
class Proposal:
    """What came of one `patron init`.

    Args:
        edits: the lines that must be changed.
        exit_code: of `patron check` on the settings as they were proposed.
        refusal: what it said where it refused.
        orders: how many orders and customers the history of the proposal has, beside the truth.
        seconds: of init and of check.
    """

    edits: Sequence[Edit]
    exit_code: int
    refusal: str
    orders: str
    seconds: tuple[float, float]


def proposal(export: Export, data: Path, work: Path) -> Proposal:
    """Run init and check in a folder of their own, and compare with the truth."""
    files = [str(data / file.name) for file in export.files]
    with chdir(work):
        begin = perf_counter()
        proposed = _call("init", *files, "--out", SETTINGS)
        middle = perf_counter()
        checked = _call("check", SETTINGS) if Path(SETTINGS).exists() else proposed
        end = perf_counter()
        orders = _orders(Path(SETTINGS), export)
    changes = edits(export, data, work / SETTINGS, proposed[1])
    refusal = checked[1].strip().split("\n")[-1] if checked[0] else ""
    return Proposal(changes, checked[0], refusal, orders, (middle - begin, end - middle))


def _call(*arguments: str) -> tuple[int, str]:
    """Run a verb; return its exit code and what it printed."""
    ended = CliRunner().invoke(app, arguments)
    if isinstance(ended.exception, PatronError):
        return ended.exception.exit_code, f"{ended.output}\n{ended.exception}"
    failed = ended.exception is not None and not isinstance(ended.exception, SystemExit)
    return ended.exit_code, f"{ended.output}\n{ended.exception!r}" if failed else ended.output


def _orders(path: Path, export: Export) -> str:
    if not path.exists() or not export.has_history:
        return ""
    try:
        orders = settings.load(path).history().tables["orders"]
    except PatronError:
        return f"none of {_range(*export.orders)}"
    counts = orders.aggregate(n=orders.count(), of=orders.customer.nunique()).to_pyarrow().to_pylist()[0]
    both = ((counts["n"], export.orders), (counts["of"], export.customers))
    off = "" if all(least <= n <= most for n, (least, most) in both) else " OFF"
    return "; ".join(f"{n:,} of {_range(*bounds)}" for n, bounds in both) + off


def _range(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,}-{most:,}"


def table(proposals: dict[str, Proposal]) -> pd.DataFrame:
    """One line for each export."""
    lines = [
        [
            name,
            len(result.edits),
            sum(edit.is_wrong for edit in result.edits),
            sum(edit.is_wrong and edit.is_silent for edit in result.edits),
            result.exit_code,
            result.orders,
            f"{result.seconds[0]:.1f} + {result.seconds[1]:.1f}",
        ]
        for name, result in proposals.items()
    ]
    return pd.DataFrame(
        lines, columns=["export", "edits", "wrong", "in silence", "check", "orders; customers", "seconds"]
    )


def details(proposals: dict[str, Proposal]) -> Iterator[str]:
    """Each line to change, and why a check refused."""
    for name, result in proposals.items():
        yield from (
            f"{name}: {edit.place} {edit.why}{' IN SILENCE' if edit.is_wrong and edit.is_silent else ''}"
            for edit in result.edits
        )
        if result.refusal and (result.edits or not result.exit_code):
            yield f"{name}: check ends with {result.exit_code}: {result.refusal[:300]}"


def totals(proposals: dict[str, Proposal]) -> str:
    """The bars of the benchmark in one sentence."""
    n = [len(result.edits) for result in proposals.values()]
    silent = sum(edit.is_wrong and edit.is_silent for result in proposals.values() for edit in result.edits)
    return (
        f"{len(n)} exports: {sum(n)} edits; none in {n.count(0)}, more than {FEW} in {sum(k > FEW for k in n)}; "
        f"{silent} wrong in silence; check passes at once in {sum(not r.exit_code for r in proposals.values())}"
    )


def written(name: str, folder: Path) -> tuple[Export, Path]:
    """Write a generated export; return its truth and where it lies."""
    folder.mkdir()
    return EXPORTS[name](folder), folder


def main(arguments: Sequence[str]) -> None:
    """Print the table, the edits and the totals."""
    data = next((Path(argument) for argument in arguments if os.sep in argument), None)
    named = {argument for argument in arguments if os.sep not in argument}
    with TemporaryDirectory() as name:
        root = Path(name)
        sources: dict[str, Callable[[], tuple[Export, Path]]] = {n: partial(written, n, root / n) for n in EXPORTS}
        if data:
            from proposal_truths import SETS

            sources |= {
                f"data: {n}": partial(lambda truth: (truth, data.resolve()), truth) for n, truth in SETS.items()
            }
        proposals = {}
        for export, source in sources.items():
            if named and not any(word in export for word in named):
                continue
            truth, folder = source()
            (work := root / f"work-{len(proposals)}").mkdir()
            proposals[export] = proposal(truth, folder, work)
    print(table(proposals).to_string(index=False))
    print(*details(proposals), totals(proposals), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
