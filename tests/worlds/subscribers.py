"""A simulated subscription business whose hazards are known: who leaves at which renewal, and with what chance."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from patron.history.history import History
from patron.history.sources import events
from patron.history.subscriptions import subscriptions

BEGIN = datetime(2020, 1, 1)
DAYS = 1460
MONTH, YEAR = 30, 365
FAILED = {MONTH: 0.004, YEAR: 0.03}
RISE = 1.2  # what a price that rose adds to the log-odds of the next two renewals


@dataclass(frozen=True)
class Subscribers:
    """Contracts as a business keeps them, its log of use, and what decides who leaves.

    Args:
        contracts: customer, start, end, plan, price, term and cause; a row for each price that a customer paid.
        logins: customer and at.
        begin: day on which each customer came, shape (n,).
        term: days between renewals, shape (n,).
        leaving: chance to leave at each renewal, shape (n, renewals).
        left: the renewal at which each customer left, from 0; as many as there are where none was.
    """

    contracts: pd.DataFrame
    logins: pd.DataFrame
    begin: np.ndarray
    term: np.ndarray
    leaving: np.ndarray
    left: np.ndarray

    @property
    def history(self) -> History:
        roles = {role: role for role in ("customer", "start", "end", "plan", "price", "term", "cause")}
        contracts = subscriptions(self.contracts, term_in="days", until=BEGIN + timedelta(days=DAYS), **roles)
        return History.of(contracts=contracts, logins=events(self.logins, customer="customer", at="at"))

    def chance(self, customers: pd.Series, cutoff: datetime, horizon: int) -> np.ndarray:
        """The true chance that each customer, under contract at the cutoff, leaves within the horizon."""
        n = customers.str.removeprefix("c").astype(int).to_numpy()
        day = (cutoff - BEGIN).days - self.begin[n, None]
        renewal = self.term[n, None] * np.arange(1, self.leaving.shape[1] + 1)
        ahead = (renewal >= day) & (renewal < day + horizon)
        return 1.0 - np.where(ahead, 1.0 - self.leaving[n], 1.0).prod(axis=1)


def subscribers(customers: int = 1500, seed: int = 0) -> Subscribers:
    """Draw a business of four years."""
    rng = np.random.default_rng(seed)
    begin = np.sort(rng.integers(0, DAYS - MONTH, customers))
    term = np.where(rng.random(customers) < 0.75, MONTH, YEAR)
    use = np.exp(rng.normal(0.0, 0.6, customers))
    plan = np.where(rng.random(customers) < 0.4, "plus", "basic")
    rises = (rng.random((customers, DAYS // MONTH)) < 0.04) & (term == MONTH)[:, None]
    cancelling = _cancelling(term, use, plan, rises)
    failing = np.broadcast_to(np.vectorize(FAILED.get)(term)[:, None], cancelling.shape)
    cancels, fails = rng.random(cancelling.shape) < cancelling, rng.random(cancelling.shape) < failing
    leaves = cancels | fails
    left = np.where(leaves.any(axis=1), leaves.argmax(axis=1), leaves.shape[1])
    cause = np.where(
        cancels[np.arange(customers), np.minimum(left, leaves.shape[1] - 1)], "cancelled", "payment failed"
    )
    rows = [row for i in range(customers) for row in _rows(i, begin[i], term[i], plan[i], rises[i], left[i], cause[i])]
    contracts = pd.DataFrame(rows, columns=["customer", "start", "end", "plan", "price", "term", "cause"])
    for time in ("start", "end"):
        contracts[time] = pd.Timestamp(BEGIN) + pd.to_timedelta(contracts[time], unit="D")
    until = np.minimum(begin + term * (left + 1), DAYS)
    leaving = 1.0 - (1.0 - cancelling) * (1.0 - failing)
    return Subscribers(contracts, _logins(rng, begin, until, use), begin, term, leaving, left)


def _cancelling(term: np.ndarray, use: np.ndarray, plan: np.ndarray, rises: np.ndarray) -> np.ndarray:
    """The chance to cancel at each renewal: less with age, use and the larger plan, more after the price rose."""
    number = np.arange(1, rises.shape[1] + 1)
    recent = rises.astype(float)
    recent[:, 1:] += rises[:, :-1]
    odds = np.where(term == MONTH, -1.9, -0.3)[:, None] - 0.45 * np.log(number) - 0.9 * np.log(use)[:, None]
    odds = odds - 0.5 * (plan == "plus")[:, None] + RISE * np.minimum(recent, 1.0)
    return 1.0 / (1.0 + np.exp(-odds))


def _rows(i: int, begin: int, term: int, plan: str, rises: np.ndarray, left: int, cause: str) -> list[tuple]:
    """The contracts of a customer: one for each price; a price rises at a renewal, and tells at the next two."""
    end = begin + term * (left + 1)
    days = [begin, *(begin + term * k for k in np.flatnonzero(rises[:left]) if k > 0)]
    days = [day for day in days if day < min(end, DAYS)]
    ends = [*days[1:], end if end < DAYS else None]
    price = {"basic": 10.0, "plus": 25.0}[plan] * (12 if term == YEAR else 1)
    causes = [*[None] * (len(days) - 1), cause if end < DAYS else None]
    return [
        (f"c{i}", day, last, plan, round(price * 1.1**k, 2), term, why)
        for k, (day, last, why) in enumerate(zip(days, ends, causes, strict=True))
    ]


def _logins(rng: np.random.Generator, begin: np.ndarray, until: np.ndarray, use: np.ndarray) -> pd.DataFrame:
    counts = rng.poisson(use * (until - begin) / 5.0)
    who = np.repeat(np.arange(len(begin)), counts)
    days = begin[who] + rng.random(len(who)) * (until - begin)[who]
    at = pd.Timestamp(BEGIN) + pd.to_timedelta(np.floor(days * 24) / 24, unit="D").round("s")
    return pd.DataFrame({"customer": [f"c{i}" for i in who], "at": at})
