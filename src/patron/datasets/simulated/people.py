"""People of the simulated world: what is known of them, what nobody knows of them, and how they are tied together."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv, ndtri

from patron.datasets.simulated.draws import normal, uniform
from patron.datasets.simulated.setting import Setting

__all__ = ["ACQUISITION", "CHANNELS", "REGIONS", "People", "arrived", "people", "unwelcome"]

YEARS = 156  # weeks of the three years within which as many customers come as were asked for
ACQUISITION = {  # share; and times the rate of purchases, the hazard to leave, the amount of an order
    "search": (0.35, 1.0, 1.0, 1.0),
    "social": (0.25, 1.1, 1.6, 0.75),
    "referral": (0.20, 1.1, 0.6, 1.1),
    "store": (0.20, 0.8, 0.8, 1.3),
}
REGIONS = {"north": (0.35, 3.5), "south": (0.30, 3.5), "east": (0.20, 4.5), "islands": (0.15, 9.0)}  # share; shipping
CHANNELS = {"e-mail": 0.45, "phone": 0.20, "letter": 0.15, "app": 0.20}  # share who prefer it
AGE, AGES, CONSENT, STATED, HOUSEHOLD = (45.0, 15.0), (18.0, 90.0), 0.7, 0.3, 0.12
RATE, RATE_SHAPE = 0.13, 1.3  # orders a week, and how alike customers are
HAZARD, HAZARD_SHAPE = 0.022, 1.2  # to leave in a week, and how alike customers are
AGEING, DEARER = 0.2, 0.35  # log-hazard less for each 15 years of age, and for each standard deviation of spend
SPEND, SPREAD_OF_SPEND, MARGIN, MARGINS = 60.0, 0.55, 0.45, 0.06  # of an order; share of its full price
DISCOUNTS = (-1.0, 1.2)  # log-odds that an order is at a discount: for the average customer, and by trait
RETURNS, RETURNERS, RETURNERS_SHARE = 0.06, 0.45, 0.07  # share of orders sent back, and that of those who do it often
TROUBLE, TROUBLE_SHAPE, TALK = 0.02, 0.6, 0.012  # tickets, and other contacts begun by the customer, in a week
MAILINGS = (0.0, 0.125, 0.25, 0.5, 1.0)  # newsletters a week, by group
LETTERS = 1 / 26  # a week to those who want no e-mail
RESPONSE, FOND = 0.2, 0.3  # most that contacts add to the log-rate; more where the channel is the preferred one


@dataclass(frozen=True)
class People:
    """Customers in the order of their coming: an array with an entry for each, traits by name.

    Args:
        seed: of the world.
        came: week in which each came.
        acquisition: channel by which each was won.
        region: where each lives.
        age: in years.
        consent: to e-mails.
        prefers: channel that each likes best.
        stated: whether they have said so.
        traits: standard scores and preferences that effects of offers depend on.
        rate: orders a week at the mean of the season.
        hazard: to leave in a week.
        spend: full price of an order on average.
        margin: share of the full price that is above the cost of goods.
        discounted: chance that an order is at a discount.
        returning: chance that an order is sent back.
        shipping: cost of sending one order.
        trouble: chance of a request for service in a week.
        talk: chance of another contact begun by the customer in a week.
        mailings: chance of a mailing in a week.
        mailed_by: channel by which mailings come.
        response: most that mailings and offers as contacts add to the log-rate.
        tied: pairs of numbers, the earlier customer first, shape (pairs, 2).
        referred: of each pair, whether the first brought the second; else they live together.
        growth: share by which orders of a customer become larger in a year.
        slight: share of the hazard that a mailing adds in the weeks after a customer suggested something.
    """

    seed: int
    came: np.ndarray
    acquisition: np.ndarray
    region: np.ndarray
    age: np.ndarray
    consent: np.ndarray
    prefers: np.ndarray
    stated: np.ndarray
    traits: dict[str, np.ndarray]
    rate: np.ndarray
    hazard: np.ndarray
    spend: np.ndarray
    margin: np.ndarray
    discounted: np.ndarray
    returning: np.ndarray
    shipping: np.ndarray
    trouble: np.ndarray
    talk: np.ndarray
    mailings: np.ndarray
    mailed_by: np.ndarray
    response: np.ndarray
    tied: np.ndarray
    referred: np.ndarray
    growth: float
    slight: float

    def __len__(self) -> int:
        return len(self.came)


def arrived(customers: int, weeks: int) -> int:
    """Return how many have come before a week; as many as wanted have by the end of the third year.

    >>> arrived(1560, 1), arrived(1560, 156), arrived(1560, 166)
    (10, 1560, 1660)
    """
    return -(-customers * weeks // YEARS)


def unwelcome(people: People, channel: str | np.ndarray) -> np.ndarray:
    """Return who has named another channel than that of a contact."""
    return people.stated & (people.prefers != channel)


def people(setting: Setting, weeks: int) -> People:
    """Draw everybody who comes before a week; who came earlier is the same for any number of weeks."""
    customers, seed = setting.customers, setting.seed
    n = np.arange(arrived(customers, weeks))
    acquisition = _drawn(seed, "acquisition", n, {name: row[0] for name, row in ACQUISITION.items()})
    region = _drawn(seed, "region", n, {name: row[0] for name, row in REGIONS.items()})
    prefers = _drawn(seed, "preference", n, CHANNELS)
    _, rates, hazards, spends = (np.array([ACQUISITION[name][k] for name in acquisition]) for k in range(4))
    age = np.clip(np.round(AGE[0] + AGE[1] * normal(seed, "age", n)), *AGES)
    older = (age - AGE[0]) / AGE[1]
    rank, spend = uniform(seed, "rate", n), normal(seed, "spend", n)
    consent = uniform(seed, "consent", n) < CONSENT
    mailed_by = np.where(consent, "e-mail", "letter")
    deals = normal(seed, "deals", n)
    traits = {"all": np.ones(len(n)), "age": older, "deals": deals, "pace": ndtri(rank), "spend": spend}
    traits |= {channel: np.where(prefers == channel, 1.0, -0.5) for channel in CHANNELS}
    often = uniform(seed, "returner", n) < RETURNERS_SHARE
    tied, referred = _ties(seed, n, acquisition == "referral")
    return People(
        seed,
        came=n * YEARS // customers,
        acquisition=acquisition,
        region=region,
        age=age,
        consent=consent,
        prefers=prefers,
        stated=uniform(seed, "stated", n) < STATED,
        traits=traits,
        rate=RATE * rates * gammaincinv(RATE_SHAPE, rank) / RATE_SHAPE,
        hazard=HAZARD * hazards * np.exp(-AGEING * older - DEARER * spend) * _gamma(seed, "hazard", n, HAZARD_SHAPE),
        spend=SPEND * spends * np.exp(SPREAD_OF_SPEND * spend - SPREAD_OF_SPEND**2 / 2),
        margin=MARGIN + MARGINS * normal(seed, "margin", n),
        discounted=1.0 / (1.0 + np.exp(-DISCOUNTS[0] - DISCOUNTS[1] * deals)),
        returning=np.where(often, RETURNERS, RETURNS),
        shipping=np.array([REGIONS[name][1] for name in region]),
        trouble=-np.expm1(-TROUBLE * _gamma(seed, "trouble", n, TROUBLE_SHAPE)),
        talk=-np.expm1(-TALK * _gamma(seed, "talk", n, TROUBLE_SHAPE)),
        mailings=np.where(consent, _mailings(seed, n, rank, setting.mailing), LETTERS),
        mailed_by=mailed_by,
        response=RESPONSE + FOND * (prefers == mailed_by),
        tied=tied,
        referred=referred,
        growth=setting.growth,
        slight=setting.slight,
    )


def _drawn(seed: int, use: str, customers: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    """Draw a name for each customer with the shares given."""
    edges = np.cumsum(list(shares.values()))[:-1]
    return np.array(list(shares))[np.searchsorted(edges, uniform(seed, use, customers), side="right")]


def _gamma(seed: int, use: str, customers: np.ndarray, shape: float) -> np.ndarray:
    """Draw a number with mean 1 for each customer; the smaller the shape, the less alike."""
    return gammaincinv(shape, uniform(seed, use, customers)) / shape


def _mailings(seed: int, customers: np.ndarray, rank: np.ndarray, mailing: str) -> np.ndarray:
    """Draw how often newsletters come: by chance alone, or for half by the rank among buyers."""
    by = uniform(seed, "mailings", customers)
    if mailing == "favoured":
        by = np.where(uniform(seed, "favoured", customers) < 0.5, rank, by)
    return np.array(MAILINGS)[np.minimum((by * len(MAILINGS)).astype(int), len(MAILINGS) - 1)]


def _ties(seed: int, customers: np.ndarray, referred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw who brought whom, rather among those who came lately, and who lives with whom."""
    recent = np.sqrt(uniform(seed, "referrer", customers))
    pairs = [np.column_stack([(recent * customers).astype(int), customers])[referred & (customers > 0)]]
    lives = (uniform(seed, "household", customers) < HOUSEHOLD) & (customers > 0)
    partner = (uniform(seed, "partner", customers) * customers).astype(int)
    pairs.append(np.column_stack([partner, customers])[lives])
    tied = np.concatenate(pairs)
    return tied, np.repeat([True, False], [len(pair) for pair in pairs])
