"""Decisions as the simulated world carries them out: a table of customers and offers becomes treatments by week."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from patron.datasets.simulated.checks import WEEK, offer_number
from patron.datasets.simulated.process import START, Treatments
from patron.datasets.simulated.setting import Setting
from patron.errors import SettingsError, listed_columns
from patron.history.point_in_time import in_window, is_past

__all__ = ["treatments"]

GROUPS = ("treat", "control")


def treatments(
    decisions: pd.DataFrame, setting: Setting, numbers: Mapping[str, int], today: datetime, until: datetime
) -> dict[int, list[Treatments]]:
    """Return by week whom an offer is made to, or withheld from.

    Args:
        decisions: customer and offer; may have at, group and propensity.
        setting: of the world.
        numbers: of the customers who are there today, by key.
        today: when it is made, where no `at` says otherwise.
        until: the day before which it must be made.

    Raises:
        SettingsError: a column, customer, offer, group or time cannot be meant, or a decision is there twice.
    """
    _check_columns(decisions)
    table = pd.DataFrame({name: decisions[name].to_numpy() for name in ("customer", "offer")})
    table["at"] = pd.to_datetime(decisions["at"]).to_numpy() if "at" in decisions else np.datetime64(today, "us")
    table["group"] = decisions["group"].to_numpy() if "group" in decisions else "treat"
    table["propensity"] = decisions["propensity"].to_numpy(float) if "propensity" in decisions else np.nan
    table["number"] = table.customer.map(numbers)
    _check_rows(table, today, until)
    decided: dict[int, list[Treatments]] = {}
    for (at, name), rows in table.groupby(["at", "offer"]):
        week = (at.to_pydatetime() - START) // WEEK
        decided.setdefault(week, []).append(
            Treatments(
                offer_number(setting.offers, name),
                rows.number.to_numpy(int),
                (rows.group == "treat").to_numpy(),
                rows.propensity.to_numpy(),
                np.full(len(rows), 7.0 * week),
            )
        )
    return decided


def _check_columns(decisions: pd.DataFrame) -> None:
    if not isinstance(decisions, pd.DataFrame):
        raise SettingsError(
            f"Decisions are a table of customers and offers, got {type(decisions).__name__}. "
            "Write world.act(plan.table, until=...), or world.act(None, until=...) for none."
        )
    for name in ("customer", "offer"):
        if name not in decisions:
            raise SettingsError(
                f"Decisions lack the column {name!r}. They have: {listed_columns(decisions.columns)}. "
                f"Write pd.DataFrame({{'customer': ..., 'offer': ...}}), or give the table of decide()."
            )


def _check_rows(table: pd.DataFrame, today: datetime, until: datetime) -> None:
    """Refuse rows that cannot be carried out, by their number and never by the customer's key."""
    last = until - WEEK
    days = f"from {today:%Y-%m-%d} to {last:%Y-%m-%d}"
    _refuse(table.number.isna(), "a customer who is not there today", "Write decisions[decisions.customer.isin(...)]")
    _refuse(~table.group.isin(GROUPS), "a group that is neither 'treat' nor 'control'", "Write group='treat'")
    outside = ~in_window(table["at"], today) | ~is_past(table["at"], until)
    uneven = (table["at"] - pd.Timestamp(START)) % WEEK != pd.Timedelta(0)
    _refuse(outside | uneven, f"a time that is no Monday {days}", f"Write at='{today:%Y-%m-%d}'")
    twice = table.duplicated(["customer", "offer", "at"])
    _refuse(twice, "an offer that the customer has at that time already", "Write decisions.drop_duplicates()")


def _refuse(wrong: pd.Series, what: str, mend: str) -> None:
    if wrong.any():
        rows = ", ".join(map(str, np.flatnonzero(wrong)[:3]))
        raise SettingsError(f"Decisions name {what} in {wrong.sum()} of {len(wrong)} rows (from 0: {rows}). {mend}.")
