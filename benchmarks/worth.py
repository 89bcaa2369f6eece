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
from patron.metrics import (
    Estimate,
    auc,
    bias,
    bootstrap,
    decile_error,
    log_loss,
    mean_absolute_error,
    normalized_gini,
    paired_difference,
    root_mean_squared_error,
)
from patron.models.clv.gamma_gamma import fit_spend
from patron.models.clv.lifetime import lifetime_value
from patron.models.clv.pareto_nbd import fit_pareto_nbd
from patron.models.clv.transactions import Transactions
from patron.models.extrapolation import train_beyond
from patron.models.serving import repeats
from patron.questions.kinds import churn
from patron.questions.matrices import matrix
from patron.scoring.model import score

ORDERS = {
    "MAE": mean_absolute_error,
    "RMSE": root_mean_squared_error,
    "bias": bias,
    "decile error": decile_error,
    "Gini": normalized_gini,
}
SPEND = {"Gini of spend": normalized_gini, "bias of spend": bias, "decile error of spend": decile_error}
ANY = {"AUC of any": auc, "log loss of any": log_loss}
JUDGED = {"expected_orders": ORDERS, "expected_spend": SPEND, "purchase_probability": ANY}
MEDIAN = "MAE of the median"
COLUMNS = ["tool", *ORDERS, MEDIAN, *SPEND, *ANY, "within its 80 % interval", "s"]


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


def with_answers(period: Period) -> pd.DataFrame:
    """The same, led by what the champion for churn over the same days answers, which is trained for it."""
    trained = train_beyond(churn(period.days), period.history, period.at)
    answers = score(trained.model, matrix(trained.question, period.history, [period.at]))
    return lifetime_value(period.history, period.at, period.days, discount=0.0, answers=answers)


def without_attributes(period: Period) -> pd.DataFrame:
    """The same, not told what the data set knows of its customers."""
    return lifetime_value(replace(period.history, attributes={}), period.at, period.days, discount=0.0)


def plain(period: Period) -> pd.DataFrame:
    """Our own Pareto/NBD and Gamma-Gamma on all customers, with nothing known beforehand and nothing corrected."""
    seen = matrix(churn(period.days), period.history, [period.at])
    x, last, age = repeats(np.round(seen.X[["recency", "tenure", "orders"]].to_numpy(dtype=np.float64)))
    model, transactions = fit_pareto_nbd(x, last, age), Transactions(x, last, age)
    moments = model.moments(transactions, float(period.days), 0.0)
    expected = pd.DataFrame({"customer": seen.key.customer, "expected_orders": moments.sum})
    expected["purchase_probability"] = moments.p_any
    if "spend" not in seen.X:
        return expected
    n, total = x + 1.0, seen.X.spend.to_numpy(dtype=np.float64)
    squares = total**2 / n + x * np.nan_to_num(seen.X.order_spread.to_numpy(dtype=np.float64)) ** 2
    return expected.assign(expected_spend=moments.sum * fit_spend(n, total, squares).order_value(n, total))


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


OURS = {"**Patron**": patron, "**Patron**, with answers": with_answers}
TOOLS: Mapping[str, Callable[[Period], pd.DataFrame]] = {
    **OURS,
    "Patron, no attributes": without_attributes,
    "plain Pareto/NBD": plain,
    "past rate": past_rate,
    "lifetimes Pareto/NBD": lifetimes,
    "pymc-marketing BG/NBD": pymc_marketing,
}


def judge_tools(period: Period) -> Iterator[tuple[str, pd.DataFrame, float]]:
    """Every tool that ends: its name, its predictions, and its seconds."""
    for name, tool in TOOLS.items():
        if tool is without_attributes and not period.history.attributes:
            continue
        start = time.perf_counter()
        try:
            predictions = tool(period)
        except Exception as error:  # a peer that fails is a finding, whatever it raises
            print(f"{name} fails: {type(error).__name__}: {str(error).strip()[:80]}", file=sys.stderr)
            continue
        yield name, predictions, time.perf_counter() - start


def tables(period: Period) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Estimate]]:
    """The table of one period, what Patron differs from the plain process by, and Patron's own figures."""
    answers, rows, figures = {}, [], {}
    for name, predictions, seconds in judge_tools(period):
        came = period.came(predictions.customer)
        answers[name], figures[name] = predictions, _figures(predictions, came)
        told = [str(figures[name].get(column, "")) for column in COLUMNS[1:-2]]
        rows.append([name, *told, _within(predictions, came), f"{seconds:.1f}"])
    gained = [_gained(answers[name], answers["plain Pareto/NBD"], period).rename(name) for name in OURS]
    beside = pd.concat(gained, axis=1).rename_axis("less the plain Pareto/NBD").reset_index()
    return pd.DataFrame(rows, columns=COLUMNS), beside, figures["**Patron**"]


def _gained(ours: pd.DataFrame, plain: pd.DataFrame, period: Period) -> pd.Series:
    """Differences in each figure on the same draws of customers, below zero where Patron's is lower."""
    beside, came, gained = plain.set_index("customer").loc[ours.customer].reset_index(), period.came(ours.customer), {}
    customers = ours.customer.to_numpy()
    for column, metrics in JUDGED.items():
        label = _label(column, came)
        if column in beside and label is not None:
            scores = [part[column].to_numpy(dtype=np.float64) for part in (ours, beside)]
            gained |= {name: str(paired_difference(m, customers, label, *scores)) for name, m in metrics.items()}
    return pd.Series(gained)


def _figures(predictions: pd.DataFrame, came: pd.DataFrame) -> dict[str, Estimate]:
    customers, estimates = predictions.customer.to_numpy(), {}
    for column, metrics in {**JUDGED, "median_orders": {MEDIAN: mean_absolute_error}}.items():
        label = _label(column, came)
        if column in predictions and label is not None:
            estimates |= bootstrap(metrics, customers, label, predictions[column].to_numpy(dtype=np.float64))
    return estimates


def _label(column: str, came: pd.DataFrame) -> np.ndarray | None:
    """What is to be foretold in a column, None where it is not known."""
    if column == "purchase_probability":
        return (came.expected_orders > 0).to_numpy(dtype=np.float64)
    column = "expected_orders" if column == "median_orders" else column
    return came[column].to_numpy(dtype=np.float64) if column in came else None


def _within(predictions: pd.DataFrame, came: pd.DataFrame) -> str:
    if "value_low" not in predictions or "expected_spend" not in came:
        return ""
    inside = (predictions.value_low - 1e-9 <= came.expected_spend) & (
        came.expected_spend <= predictions.value_high + 1e-9
    )
    return f"{inside.mean():.3f}"
