"""Settings of panels: where ready-made rows of customers lie, and what their columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from patron.engines.files import FileFormat, open_source
from patron.errors import HistoryError
from patron.history.receipts import Receipt
from patron.periods import Moment
from patron.questions.panel_rows import PanelColumns, panel_rows
from patron.questions.panels import Panel, panel, snapshot

__all__ = ["OpenedPanel", "PanelFile"]

ROW = "number of the row"  # stands for a customer where there is no column of them


@dataclass(frozen=True)
class OpenedPanel:
    """A panel that was read, and what became of its rows.

    Args:
        panel: the rows, with and without a label.
        receipt: how many rows were read, set aside and used, and how they were read.
        cautions: the faults of the rows, each a sentence.
        set_aside: the rows that are not used, each with its `reason` and its `row`.
        lost: how many customers have no other rows.
        value: the feature that is the profit of a kept customer; empty where none is.
    """

    panel: Panel
    receipt: Receipt
    set_aside: pd.DataFrame
    lost: int
    cautions: tuple[str, ...] = ()
    value: str = ""


@dataclass(frozen=True)
class PanelFile:
    """Where ready-made rows lie, and what their columns mean; every other column is a feature.

    Args:
        path: a Parquet, CSV or Excel file, a folder of Parquet or CSV files that are one table, or a table of a
            database, such as "club.sqlite#members".
        customer: the column of the customer; empty where rows without dates have none, and each is its own.
        label: the column of what came of it: 1 or 0, or a value of `left`; empty cells are scored.
        horizon: days after the cutoff that the label looks at, or months such as "1 month".
        cutoff: the column of the instant at which the customer is looked at; empty where rows have no dates, one row
            for each customer.
        left: the values of the label that stand for having left.
        value: the column of the profit of a kept customer over the horizon, in currency.
        leave_out: columns that are no features.
        keep: columns that are features although they seem to tell the end.
        duplicates: "refuse" several rows of a customer at a cutoff that are no copies, "sum" to add up the numbers
            that differ, "last" to keep the last one.
        limits: the lowest and the highest value that a column can have, by name; others are unknown.
        roles: columns by what they mean, as `patron.panel` takes them.
        cutoff_format: how the cutoffs are written, for example "%d/%m/%Y".
        decimal: the sign before decimals in texts of numbers, "," or ".".
        encoding: how the bytes of a CSV file are read; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file; by default the first.
    """

    path: Path | str
    customer: str
    label: str
    horizon: int | str
    cutoff: str = ""
    left: tuple[object, ...] = ()
    value: str = ""
    leave_out: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    duplicates: str = "refuse"
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    cutoff_format: str = ""
    decimal: str = "."
    encoding: str = ""
    sheet: str = ""

    def open(self, name: str, at: Moment) -> OpenedPanel:
        """Read the rows, and count what was set aside of them.

        Args:
            name: of the panel, for messages.
            at: the instant that stands as the cutoff of rows without dates.

        Raises:
            HistoryError: the file is not there, or its rows are no panel.
        """
        columns = PanelColumns(
            name,
            self.customer or ROW,
            self.label,
            self.cutoff,
            self.left,
            self.leave_out,
            self.keep,
            self.duplicates,
            self.limits,
            self.cutoff_format,
            self.decimal,
        )
        try:
            frame = open_source(self.path, FileFormat(self.encoding, self.sheet)).table.to_pandas()
            numbered = frame if self.customer else frame.assign(**{ROW: range(1, len(frame) + 1)})
            rows = panel_rows(numbered, columns)
            ready = self._panel(rows.frame, at)
        except HistoryError as error:
            raise HistoryError(f"[panels.{name}]: {error}") from None
        return OpenedPanel(ready, rows.receipt, rows.set_aside, rows.lost, rows.cautions, self._value(ready, name))

    def _panel(self, frame: pd.DataFrame, at: Moment) -> Panel:
        if self.cutoff:
            return panel(frame, self.horizon, self.customer, self.cutoff, self.label, **self.roles)
        return snapshot(frame, self.horizon, at, self.customer or ROW, self.label, **self.roles)

    def _value(self, ready: Panel, name: str) -> str:
        """Return the feature that holds the value, by the name it has among the features."""
        if not self.value:
            return ""
        column = next((m.name for m in ready.definitions if m.formula == f"panel column {self.value}"), "")
        if not column or ready.X[column].dtype.kind not in "fiub":
            raise HistoryError(
                f"[panels.{name}]: value = {self.value!r} is no column of numbers among its features. Name a column of "
                "money, or write a number below [decisions]: value = 30.0"
            )
        return column
