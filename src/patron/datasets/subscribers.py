"""A simulated subscription business whose hazards are known: who leaves at which renewal, why, and with what chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from patron.history.history import History
from patron.history.sources import events
from patron.history.subscriptions import subscriptions as declared

__all__ = ["BEGIN", "UNTIL", "Subscribers", "subscribers"]

BEGIN = datetime(2020, 1, 1)
DAYS = 1460
UNTIL = BEGIN + timedelta(days=DAYS)
MONTH, YEAR = 30, 365
DAYS_OF_MONTH = 30.4375
ROLES = ("customer", "start", "end", "plan", "price", "term", "cause")
FAILED = {MONTH: 0.004, YEAR: 0.03}
RISES = 0.04  # of monthly contracts whose price rises at a renewal
RISE = 1.2  # what a price that rose adds to the log-odds of the next two renewals
FADE, FADED = 1.2, 0.3  # what use that faded adds to the log-odds, and what is left of it


@dataclass(frozen=True)
class Subscribers:
    """Contracts as a business keeps them, its log of use, and what decides who leaves.

    Args:
        contracts: customer, start, end, plan, price, term and cause; a row for each price that a customer paid.
        logins: customer and at.
        begin: day on which each customer came, shape (n,).
        term: days between renewals, shape (n,).
        fading: day from which each customer's use is faded, shape (n,).
        fading_rate: chance that use fades in a month.
        steady: log-odds to cancel at each renewal without a rise of the price and with use as ever, (n, renewals).
        rises: whether the price rose at the beginning of the term that a renewal ends, shape (n, renewals).
        left: the renewal at which each customer left, from 0; as many as there are where none was.
    """

    contracts: pd.DataFrame
    logins: pd.DataFrame
    begin: np.ndarray
    term: np.ndarray
    fading: np.ndarray
    fading_rate: float
    steady: np.ndarray
    rises: np.ndarray
    left: np.ndarray

    @property
    def history(self) -> History:
        """The tables, declared."""
        contracts = declared(
            self.contracts,
            term_in="days",
            until=UNTIL,
            customer="customer",
            start="start",
            end="end",
            plan="plan",
            price="price",
            term="term",
            cause="cause",
        )
        return History.of(contracts=contracts, logins=events(self.logins, customer="customer", at="at"))

    def chance(self, customers: pd.Series, cutoff: datetime, horizon: int) -> np.ndarray:
        """Return the true chance that each customer, under contract at the cutoff, leaves within the horizon.

        It knows the prices and the use that are to come, which nobody does: `foreseeable` is what can be known.
        """
        n = _numbers(customers)
        day = (cutoff - BEGIN).days - self.begin[n, None]
        renewal = self.term[n, None] * np.arange(1, self.steady.shape[1] + 1)
        ahead = (renewal >= day) & (renewal < day + horizon)
        faded = self.begin[n, None] + renewal >= self.fading[n, None]
        leaving = _leaving(_cancelling(self.steady[n], self.rises[n], faded), self.term[n, None])
        return 1.0 - np.where(ahead, 1.0 - leaving, 1.0).prod(axis=1)

    def foreseeable(self, customers: pd.Series, cutoff: datetime, horizon: int) -> np.ndarray:
        """Return the chance of `chance` as far as the cutoff tells: over all prices and use that may still come.

        No model can be nearer to what happens. It is exact: what may come are four states of the price in two terms,
        and use that is faded or not.
        """
        n = _numbers(customers)
        day, term = (cutoff - BEGIN).days - self.begin[n], self.term[n]
        first = np.ceil(day / term).astype(int) - 1
        rows = np.arange(len(n))
        staying = np.zeros((len(n), 2, 2, 2))  # by rise of the term before, of this one, and faded use
        before = np.where(first > 0, self.rises[n, np.maximum(first - 1, 0)], False)
        faded = (cutoff - BEGIN).days >= self.fading[n]
        staying[rows, before.astype(int), self.rises[n, first].astype(int), faded.astype(int)] = 1.0
        days = term * (first + 1) - day
        for step in range(horizon // MONTH + 1):
            staying = self._faded(staying, days)
            renewal = term * (first + 1 + step)
            within = (renewal < day + horizon) & (first + step < self.steady.shape[1])
            odds = self.steady[n, np.minimum(first + step, self.steady.shape[1] - 1)]
            staying = np.where(within[:, None, None, None], staying * (1.0 - _by_state(odds, term)), staying)
            staying, days = _renewed(staying, np.where(term == MONTH, RISES, 0.0)), term
        return 1.0 - staying.sum(axis=(1, 2, 3))

    def monthly_price(self, customers: pd.Series, cutoff: datetime) -> np.ndarray:
        """Return what each customer, under contract at the cutoff, pays for a month of it."""
        started = self.contracts[self.contracts.start < pd.Timestamp(cutoff)]
        last = started.groupby("customer").last()
        return (last.price / last.term)[customers].to_numpy() * DAYS_OF_MONTH

    def groups(self, customers: pd.Series, cutoff: datetime) -> dict[str, np.ndarray]:
        """Return which customers the truth takes for likelier or less likely to leave, by what tells it at a cutoff."""
        n, today = _numbers(customers), (cutoff - BEGIN).days
        first = np.ceil((today - self.begin[n]) / self.term[n]).astype(int) - 1
        rose = self.rises[n, first] | ((first > 0) & self.rises[n, np.maximum(first - 1, 0)])
        return {
            "monthly terms, the first three": (self.term[n] == MONTH) & (first < 3),
            "monthly terms, later ones": (self.term[n] == MONTH) & (first >= 3),
            "yearly terms": self.term[n] == YEAR,
            "a price that rose lately": rose,
            "use that has faded": today >= self.fading[n],
        }

    def _faded(self, staying: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Return the states some days later, as use may have faded."""
        fades = 1.0 - (1.0 - self.fading_rate) ** (days / MONTH)
        moved = staying[..., 0] * fades[:, None, None]
        return np.stack([staying[..., 0] - moved, staying[..., 1] + moved], axis=-1)


