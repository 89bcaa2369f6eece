"""Segment: the customers that meet a condition such as country == 'UK' or recency > 90."""

import numpy as np
import pandas as pd

from patron.errors import QuestionError
from patron.history.row_conditions import RowCondition, values_held
from patron.models.serving import meets

__all__ = ["in_segment"]


def in_segment(condition: str, table: pd.DataFrame) -> np.ndarray:
    """Return which rows meet a condition, as a mask; an unknown value meets none.

    Args:
        condition: a column, a sign (== = != < <= > >=) and a value, in quotes where it has blanks at its ends.
        table: features and answers of n customers, without their keys.

    Raises:
        QuestionError: it is no condition, names a column that is not there, compares a text by size, or all rows or
            none meet it.

    >>> in_segment("country == 'UK'", pd.DataFrame({"country": ["UK", "DE", None]})).tolist()
    [True, False, False]
    """
    row_condition = RowCondition(condition, "A segment", '--segment "CONDITION"')
    row_condition.check(table)
    name, sign, value = row_condition.plain.values()
    mask = meets(table[name], sign, value)
    if not 0 < mask.sum() < len(mask):
        who = "all" if mask.any() else "none"
        raise QuestionError(
            f"Of {len(mask):,} customers {who} meet the segment's condition on {name!r}, so there is nobody to "
            f"compare.{values_held(table[name])}"
        )
    return mask
