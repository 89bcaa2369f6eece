"""Panel end: columns of ready-made rows that are written when a customer leaves, and so tell the end beforehand."""

import numpy as np
import pandas as pd

__all__ = ["telling_the_end"]

NEARLY_ALL, HALF, NEARLY_NONE = 0.95, 0.5, 0.05
USUAL = 0.8  # of those who stay have one value, which then means: nothing happened
FEWEST = 20


def telling_the_end(features: pd.DataFrame, label: pd.Series, customers: pd.Series) -> dict[str, str]:
    """Return the columns that are filled for those who leave, at any time, and hardly for the others.

    A year of cancellation stands on all rows of a member who will cancel, also on those long before: it ranks the
    rows of a month only a little, but tells who will leave. So customers are compared, not rows.

    Args:
        features: of n rows.
        label: 1 for left, 0 for stayed, unknown where nobody knows, shape (n,).
        customers: of each row.

    Returns:
        why each is not to be believed, by name.

    >>> rows = pd.DataFrame({"visits": 1.0, "ended_in": [2024.0] * 20 + [np.nan] * 40})
    >>> list(telling_the_end(rows, pd.Series([1.0] * 20 + [0.0] * 40), pd.Series(range(60))))
    ['ended_in']
    """
    known = label.notna()
    left = label[known].groupby(customers[known]).max() == 1.0
    if min(int(left.sum()), int((~left).sum())) < FEWEST:
        return {}
    reasons = {name: _reason(features[name][known], customers[known], left) for name in features}
    return {name: why for name, why in reasons.items() if why}


def _reason(column: pd.Series, customers: pd.Series, left: pd.Series) -> str:
    filled = column.notna().groupby(customers).any().reindex(left.index)
    leavers, others = float(filled[left].mean()), float(filled[~left].mean())
    if leavers >= NEARLY_ALL and others <= HALF:
        return f"it is filled for {leavers:.0%} of the customers who leave and for {others:.0%} of the others"
    if leavers <= NEARLY_NONE and others >= HALF:
        return f"it is empty for {1 - leavers:.0%} of the customers who leave and for {1 - others:.0%} of the others"
    return _unusual(column, customers, left)


def _unusual(column: pd.Series, customers: pd.Series, left: pd.Series) -> str:
    """Return why, where nearly all who leave have another value than the one that nearly all others have."""
    stayed = column[customers.map(~left).to_numpy(dtype=bool)]
    usual = stayed.mode()
    if usual.empty:
        return ""
    other = (column != usual.iloc[0]).groupby(customers).any().reindex(left.index)
    leavers, others = float(other[left].mean()), float(other[~left].mean())
    if leavers >= NEARLY_ALL and others <= 1.0 - USUAL and np.isfinite(leavers):
        return (
            f"{leavers:.0%} of the customers who leave have another value than the usual one, and {others:.0%} of the "
            "others"
        )
    return ""
