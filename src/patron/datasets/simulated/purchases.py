"""Rows of the simulated world: what is written down of an order, a return, a request, a mailing."""

import numpy as np

from patron.datasets.simulated.draws import normal, uniform
from patron.datasets.simulated.people import People

__all__ = [
    "CATEGORIES",
    "COST_OF_REQUEST",
    "COST_OF_TALK",
    "HANDLING",
    "INBOUND",
    "Rows",
    "contacts_begun",
    "mailed",
    "mailing_cost",
    "mailings",
    "order_margin",
    "purchases",
    "requests",
    "return_margin",
    "returned_within",
]

Rows = dict[str, np.ndarray]
CATEGORIES = ("books", "clothes", "garden", "kitchen", "tools", "toys")
FAVOURITE = 0.6  # share of orders that are of the customer's favourite category
NOISE, DISCOUNT = 0.45, 0.15  # of the log of an amount; off the full price
WEEKS_OF_YEAR = 52.0
BACK, LONGER = 7.0, 14.0  # days until an order comes back at the earliest, and how much later at most
WITHIN = (0.0, 0.25, 0.75, 1.0)  # share of what comes back that is back when so many whole weeks have passed since
HANDLING = 4.0  # cost of a return, in currency as all costs
COST_OF_REQUEST = (7.0, 13.0)  # a question, a complaint
INBOUND, COST_OF_TALK = ("suggestion", "question", "praise"), 1.5
MAILING_COST = {"e-mail": 0.03, "letter": 0.9}


def purchases(people: People, customers: np.ndarray, week: int) -> Rows:
    """Return the orders of a week, with what comes back of them and when."""
    seed = people.seed
    draw = {
        use: uniform(seed, use, customers, week) for use in ("at", "discount", "return", "back", "category", "kind")
    }
    noise = normal(seed, "amount", customers, week)
    price = (people.spend * _grown(people, week))[customers] * np.exp(NOISE * noise - NOISE**2 / 2)
    off = np.where(draw["discount"] < people.discounted[customers], DISCOUNT * price, 0.0)
    favourite = (uniform(seed, "favourite", customers) * len(CATEGORIES)).astype(int)
    other = (draw["kind"] * len(CATEGORIES)).astype(int)
    day = 7.0 * (week + draw["at"])
    return {
        "customer": customers,
        "day": day,
        "week": np.full(len(customers), week),
        "amount": np.round(price - off, 2),
        "discount": np.round(off, 2),
        "cost": np.round(price * (1.0 - people.margin[customers]), 2),
        "shipping": people.shipping[customers],
        "category": np.where(draw["category"] < FAVOURITE, favourite, other),
        "back": np.where(draw["return"] < people.returning[customers], day + BACK + LONGER * draw["back"], np.inf),
    }


def order_margin(people: People, week: int) -> np.ndarray:
    """Return what an order of each customer brings on average, after goods and shipping."""
    return _goods_margin(people, week) - people.shipping


def return_margin(people: People, week: int) -> np.ndarray:
    """Return what orders of a week that come back take away again on average, spread over all orders."""
    return people.returning * (_goods_margin(people, week) + HANDLING)


def returned_within(weeks: int) -> float:
    """Return the share of what comes back of a week's orders that is back some whole weeks after its end."""
    return WITHIN[min(weeks, len(WITHIN) - 1)]


def requests(people: People, customers: np.ndarray, week: int, complaint: np.ndarray) -> Rows:
    """Return the requests for service of a week."""
    return {
        "customer": customers,
        "day": 7.0 * (week + uniform(people.seed, "at of request", customers, week)),
        "complaint": complaint,
        "cost": np.where(complaint, COST_OF_REQUEST[1], COST_OF_REQUEST[0]),
    }


def contacts_begun(people: People, customers: np.ndarray, week: int) -> Rows:
    """Return the other contacts that customers begin in a week."""
    kind = (uniform(people.seed, "kind of talk", customers, week) * len(INBOUND)).astype(int)
    return {
        "customer": customers,
        "day": 7.0 * (week + uniform(people.seed, "at of talk", customers, week)),
        "inbound": kind,
        "cost": np.full(len(customers), COST_OF_TALK),
    }


def mailed(people: People, week: int) -> np.ndarray:
    """Return whom the business writes to in a week: nobody before the week after they came."""
    drawn = uniform(people.seed, "mailing", np.arange(len(people)), week) < people.mailings
    return drawn & (people.came < week)


def mailing_cost(people: People) -> np.ndarray:
    """Return what a mailing to each customer costs."""
    return np.where(people.consent, MAILING_COST["e-mail"], MAILING_COST["letter"])


def mailings(people: People, customers: np.ndarray, week: int) -> Rows:
    """Return the mailings of a week."""
    return {
        "customer": customers,
        "day": 7.0 * (week + uniform(people.seed, "at of mailing", customers, week)),
        "inbound": np.full(len(customers), -1),
        "cost": mailing_cost(people)[customers],
    }


def _goods_margin(people: People, week: int) -> np.ndarray:
    return people.spend * _grown(people, week) * (people.margin - DISCOUNT * people.discounted)


def _grown(people: People, week: int) -> np.ndarray:
    """Return how many times as large orders are as those of the week in which a customer came."""
    return (1.0 + people.growth) ** ((week - people.came) / WEEKS_OF_YEAR)
