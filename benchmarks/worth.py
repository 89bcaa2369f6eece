"""Orders and spend of each customer over the second of two periods: Patron beside a past rate and lifetimes."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from pymc_bg_nbd import bg_nbd

from patron.history.history import History
from patron.metrics import Estimate, bias, bootstrap, mean_absolute_error, normalized_gini, root_mean_squared_error
from patron.models.clv.lifetime import lifetime_value
from patron.models.serving import repeats
from patron.questions.kinds import churn
from patron.questions.matrices import matrix

ORDERS = {"MAE": mean_absolute_error, "RMSE": root_mean_squared_error, "bias": bias}
SPEND = {"Gini of spend": normalized_gini, "bias of spend": bias}
MEDIAN = "MAE of the median"
COLUMNS = ["tool", *ORDERS, MEDIAN, *SPEND, "within its 80 % interval", "s"]


@dataclass(frozen=True)
class Period:
    """The second period of a data set, and what came before it."""

    history: History
    at: datetime
    days: int

    def came(self, customers: pd.Series) -> pd.DataFrame:
        """What each customer then ordered and spent."""
        table = self.history["orders"].to_pandas()
        later = table[(table["at"] >= self.at) & (table["at"] < self.at + timedelta(days=self.days))]
        totals = pd.DataFrame({"expected_orders": later.groupby("customer").size()})
        if "amount" in later:
            totals["expected_spend"] = later.groupby("customer").amount.sum().astype(float)
        return totals.reindex(customers).fillna(0.0).reset_index(drop=True)


def patron(period: Period) -> pd.DataFrame:
    """Patron, all defaults, one call; money undiscounted, since it is compared with money that came."""
    return lifetime_value(period.history, period.at, period.days, discount=0.0)


def without_attributes(period: Period) -> pd.DataFrame:
    """The same, not told what the data set knows of its customers."""
    return lifetime_value(replace(period.history, attributes={}), period.at, period.days, discount=0.0)


def past_rate(period: Period) -> pd.DataFrame:
    """Everybody goes on as before: orders and spend of each day since the first order."""
    seen = matrix(churn(period.days), period.history, [period.at])
    ahead = period.days / np.maximum(seen.X.tenure.to_numpy(dtype=np.float64), 1.0)
    expected = pd.DataFrame({"customer": seen.key.customer, "expected_orders": seen.X.orders * ahead})
    return expected.assign(expected_spend=seen.X.spend * ahead) if "spend" in seen.X else expected


def lifetimes(period: Period) -> pd.DataFrame:
    """Pareto/NBD of the package lifetimes, and its Gamma-Gamma, which leaves out the first order."""
    from lifetimes import GammaGammaFitter, ParetoNBDFitter

    seen = matrix(churn(period.days), period.history, [period.at])
    x, last, age = repeats(seen.X[["recency", "tenure", "orders"]].to_numpy(dtype=np.float64))
    model = ParetoNBDFitter(penalizer_coef=0.0).fit(x, last, age, maxiter=2000)
    often = np.nan_to_num(
        np.asarray(model.conditional_expected_number_of_purchases_up_to_time(float(period.days), x, last, age))
    )
    expected = pd.DataFrame({"customer": seen.key.customer, "expected_orders": often})
    if "spend" not in seen.X:
        return expected
    money = (seen.X.spend - seen.X.first_order).to_numpy(dtype=np.float64) / np.maximum(x, 1.0)
    known = (x > 0) & (money > 0)
    worth = GammaGammaFitter(penalizer_coef=0.0).fit(x[known], money[known])
    value = worth.conditional_expected_average_profit(np.where(known, x, 0.0), np.where(known, money, 0.0))
    return expected.assign(expected_spend=often * np.asarray(value))


def pymc_marketing(period: Period) -> pd.DataFrame:
    """BG/NBD of the package pymc-marketing; orders only."""
    seen = matrix(churn(period.days), period.history, [period.at])
    x, last, age = repeats(seen.X[["recency", "tenure", "orders"]].to_numpy(dtype=np.float64))
    often = bg_nbd(x, last, age, period.days).expected
    return pd.DataFrame({"customer": seen.key.customer, "expected_orders": often})


TOOLS: Mapping[str, Callable[[Period], pd.DataFrame]] = {
    "**Patron**": patron,
    "Patron, no attributes": without_attributes,
    "past rate": past_rate,
    "lifetimes Pareto/NBD": lifetimes,
    "pymc-marketing BG/NBD": pymc_marketing,
}


def judge_tools(period: Period) -> Iterator[tuple[str, dict[str, Estimate], str, float]]:
    """Every tool that ends: its name, its figures, the share within its interval, and its seconds."""
    for name, tool in TOOLS.items():
        if tool is without_attributes and not period.history.attributes:
            continue
        start = time.perf_counter()
        try:
            predictions = tool(period)
        except Exception as error:  # a peer that fails is a finding, whatever it raises
            print(f"{name} fails: {type(error).__name__}: {str(error).strip()[:80]}", file=sys.stderr)
            continue
        seconds, came = time.perf_counter() - start, period.came(predictions.customer)
        yield name, _figures(predictions, came), _within(predictions, came), seconds


def table(period: Period) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    """The table of one period, and Patron's own figures."""
    results = list(judge_tools(period))
    rows = [
        [name, *(str(estimates.get(column, "")) for column in (*ORDERS, MEDIAN, *SPEND)), within, f"{seconds:.1f}"]
        for name, estimates, within, seconds in results
    ]
    (ours,) = (estimates for name, estimates, _, _ in results if name == "**Patron**")
    return pd.DataFrame(rows, columns=COLUMNS), ours


def _figures(predictions: pd.DataFrame, came: pd.DataFrame) -> dict[str, Estimate]:
    customers, orders = predictions.customer.to_numpy(), came.expected_orders.to_numpy()
    estimates = bootstrap(ORDERS, customers, orders, predictions.expected_orders.to_numpy(dtype=np.float64))
    if "median_orders" in predictions:
        median = predictions.median_orders.to_numpy()
        estimates |= bootstrap({MEDIAN: mean_absolute_error}, customers, orders, median)
    if "expected_spend" not in came or "expected_spend" not in predictions:
        return estimates
    spend = predictions.expected_spend.to_numpy(dtype=np.float64)
    return estimates | bootstrap(SPEND, customers, came.expected_spend.to_numpy(), spend)


def _within(predictions: pd.DataFrame, came: pd.DataFrame) -> str:
    if "value_low" not in predictions or "expected_spend" not in came:
        return ""
    inside = (predictions.value_low - 1e-9 <= came.expected_spend) & (
        came.expected_spend <= predictions.value_high + 1e-9
    )
    return f"{inside.mean():.3f}"
