"""Panel rows: the rows of a file made fit for a panel; each is used, or counted under the reason why it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from patron.engines.frames import shapeless
from patron.errors import HistoryError, cell, listed, listed_columns, values_shown
from patron.history.assumptions import Assumption
from patron.history.customer_keys import check_keys_written
from patron.history.keys import NO_CUSTOMER
from patron.history.receipts import Receipt
from patron.history.sources import REPEATED
from patron.questions.panel_aside import key_texts, lost_customers, set_aside_rows
from patron.questions.panel_end import telling_the_end
from patron.questions.panel_times import times_of
from patron.questions.panel_values import Findings, features_of, plain

__all__ = ["DUPLICATES", "PanelColumns", "PanelRows", "panel_rows"]

DUPLICATES = ("refuse", "sum", "last")
ADDITIVE = 0.2  # of the repeats a column must differ in, to be an amount that was split and no property
CUTOFF, LABEL = "cutoff", "label"
SHOWN = 5


@dataclass(frozen=True)
class PanelColumns:
    """What the columns of a panel mean, and what is done with rows that cannot be.

    Args:
        table: the name of the panel, for messages.
        customer: the column of the customer.
        label: the column of what came of it; empty where nobody knows yet.
        cutoff: the column of the instant at which the customer is looked at; empty where rows have no dates.
        left: the values of the label that stand for having left; none where it holds 1 and 0.
        leave_out: columns that are no features.
        keep: columns that are features although they seem to tell the end.
        duplicates: what is done with several rows of a customer at a cutoff that are no copies: "refuse", "sum" to add
            up the numbers that differ, "last" to keep the last one.
        limits: the lowest and the highest value that a column can have, by name; others are unknown.
        cutoff_format: how the cutoffs are written.
        decimal: the sign before decimals in texts of numbers.
    """

    table: str
    customer: str
    label: str = ""
    cutoff: str = ""
    left: tuple[object, ...] = ()
    leave_out: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    duplicates: str = "refuse"
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    cutoff_format: str = ""
    decimal: str = "."

    @property
    def key(self) -> list[str]:
        """The columns that tell one row from another."""
        return [self.customer, self.cutoff] if self.cutoff else [self.customer]


@dataclass(frozen=True)
class PanelRows:
    """Rows fit for a panel, and what became of the others.

    Args:
        frame: the customer, the cutoff where there is one, the label as 1, 0 or unknown, and the features.
        receipt: how many rows were read, set aside and used, and how they were read.
        cautions: the faults of the rows, each a sentence.
        set_aside: the rows that are not used, see `patron.questions.panel_aside`.
        lost: how many customers have no other rows.
    """

    frame: pd.DataFrame
    receipt: Receipt
    cautions: tuple[str, ...]
    set_aside: pd.DataFrame
    lost: int


def panel_rows(frame: pd.DataFrame, columns: PanelColumns) -> PanelRows:
    """Read rows as a panel: keys, times, label and features, faults counted.

    Args:
        frame: the rows as the file has them.
        columns: what its columns mean.

    Raises:
        HistoryError: a column is missing, the cutoffs cannot be read, the label is no answer, or a customer has
            several rows at a cutoff and nobody said what then.

    >>> rows = pd.DataFrame({"id": ["a", "a", "b"], "age": [30, 30, 150], "left": ["no", "no", "yes"]})
    >>> ready = panel_rows(rows, PanelColumns("members", "id", "left", left=("yes",)))
    >>> ready.frame.age.tolist(), ready.frame.left.tolist(), dict(ready.receipt.set_aside)
    ([30.0, nan], [0.0, 1.0], {'repeated row': 1})
    """
    _check_there(frame, columns)
    check_keys_written(shapeless(frame[[columns.customer]]), columns.customer)
    findings = Findings(columns.table)
    kept = frame.drop(columns=list(columns.leave_out)).reset_index(drop=True).apply(plain)
    kept = _keyed(kept, columns, findings)
    if columns.label:
        kept[columns.label] = _answers(kept[columns.label], columns)
    kept = _single(kept, columns, findings)
    features = features_of(kept.drop(columns=[c for c in (*columns.key, columns.label) if c]), kept, columns, findings)
    if columns.label:
        features = _without_end(features, kept, columns, findings)
    ready = pd.concat([kept[[*columns.key, *([columns.label] if columns.label else [])]], features], axis=1)
    cautions = (*findings.doubts, *findings.notes)
    aside = set_aside_rows(frame, findings)
    lost = lost_customers(aside, columns.customer, ready)
    return PanelRows(ready, _receipt(len(frame), ready, columns, findings), cautions, aside, lost)


def _check_there(frame: pd.DataFrame, columns: PanelColumns) -> None:
    needed = [c for c in (*columns.key, columns.label, *columns.leave_out, *columns.keep, *columns.limits) if c]
    if missing := [name for name in needed if name not in frame.columns]:
        raise HistoryError(
            f"The panel {columns.table!r} lacks {listed(map(repr, missing))}. It has: {listed_columns(frame.columns)}. "
            f'Name its own columns below [panels.{columns.table}]: customer = "...", label = "...".'
        )


def _keyed(frame: pd.DataFrame, columns: PanelColumns, findings: Findings) -> pd.DataFrame:
    """Return the rows that have a customer, and a cutoff where there is one."""
    kept = frame.assign(**{columns.customer: key_texts(frame[columns.customer])})
    if columns.cutoff:
        kept[columns.cutoff] = times_of(frame[columns.cutoff], columns.table, columns.cutoff_format)
    for column, why in zip(columns.key, (NO_CUSTOMER, "no cutoff"), strict=False):
        findings.set_aside(why, kept.index[kept[column].isna()])
        kept = kept[kept[column].notna()]
    return kept


def _answers(label: pd.Series, columns: PanelColumns) -> pd.Series:
    """Return 1 for left, 0 for stayed, and unknown where the label is empty."""
    if columns.left:
        left = label.isin(columns.left) | label.astype("str").isin([str(value) for value in columns.left])
        if label.notna().any() and not left.any():
            raise _no_answer(label, columns, f"no row has one of left = {list(columns.left)}")
        return left.astype("float64").where(label.notna())
    numbers = pd.to_numeric(label, errors="coerce") if not pd.api.types.is_bool_dtype(label) else label.astype(float)
    numbers = numbers.astype("float64")
    if (numbers.isna() & label.notna()).any() or not numbers.dropna().isin([0.0, 1.0]).all():
        raise _no_answer(label, columns, "it must be 1 for left and 0 for stayed, empty where nobody knows yet")
    return numbers


def _no_answer(label: pd.Series, columns: PanelColumns, why: str) -> HistoryError:
    counts = label.value_counts().head(SHOWN)
    values = ", ".join(
        f"{value if values_shown() else cell(value)} ({count:,} rows)" for value, count in counts.items()
    )
    rarest = counts.index[-1] if len(counts) and values_shown() else "yes"
    example = f'"{rarest}"' if isinstance(rarest, str) else f"{rarest}"
    return HistoryError(
        f"The label {columns.label!r} of the panel {columns.table!r} is no answer: {why}. It holds {values}. "
        f"Say below [panels.{columns.table}] which values stand for having left, for example left = [{example}]."
    )


def _single(frame: pd.DataFrame, columns: PanelColumns, findings: Findings) -> pd.DataFrame:
    """Return one row for each customer and cutoff."""
    copies = frame.duplicated()
    findings.set_aside(REPEATED, frame.index[copies])
    kept = frame[~copies]
    repeated = kept.duplicated(columns.key, keep=False)
    if not repeated.any():
        return kept.reset_index(drop=True)
    apart = _differing(kept[repeated], columns.key)
    count = int(kept[repeated].groupby(columns.key).ngroups)
    who = f"{count:,} customers{' and cutoffs' if columns.cutoff else ''} have several rows that are no copies"
    if columns.duplicates == "refuse":
        raise HistoryError(
            f"In the panel {columns.table!r} {who} of one another, {int(repeated.sum()):,} of {len(frame):,} rows; "
            f"they differ in {listed(apart.index)}. Say below [panels.{columns.table}] what they are: duplicates = "
            '"sum" adds up the numbers that differ (parts of one month), duplicates = "last" keeps the last row of '
            "the file (corrections)."
        )
    counting: Literal["first", "last"] = "last" if columns.duplicates == "last" else "first"
    others = kept.duplicated(columns.key, keep=counting)
    findings.set_aside("another row of the same customer and cutoff", kept.index[others])
    if columns.duplicates == "last":
        findings.assume(f"{who}: of these the last in the file counts", 'duplicates = "sum"')
        return kept.drop_duplicates(columns.key, keep="last").reset_index(drop=True)
    return _added_up(kept, repeated, apart, who, columns, findings)


def _differing(repeated: pd.DataFrame, key: Sequence[str]) -> pd.Series:
    """Return the share of the repeats in which each column differs, of the columns that do."""
    shares = (repeated.groupby(list(key)).nunique(dropna=False) > 1).mean()
    return shares[shares > 0].sort_values(ascending=False, kind="stable")


def _added_up(
    frame: pd.DataFrame, repeated: pd.Series, apart: pd.Series, who: str, columns: PanelColumns, findings: Findings
) -> pd.DataFrame:
    """Return the frame with repeated rows made one: amounts added up, of other columns the first known value."""
    added = [
        name
        for name, share in apart.items()
        if share >= ADDITIVE and name != columns.label and pd.api.types.is_numeric_dtype(frame[name])
    ]
    others = [name for name in apart.index if name not in (*added, columns.label)]
    first = f"; of {listed(others)} the first known value counts" if others else ""
    findings.assume(f"{who}, made one: {listed(added) or 'nothing'} added up{first}", 'duplicates = "last"')
    grouped = frame[repeated].groupby(columns.key, sort=False)
    united = grouped.first()
    if added:
        united[added] = grouped[added].sum(min_count=1)
    if columns.label:
        united[columns.label] = grouped[columns.label].max()
    return pd.concat([frame[~repeated], united.reset_index()[frame.columns]], ignore_index=True)


def _without_end(features: pd.DataFrame, keys: pd.DataFrame, columns: PanelColumns, findings: Findings) -> pd.DataFrame:
    """Return the features without those that are written when a customer leaves."""
    suspects = telling_the_end(features, keys[columns.label], keys[columns.customer])
    gone = [name for name in suspects if name not in columns.keep]
    for name in gone:
        findings.doubt(f"{name} tells the end and is no feature: {suspects[name]}", f'keep = ["{name}"]')
    return features.drop(columns=gone)


def _receipt(read: int, ready: pd.DataFrame, columns: PanelColumns, findings: Findings) -> Receipt:
    first, last = None, None
    if columns.cutoff and len(ready):
        first, last = (edge.to_pydatetime() for edge in (ready[columns.cutoff].min(), ready[columns.cutoff].max()))
    notes, labelled = list(findings.notes), 0
    if columns.label:
        labelled = int(np.isfinite(ready[columns.label]).sum())
        rate = ready[columns.label].mean()
        notes.insert(0, f"{labelled:,} rows have a label, {rate:.2%} of them left; {len(ready) - labelled:,} have none")
    return Receipt(
        table=columns.table,
        read=read,
        set_aside=findings.aside,
        used=len(ready),
        customers=ready[columns.customer].nunique(),
        first=first,
        last=last,
        notes=tuple(notes),
        assumed=tuple(Assumption(what, change) for what, change in findings.assumed),
    )
