"""Renewals: who renews when, and how much monthly recurring revenue is expected to end in which calendar month."""

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from patron.portfolio.contract_book import ContractBook

__all__ = ["mrr_at_risk", "renewals", "renewals_by_month"]

Z_80 = 1.2816
TERMS = ((31.5, "month"), (93.0, "quarter"), (367.0, "year"))
LONGER = "longer"


def mrr_at_risk(book: ContractBook) -> pd.DataFrame:
    """Return the monthly recurring revenue that is expected to end in each calendar month of the horizon.

    The months are half-open, the first begins at the cutoff and the last ends with the horizon. At the first `begin`
    the revenue is that of all contracts that run, and `at_risk` of all months and the last `remaining` add up to it.

    Args:
        book: the contracts that run at a cutoff; a customer without a known price brings none.

    Returns:
        `begin` and `end`; `mrr`, expected at the beginning; `at_risk`, price times the chance to end in the month, with
        `low` and `high`, the 80 % interval of what will end if customers leave independently with these chances;
        `leavers`, the customers expected to leave; `remaining`, expected at the end.

    >>> book = ContractBook(pd.Series(["a", "b"]), datetime(2024, 1, 1), np.array([0.0, 31.0]),
    ...                     np.array([[0.0, 0.5], [0.0, 0.25]]), np.array([10.0, 20.0]), *np.full((2, 2), np.nan))
    >>> mrr_at_risk(book)[["mrr", "at_risk", "leavers", "remaining"]].values.tolist()
    [[30.0, 10.0, 0.75, 20.0]]
    """
    months = _months(book.cutoff, book.horizon)
    days = [0.0, *((end - book.cutoff) / timedelta(days=1) for _, end in months)]
    ending = np.diff(book.ended_by(days), axis=1)
    price = np.nan_to_num(book.price)[:, None]
    at_risk = (price * ending).sum(axis=0)
    spread = Z_80 * np.sqrt((price**2 * ending * (1.0 - ending)).sum(axis=0))
    remaining = price.sum() - np.cumsum(at_risk)
    return pd.DataFrame(
        {
            "begin": [begin for begin, _ in months],
            "end": [end for _, end in months],
            "mrr": remaining + at_risk,
            "at_risk": at_risk,
            "low": np.maximum(at_risk - spread, 0.0),
            "high": np.minimum(at_risk + spread, price.sum()),
            "leavers": ending.sum(axis=0),
            "remaining": remaining,
        }
    )


def renewals(book: ContractBook) -> pd.DataFrame:
    """Return who renews within the horizon, each customer's next renewal, the earliest first.

    Args:
        book: the contracts that run at a cutoff; a customer whose last contract has no term has no renewal.

    Returns:
        `customer`, `cutoff`; `renewal`, the day on which the term of the last contract is over; `term`, its days;
        `monthly_price` of all contracts that run; `not_renewing`, the chance to have no contract once that day is past;
        `at_risk`, price times that chance.
    """
    soon = (book.renewal < book.horizon) & np.isfinite(book.term)
    chance = book.ended_at_renewal()
    table = pd.DataFrame(
        {
            "customer": book.customer,
            "cutoff": pd.Timestamp(book.cutoff),
            "renewal": (pd.Timestamp(book.cutoff) + pd.to_timedelta(book.renewal, unit="D")).floor("D"),
            "term": book.term,
            "monthly_price": book.price,
            "not_renewing": chance,
            "at_risk": book.price * chance,
        }
    )
    return table[soon].sort_values(["renewal", "customer"], kind="stable").reset_index(drop=True)


def renewals_by_month(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many renew in each calendar month by the length of their term, and what of it is at risk.

    Args:
        table: what `renewals` returns.

    Returns:
        `month` (its first day), `term` (month, quarter or year, the shortest that it fits in, or longer), `renewals`,
        `monthly_price` (the sum), `leavers` (expected not to renew) and `at_risk`, the longest terms of a month first.
    """
    edges = [-np.inf, *(days for days, _ in TERMS), np.inf]
    words = [*(word for _, word in TERMS), LONGER]
    kinds = pd.cut(table.term, edges, labels=words).cat.reorder_categories(words[::-1], ordered=True)
    month = table.renewal.dt.to_period("M").dt.to_timestamp()
    grouped = table.assign(month=month, term=kinds).groupby(["month", "term"], observed=True)
    counts = grouped.agg(
        renewals=("term", "size"),
        monthly_price=("monthly_price", "sum"),
        leavers=("not_renewing", "sum"),
        at_risk=("at_risk", "sum"),
    )
    return counts.reset_index().astype({"term": "str"})


def _months(cutoff: datetime, horizon: float) -> list[tuple[datetime, datetime]]:
    """Return the calendar months from a cutoff to the end of a horizon, half-open, the first and last in part.

    >>> [(f"{begin:%m-%d}", f"{end:%m-%d}") for begin, end in _months(datetime(2024, 1, 20), 40)]
    [('01-20', '02-01'), ('02-01', '02-29')]
    """
    last = cutoff + timedelta(days=horizon)
    starts = pd.date_range(cutoff, last, freq="MS", normalize=True).to_pydatetime()
    edges = [cutoff, *(start for start in starts if cutoff < start < last), last]
    return list(pairwise(edges))
