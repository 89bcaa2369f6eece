"""The page about a panel: what was read of ready-made rows, what is odd, and how models will be judged on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from patron.history.receipts import Receipt
from patron.reports.rendering import render

__all__ = ["PanelReport", "page"]


@dataclass(frozen=True)
class PanelReport:
    """What a check saw of a panel, as the page shows it.

    Args:
        name: the business.
        made_at: when the page was made.
        receipt: what was read.
        cautions: the faults of the rows, each a sentence.
        suspects: why some columns seem to know the outcome.
        cutoffs: each cutoff with its use, labelled rows and the share of them that left; none where rows have no dates.
        features: the share of rows in which each feature is known.
    """

    name: str
    made_at: datetime
    receipt: Receipt
    cautions: Sequence[str]
    suspects: Mapping[str, str]
    cutoffs: Sequence[tuple[datetime, str, int, float]]
    features: Mapping[str, float]


def page(report: PanelReport) -> str:
    """Return the page that tells whoever brought the rows what was understood of them, and what to look at.

    >>> receipt = Receipt("members", 3, {}, 3, 2, None, None)
    >>> print(page(PanelReport("Club", datetime(2024, 5, 2), receipt, [], {}, [], {"visits": 1.0}))[:15])
    <!doctype html>
    """
    return render("panel.html.j2", "", report=report)
