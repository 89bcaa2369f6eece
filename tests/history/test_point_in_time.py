"""One module compares an event's time with a cutoff."""

import ast
from pathlib import Path

import patron
from patron.history.point_in_time import in_window, is_past

SOURCE = Path(patron.__file__).parent
TIMES = {"at", "known_at", "opens", "closes"}


def compared(tree: ast.AST) -> list[int]:
    """The lines that order something called `at` or `known_at` against something else."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(o, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for o in node.ops):
            sides = [node.left, *node.comparators]
            if any(_is_time(side) for side in sides):
                found.append(node.lineno)
    return found


def _is_time(side: ast.expr) -> bool:
    if isinstance(side, ast.Subscript):
        named = side.slice.value if isinstance(side.slice, ast.Constant) else None
        return named in TIMES
    return getattr(side, "attr", getattr(side, "id", None)) in TIMES


def test_only_the_doors_compare_an_events_time_with_a_moment():
    found = {p.relative_to(SOURCE).as_posix(): compared(ast.parse(p.read_text())) for p in SOURCE.rglob("*.py")}
    guilty = {name for name, lines in found.items() if lines}
    allowed = {
        "history/point_in_time.py",
        "history/event_tables.py",
        "history/contracts.py",
        "history/contract_checks.py",
        "decisions/allocation.py",
    }  # the calendar's ends; a contract's end beside its start and record; places in an array
    assert guilty <= allowed, guilty - allowed


def test_an_event_at_the_cutoff_is_the_future_and_one_at_the_edge_is_in_the_window():
    assert [is_past(at, 5) for at in (4, 5, 6)] == [True, False, False]
    assert [in_window(at, 5) for at in (4, 5, 6)] == [False, True, True]


def test_compiled_code_and_plain_code_share_one_comparison():
    import numpy as np

    from patron.features.compute.fold.cutting import cut

    at = np.array([1, 5, 5, 9])
    start, end, moment = np.array([0]), np.array([4]), np.array([5])
    assert cut(at, start, end, moment).tolist() == [sum(is_past(t, 5) for t in at)]
