"""A cohort is everybody whose first order was in the same period; nobody counts twice in one."""

from datetime import datetime

import numpy as np
import pandas as pd

from patron.history.cohorts import cohorts
from worlds.histories import small


def orders(*days: str):
    """Orders written as 'customer month-day' of 2024."""
    return small(*((who, datetime.fromisoformat(f"2024-{day}"), 1.0) for who, day in map(str.split, days)))["orders"]


def test_customers_count_once_in_each_period_and_stay_in_the_cohort_of_their_first_order():
    bought = orders("a 01-05", "a 01-20", "b 01-31", "a 03-01", "b 03-02", "b 03-03", "c 02-29", "c 03-01")
    table = cohorts(bought, "month", 12)
    assert [f"{start:%b}" for start in table.index] == ["Jan", "Feb", "Mar"]
    # January: a and b came, nobody was back in February, both in March. February: c, back in March. March: nobody new.
    np.testing.assert_array_equal(table.to_numpy(), [[2, 0, 2], [1, 1, np.nan], [0, np.nan, np.nan]])


def test_of_more_cohorts_than_a_reader_can_take_in_the_latest_stay():
    table = cohorts(orders("a 01-05", "b 02-05", "c 03-05", "b 03-06"), "month", 2)
    assert table.index.tolist() == [pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01")]
    np.testing.assert_array_equal(table.to_numpy(), [[1, 1], [1, np.nan]])


def test_over_quarters_the_months_within_are_one():
    np.testing.assert_array_equal(cohorts(orders("a 01-05", "a 03-05", "a 04-01"), "quarter", 9), [[1, 1], [0, np.nan]])


def test_one_order_is_one_cohort_of_one():
    np.testing.assert_array_equal(cohorts(orders("a 01-05"), "month", 12), [[1]])
