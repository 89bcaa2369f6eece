"""Panel aside: the rows of a panel that are not used, each with its reason and its place, as the file has them."""

import numpy as np
import pandas as pd

from patron.history.keys import NO_CUSTOMER
from patron.history.set_aside import REASON, ROW
from patron.questions.panel_values import Findings, plain

__all__ = ["key_texts", "lost_customers", "set_aside_rows"]


def set_aside_rows(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return the rows that are not used with `reason` and `row`, 1 for the first that was read, before their columns.

    Args:
        frame: the rows that were read.
        findings: which of them are not used, and why.
    """
    places = sorted(findings.places)
    own = {name: f"own_{name}" for name in (REASON, ROW) if name in frame.columns}
    rows = frame.iloc[places].rename(columns=own).reset_index(drop=True)
    rows.insert(0, REASON, [findings.places[place] for place in places])
    rows.insert(1, ROW, np.array(places, np.int64) + 1)
    return rows


def lost_customers(aside: pd.DataFrame, customer: str, used: pd.DataFrame) -> int:
    """Count the customers of whom every row was set aside.

    Args:
        aside: as `set_aside_rows` returns them.
        customer: their column of the customer.
        used: the rows that are used, with the same column.
    """
    named = key_texts(plain(aside.loc[aside[REASON] != NO_CUSTOMER, customer])).dropna()
    return int(named[~named.isin(used[customer])].nunique())


def key_texts(customer: pd.Series) -> pd.Series:
    """Return keys as texts, whole numbers without decimals."""
    if pd.api.types.is_float_dtype(customer) and (customer.dropna() % 1 == 0).all():
        customer = customer.astype("Int64")
    return customer.astype("str").where(customer.notna())
