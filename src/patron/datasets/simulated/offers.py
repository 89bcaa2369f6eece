"""Offers of the simulated world, what they truly do to whom, and the campaigns in which a business has made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from patron.datasets.simulated.draws import normal, uniform
from patron.errors import SettingsError, listed, nearest

__all__ = ["ASSIGNMENTS", "OFFERS", "Campaign", "TrueOffer", "assign", "calendar", "effects"]

ASSIGNMENTS = ("randomised", "logged", "confounded")
TRAITS = ("all", "age", "deals", "pace", "spend", "channel")
FIRST, EVERY, LAST = 98, 8, 146  # weeks of the campaigns that a business has made by itself
SLOPE, BOUNDS = 1.2, (0.05, 0.95)  # how much likelier those at risk are treated, and how far that goes


@dataclass(frozen=True)
class TrueOffer:
    """An offer with its costs and its true effect, which no business knows.

    A treatment takes `keeps` off the log of the hazard to leave and adds `lifts` to the log of the rate of purchases;
    both fade week by week. Either is a sum over traits of the customer: standard scores ("age", "deals": how much is
    bought at a discount, "pace", "spend"), "channel" (1 where they prefer that of the offer, else -0.5), "all" (1).

    Args:
        name: what it is called.
        channel: by which it comes: "e-mail", "phone", "letter" or "app".
        kind: "discount", "service" or "content".
        contact_cost: cost of making it to one customer, in currency.
        incentive_cost: cost when it is accepted, in currency.
        accepted: chance that a customer who has not left accepts it.
        keeps: by trait, what is taken off the log-hazard; below zero it wakes customers to leave.
        lifts: by trait, what is added to the log-rate.
        noise: standard deviation of what no trait tells, of both.

    Raises:
        SettingsError: a cost is negative, the chance is none, or a trait is not known.
    """

    name: str
    channel: str
    kind: str
    contact_cost: float
    incentive_cost: float = 0.0
    accepted: float = 1.0
    keeps: Mapping[str, float] = field(default_factory=dict)
    lifts: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.1

    def stronger(self, times: float) -> "TrueOffer":
        """Return the offer with so many times the effect, to learn it from fewer customers.

        >>> OFFERS[1].keeps["age"], OFFERS[1].stronger(2).keeps["age"]
        (0.9, 1.8)
        """
        weights = [{trait: times * weight for trait, weight in each.items()} for each in (self.keeps, self.lifts)]
        return replace(self, keeps=weights[0], lifts=weights[1], noise=times * self.noise)

    def __post_init__(self) -> None:
        if min(self.contact_cost, self.incentive_cost) < 0 or not 0 <= self.accepted <= 1:
            raise SettingsError(
                f"Offer {self.name!r}: costs are 0 or more and accepted is a chance, got contact_cost="
                f"{self.contact_cost}, incentive_cost={self.incentive_cost}, accepted={self.accepted}. "
                "Write contact_cost=0.5, incentive_cost=8.0, accepted=0.3."
            )
        for trait in (*self.keeps, *self.lifts):
            if trait not in TRAITS:
                raise SettingsError(
                    f"Offer {self.name!r}: no trait is called {trait!r}.{nearest(trait, TRAITS)} "
                    f"There are: {listed(TRAITS)}. Write keeps={{'all': 0.2, 'age': 0.3}}."
                )


OFFERS = (
    TrueOffer(
        "voucher",
        "e-mail",
        "discount",
        contact_cost=0.3,
        incentive_cost=8.0,
        accepted=0.35,
        keeps={"all": 0.1, "deals": 0.7},
        lifts={"all": 0.2, "deals": 0.45, "spend": -0.1},
    ),
    TrueOffer(
        "call",
        "phone",
        "service",
        contact_cost=4.0,
        keeps={"all": 0.3, "age": 0.9, "channel": 0.6},
        lifts={"all": 0.05, "age": 0.2, "spend": 0.15},
    ),
    TrueOffer(
        "tips",
        "e-mail",
        "content",
        contact_cost=0.1,
        keeps={"pace": -0.1},
        lifts={"pace": -0.1, "channel": 0.1},
    ),
)
"""A voucher for those who buy at discounts, a call that older customers like and younger ones leave after, and tips."""


@dataclass(frozen=True)
class Campaign:
    """A campaign of the past: some customers were chosen for an offer, and part of them had it.

    Args:
        offer: its name.
        week: number of the week in which it was made, from 0; at the first instant of it.
        share: of those chosen who are treated; the others are its control.
        reach: share of the customers with an order in the last year that are chosen.
        assignment: "randomised" (all with the same chance, which is logged), "logged" (those whose last order is long
            ago for them likelier, and the chance is logged) or "confounded" (the same, and nobody wrote it down).

    Raises:
        SettingsError: a share lies outside 0 to 1, or the assignment is not known.
    """

    offer: str
    week: int
    share: float = 0.5
    reach: float = 0.5
    assignment: str = "randomised"

    def __post_init__(self) -> None:
        if not (0 < self.share < 1 and 0 < self.reach <= 1):
            raise SettingsError(
                f"Campaign of {self.offer!r}: share lies between 0 and 1 and reach goes up to 1, got "
                f"share={self.share}, reach={self.reach}. Write share=0.5, reach=0.5."
            )
        if self.assignment not in ASSIGNMENTS:
            raise SettingsError(
                f"Campaign of {self.offer!r}: an assignment is one of {listed(ASSIGNMENTS)}, got {self.assignment!r}. "
                "Write assignment='randomised'."
            )


def calendar(offers: tuple[TrueOffer, ...], assignment: str) -> tuple[Campaign, ...]:
    """Return the campaigns that a business has made by itself: one every eight weeks, each offer in its turn."""
    weeks = range(FIRST, LAST + 1, EVERY)
    names = [offers[turn % len(offers)].name for turn in range(len(weeks))] if offers else []
    return tuple(Campaign(name, week, assignment=assignment) for name, week in zip(names, weeks, strict=False))


def effects(offer: TrueOffer, traits: Mapping[str, np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what an offer takes off the log-hazard, and what it adds to the log-rate, of each customer."""
    customers = np.arange(len(traits["all"]))
    values = {**traits, "channel": traits[offer.channel]} if offer.channel in traits else traits
    sums = [
        sum((weight * values[trait] for trait, weight in weights.items()), np.zeros(len(customers)))
        + offer.noise * normal(seed, f"{use} of {offer.name}", customers)
        for use, weights in (("keeps", offer.keeps), ("lifts", offer.lifts))
    ]
    return sums[0], sums[1]


def assign(campaign: Campaign, seed: int, eligible: np.ndarray, risk: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return who is chosen for a campaign, who of them is treated, and the logged chance of the arm that each is in.

    Args:
        campaign: which.
        seed: of the world.
        eligible: numbers of the customers who can be chosen.
        risk: of each of them, log of the time since the last order in usual gaps.
    """
    use = f"{campaign.offer}, {campaign.assignment}"
    chosen = uniform(seed, f"reach of {use}", eligible, campaign.week) < campaign.reach
    customers = eligible[chosen]
    propensity = np.full(len(customers), campaign.share)
    if campaign.assignment != "randomised":
        odds = np.log(campaign.share / (1.0 - campaign.share)) + SLOPE * risk[chosen]
        propensity = np.clip(1.0 / (1.0 + np.exp(-odds)), *BOUNDS)
    treated = uniform(seed, f"arm of {use}", customers, campaign.week) < propensity
    known = np.nan if campaign.assignment == "confounded" else 1.0
    return customers, treated, known * np.where(treated, propensity, 1.0 - propensity)
