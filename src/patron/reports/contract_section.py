"""Contract section: the values of the part of the page about renewals, revenue at risk and early warnings."""

from typing import Any

import pandas as pd

from patron.portfolio.contract_outlook import ContractOutlook
from patron.portfolio.renewals import renewals_by_month
from patron.reports.contract_plots import mrr_plot, renewal_plot
from patron.reports.rendering import inline

__all__ = ["contract_section"]

TOP = 10


def contract_section(outlook: ContractOutlook, currency: str) -> dict[str, Any]:
    """Return the values that the template of contracts names.

    Args:
        outlook: its tables have a pseudonym in the place of each customer.
        currency: code or sign of the currency that prices are in, empty where nobody said.
    """
    months, due, warned = outlook.months, outlook.renewals, outlook.warnings
    by_month = renewals_by_month(due) if len(due) else due
    return {
        "outlook": outlook,
        "months": _last_days(months).to_dict("records"),
        "mrr_plot": inline(mrr_plot(months, currency)) if len(months) else "",
        "by_month": by_month.to_dict("records"),
        "renewal_plot": _drawn(by_month, currency) if len(months) and len(due) else "",
        "due": _most_at_risk(due).to_dict("records"),
        "warned": warned.head(TOP).to_dict("records"),
        "warned_mrr": float(warned.monthly_price.sum()) if len(warned) else 0.0,
        "warned_risk": float(warned.at_risk.sum()) if len(warned) else 0.0,
    }


def _last_days(months: pd.DataFrame) -> pd.DataFrame:
    """Return the months with the last day of each."""
    return months.assign(last=months.end - pd.Timedelta(seconds=1)) if len(months) else months


def _drawn(by_month: pd.DataFrame, currency: str) -> str:
    """Return the plot of the terms longer than a month, nothing where there are none."""
    longer = by_month[by_month.term != "month"].groupby("month")[["monthly_price", "at_risk"]].sum()
    return inline(renewal_plot(longer.reset_index(), currency)) if len(longer) else ""


def _most_at_risk(due: pd.DataFrame) -> pd.DataFrame:
    """Return the renewals with the most at risk: the money of the next term times the chance that it never comes."""
    if due.empty:
        return due
    worth = (due.monthly_price.fillna(0.0) * due.term * due.not_renewing).rename("worth")
    order = due.assign(worth=worth).sort_values(["worth", "not_renewing", "pseudonym"], ascending=[False, False, True])
    return order.head(TOP)