def subscribers(customers: int = 1500, seed: int = 0, fading_rate: float = 0.0) -> Subscribers:
    """Draw a business of four years.

    Args:
        customers: how many came in all.
        seed: what chance starts from.
        fading_rate: chance that the use of a customer fades in a month, and the customer is likelier to cancel from
            then on.

    >>> subscribers(20, seed=1).contracts.cause.dropna().unique().tolist()
    ['cancelled', 'payment failed']
    """
    rng = np.random.default_rng(seed)
    begin = np.sort(rng.integers(0, DAYS - MONTH, customers))
    term = np.where(rng.random(customers) < 0.75, MONTH, YEAR)
    use = np.exp(rng.normal(0.0, 0.6, customers))
    plan = np.where(rng.random(customers) < 0.4, "plus", "basic")
    rises = (rng.random((customers, DAYS // MONTH)) < RISES) & (term == MONTH)[:, None]
    fading = _fading(np.random.default_rng([seed, 1]), begin, fading_rate)
    steady = _steady(term, use, plan, rises.shape[1])
    renewal = begin[:, None] + term[:, None] * np.arange(1, rises.shape[1] + 1)
    cancelling = _cancelling(steady, rises, renewal >= fading[:, None])
    failing = np.broadcast_to(_failing(term)[:, None], cancelling.shape)
    cancels, fails = rng.random(cancelling.shape) < cancelling, rng.random(cancelling.shape) < failing
    leaves = cancels | fails
    left = np.where(leaves.any(axis=1), leaves.argmax(axis=1), leaves.shape[1])
    cancelled = cancels[np.arange(customers), np.minimum(left, leaves.shape[1] - 1)]
    cause = np.where(cancelled, "cancelled", "payment failed")
    rows = [row for i in range(customers) for row in _rows(i, begin[i], term[i], plan[i], rises[i], left[i], cause[i])]
    until = np.minimum(begin + term * (left + 1), DAYS)
    logins = _logins(rng, np.random.default_rng([seed, 2]), begin, until, use, fading)
    return Subscribers(_contracts(rows), logins, begin, term, fading, fading_rate, steady, rises, left)


def _numbers(customers: pd.Series) -> np.ndarray:
    return customers.str.removeprefix("c").astype(int).to_numpy()


def _fading(rng: np.random.Generator, begin: np.ndarray, rate: float) -> np.ndarray:
    """Draw the day from which use is faded, after the last day where it never is."""
    if not rate:
        return np.full(len(begin), np.inf)
    return begin + MONTH * rng.exponential(-1.0 / np.log1p(-rate), len(begin))


def _steady(term: np.ndarray, use: np.ndarray, plan: np.ndarray, renewals: int) -> np.ndarray:
    """Return the log-odds to cancel at each renewal: less with age, use and the larger plan."""
    number = np.arange(1, renewals + 1)
    odds = np.where(term == MONTH, -1.9, -0.3)[:, None] - 0.45 * np.log(number) - 0.9 * np.log(use)[:, None]
    return odds - 0.5 * (plan == "plus")[:, None]


def _cancelling(steady: np.ndarray, rises: np.ndarray, faded: np.ndarray) -> np.ndarray:
    """Return the chance to cancel at each renewal: more after the price rose, and where use has faded."""
    recent = rises.astype(float)
    recent[:, 1:] += rises[:, :-1]
    odds = steady + RISE * np.minimum(recent, 1.0) + FADE * faded
    return 1.0 / (1.0 + np.exp(-odds))


def _failing(term: np.ndarray) -> np.ndarray:
    return np.where(term == MONTH, FAILED[MONTH], FAILED[YEAR])


def _leaving(cancelling: np.ndarray, term: np.ndarray) -> np.ndarray:
    """Return the chance to cancel or not to pay."""
    return 1.0 - (1.0 - cancelling) * (1.0 - _failing(term))


def _by_state(odds: np.ndarray, term: np.ndarray) -> np.ndarray:
    """Return the chance to leave at a renewal in each state, shape (n, 2, 2, 2)."""
    rose = RISE * np.array([[0.0, 1.0], [1.0, 1.0]])
    pushed = odds[:, None, None, None] + rose[None, :, :, None] + FADE * np.arange(2.0)
    return _leaving(1.0 / (1.0 + np.exp(-pushed)), term[:, None, None, None])


def _renewed(staying: np.ndarray, rising: np.ndarray) -> np.ndarray:
    """Return the states of the next term, of which the price may rise."""
    before = staying.sum(axis=1)
    chance = np.stack([1.0 - rising, rising], axis=1)
    return before[:, :, None, :] * chance[:, None, :, None]


def _rows(i: int, begin: int, term: int, plan: str, rises: np.ndarray, left: int, cause: str) -> Iterator[tuple]:
    """Return the contracts of a customer: one for each price; a price rises at a renewal, and tells at the next two."""
    end = begin + term * (left + 1)
    rising = [begin, *(begin + term * int(k) for k in np.flatnonzero(rises[:left]) if k > 0)]
    days = [day for day in rising if day < min(end, DAYS)]
    ends: list[int | None] = [*days[1:], end if end < DAYS else None]
    price = {"basic": 10.0, "plus": 25.0}[plan] * (12 if term == YEAR else 1)
    causes: list[str | None] = [*[None] * (len(days) - 1), cause if end < DAYS else None]
    for k, (day, last, why) in enumerate(zip(days, ends, causes, strict=True)):
        yield f"c{i}", day, last, plan, round(price * 1.1**k, 2), term, why


def _contracts(rows: list[tuple]) -> pd.DataFrame:
    contracts = pd.DataFrame(rows, columns=list(ROLES))
    for time in ("start", "end"):
        contracts[time] = pd.Timestamp(BEGIN) + pd.to_timedelta(contracts[time], unit="D")
    return contracts


def _logins(
    rng: np.random.Generator,
    fades: np.random.Generator,
    begin: np.ndarray,
    until: np.ndarray,
    use: np.ndarray,
    fading: np.ndarray,
) -> pd.DataFrame:
    """Draw the log of use, thinned where it has faded."""
    counts = rng.poisson(use * (until - begin) / 5.0)
    who = np.repeat(np.arange(len(begin)), counts)
    days = begin[who] + rng.random(len(who)) * (until - begin)[who]
    kept = (days < fading[who]) | (fades.random(len(who)) < FADED)
    who, days = who[kept], days[kept]
    at = pd.Timestamp(BEGIN) + pd.to_timedelta(np.floor(days * 24) / 24, unit="D").round("s")
    return pd.DataFrame({"customer": [f"c{i}" for i in who], "at": at})
