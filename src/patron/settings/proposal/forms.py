"""Forms: how the texts of a column of times are written, as the door itself reads them, or the forms that all fit."""

from collections.abc import Sequence
from itertools import pairwise

from ibis.expr.types import Table

from patron.errors import HistoryError
from patron.history.formats import FormSetting
from patron.history.time_forms import family_of
from patron.history.times import read_times
from patron.settings.proposal.columns import SEEN, ColumnLook, TableLook

__all__ = ["possible_forms"]

AT = FormSetting.of("at")
ENOUGH = 20_000


def possible_forms(look: TableLook, column: ColumnLook) -> list[str]:
    """Return the forms that read all times of a column of texts, those first by which its rows are in order.

    None where its texts show how they are written without any choice, or are of several kinds.

    >>> import pandas as pd
    >>> from patron.settings.proposal.columns import look_at
    >>> look = look_at("shop", pd.DataFrame({"on": ["01/02/2024", "13/02/2024"]}))
    >>> possible_forms(look, look.columns["on"])
    ['%d/%m/%Y']
    """
    families = {family_of(text) for text in column.texts} if column.kind == "text" else set()
    family = families.pop() if len(families) == 1 else ()
    if len(family) < 2:
        return []
    forms = _best(_some(look, column), column, family)
    if len(forms) > 1:
        forms = _best(look.table, column, forms)
    return sorted(forms, key=lambda form: -_order(look, column, form))


def _some(look: TableLook, column: ColumnLook) -> Table:
    """Return some rows of a large table, from all of it: what they refute, the whole column does."""
    share = look.rows // ENOUGH
    return look.table.filter(look.table[column.name].hash() % share == 0) if share > 1 else look.table


def _best(table: Table, column: ColumnLook, forms: Sequence[str]) -> list[str]:
    """Return the forms that read most: one text that another form reads alone proves that."""
    read = {form: _count_read(table, column, form) for form in forms}
    return [form for form, n in read.items() if n == max(read.values()) > 0]


def _count_read(table: Table, column: ColumnLook, form: str) -> int:
    try:
        clock = read_times(table, table[column.name], AT, "UTC", form).clock
    except HistoryError:
        return 0
    return int(table.aggregate(n=clock.count()).to_pyarrow()["n"][0].as_py())


def _order(look: TableLook, column: ColumnLook, form: str) -> float:
    """Return the share of the first rows that are no earlier than the row above, or no later: the larger of both."""
    rows = look.table.limit(SEEN)
    clock = read_times(rows, rows[column.name], AT, "UTC", form).clock
    times = [time for time in rows.select(at=clock).to_pyarrow()["at"].to_pylist() if time is not None]
    later = sum(a <= b for a, b in pairwise(times))
    earlier = sum(a >= b for a, b in pairwise(times))
    return max(later, earlier) / max(1, len(times) - 1)
