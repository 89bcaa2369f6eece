"""Refusals: files that hold no events of customers, with what they are and what can be done with them today."""

import re
from collections.abc import Sequence

from patron.errors import HistoryError, listed, listed_columns
from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.roles import person_score
from patron.settings.proposal.words import has

__all__ = ["check_no_panel", "refusal_of"]

OUTCOME = (
    "churn|churned|exited|attrition|target|label|y|left|response|conversion|cancelled|canceled|outcome|censor|censored"
    "|reacquire|retained|post|acquisition"
)
FEW_TIMES, MANY_CUSTOMERS = 60, 20
FULL, LEAST_TIMES = 0.98, 3
A_MONTH, MONTH = '"1 month"', re.compile(r"(?:19|20)\d\d[-/.]?(?:0[1-9]|1[0-2])")


def refusal_of(looks: Sequence[TableLook]) -> HistoryError:
    """Return why no event of a customer can be read from some files."""
    keyed = [(look, key) for look in looks if (key := _unique_key(look)) is not None]
    if keyed:
        return _one_row_each(*keyed[0])
    labels = listed(look.label for look in looks)
    people = [c.name for look in looks for c in look.columns.values() if person_score(c) > 0]
    columns = listed_columns(column for look in looks for column in look.columns)
    months = [(look, c) for look in looks for c in look.columns.values() if _is_of_months(c)]
    if people and months:
        return _panel(*months[0])
    if not people:
        return HistoryError(
            f"No column of {labels} looks like a customer's key, so nobody can be told from anybody. The columns are: "
            f"{columns}. If one is, name it in a settings file that begins with patron.settings.template(): "
            'customer = "the column"; if only orders are numbered, export them with the customer\'s number or e-mail.'
        )
    return HistoryError(
        f"{labels} tells of customers ({listed(people)}), but no column of it looks like a time, and without times "
        f"nobody can be asked at a cutoff. The columns are: {columns}. Export the date of each event, or if a column "
        'is one, name it in a settings file that begins with patron.settings.template(): at = "the column".'
    )


def check_no_panel(look: TableLook, customer: str, at: str) -> None:
    """Refuse a file that has a row for each customer at each of a few times: these are rows, and no events.

    Raises:
        HistoryError: with the line that takes it as a panel.
    """
    people, times = look.columns[customer], look.columns[at]
    if not (1 < times.distinct <= FEW_TIMES and people.distinct >= MANY_CUSTOMERS):
        return
    if look.rows < FULL * people.distinct * times.distinct and not _has_outcome_at(look, customer, at):
        return
    line, section = _panel_line(look, customer, f"cutoff={at!r}", "frame"), _section(look, customer, at)
    raise HistoryError(
        f"{look.label} has a row for each of {people.distinct:,} customers at each of {times.distinct:,} times: a "
        f"panel, and no events. {section} In Python: {line}"
    )


def _has_outcome_at(look: TableLook, customer: str, at: str) -> bool:
    """Check whether a file has a row at most for each customer and time, and with it whether the customer left."""
    outcomes = [c for c in look.columns.values() if has(c.words, OUTCOME) and c.known and c.distinct <= 2]
    if not outcomes or look.rows < look.columns[customer].distinct * LEAST_TIMES:
        return False
    pairs = look.table.select(customer, at).distinct().count().to_pyarrow().as_py()
    return bool(pairs >= FULL * look.rows)


def _is_of_months(column: ColumnLook) -> bool:
    """Check whether a column names months, such as 2024-05 or 202405, each of many rows."""
    texts = set(column.texts)
    return 1 < column.distinct <= FEW_TIMES < column.rows and all(map(MONTH.fullmatch, texts))


def _panel(look: TableLook, month: ColumnLook) -> HistoryError:
    key = max(look.columns.values(), key=person_score).name
    line = _panel_line(look, key, f"cutoff={month.name!r}", "frame")
    return HistoryError(
        f"{look.label} has rows for customers ({key!r}) and months ({month.name!r}), and no day of an event: a panel, "
        f"and no events. {_section(look, key, month.name, A_MONTH)} In Python: {line}"
    )


def _unique_key(look: TableLook) -> ColumnLook | None:
    """Return the column that is another in every row, and the customer's by name or for want of another."""
    unique = [c for c in look.columns.values() if c.is_unique and c.known == c.rows and c.kind in ("text", "number")]
    people = sorted((c for c in unique if person_score(c) > 0), key=lambda c: -person_score(c))
    ids = [] if any(c.is_time for c in look.columns.values()) else [c for c in unique if c.words in ("id", "key")]
    return next(iter((*people, *ids)), None)


def _one_row_each(look: TableLook, key: ColumnLook) -> HistoryError:
    line = _panel_line(look, key.name, "cutoff='cutoff'", "frame.assign(cutoff=pd.Timestamp('2024-01-01'))")
    return HistoryError(
        f"{look.label} has one row for each customer ({key.distinct:,} of {key.name!r}), and none for each purchase. "
        "Whether somebody left can be learned from such rows, but without the dates of events nobody can check that "
        f"what stands there was known before: a panel without dates. {_section(look, key.name, '')} In Python: {line} "
        "Or bring the orders or payments of these customers, and this file says what is known of them: "
        f"patron init orders.csv {look.label}"
    )


def _section(look: TableLook, customer: str, at: str, horizon: str = "30") -> str:
    """Return how a settings file takes rows as a panel, with the outcome where a column looks like one."""
    outcomes = [c for c in look.columns.values() if has(c.words, OUTCOME) and c.known]
    label = outcomes[-1].name if outcomes else "the column of what came of it"
    cutoff = f'cutoff = "{at}", ' if at else ""
    return (
        f'In a settings file it stands in the place of [tables], below [panels.{look.name}]: path = "...", customer = '
        f'"{customer}", {cutoff}label = "{label}", horizon = {horizon} (docs/panels.md).'
    )


def _panel_line(look: TableLook, customer: str, cutoff: str, frame: str) -> str:
    """Return the line of Python that takes rows as a panel, with the outcome where a column looks like one."""
    outcomes = [c for c in look.columns.values() if has(c.words, OUTCOME) and c.known]
    label = ""
    if outcomes:
        name = outcomes[-1].name
        test = _test(outcomes[-1])
        label = f", label={name!r}"
        frame = f"{frame}.assign(**{{{name!r}: frame[{name!r}]{test}}})" if test else frame
    return (
        f"pt.panel({frame}, horizon=30, customer={customer!r}, {cutoff}{label}), horizon being the days it looks ahead."
    )


def _test(outcome: ColumnLook) -> str:
    """Return what makes a truth value of an outcome: that it is there, or which of two words it is."""
    if outcome.is_time:
        return ".notna()"
    values = sorted(set(outcome.texts), key=str.lower)
    return f" == {values[-1]!r}" if outcome.kind == "text" and len(values) == 2 else ""
