"""The process of the simulated world: week after week customers come, buy, ask, are written to, and leave.

Each week has chances that are known in closed form, the same for what is drawn and for what is true.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from patron.datasets.simulated.draws import uniform
from patron.datasets.simulated.offers import Campaign, assign
from patron.datasets.simulated.people import People, unwelcome
from patron.datasets.simulated.purchases import INBOUND, Rows, contacts_begun, mailed, mailings, purchases, requests
from patron.datasets.simulated.setting import Setting

__all__ = ["START", "Chances", "State", "Treatments", "chances", "mailing_touches", "run", "slighted", "tied_sums"]

START = datetime(2021, 1, 4)  # a Monday, as every first day of a week of the world
YEAR, PEAK, SEASON = 365.25, 340.0, 0.3  # days; when in the world's year most is bought, and what that adds to the log
SATURATION, ENOUGH, FATIGUE = 1.5, 4.0, 0.15  # contacts in four weeks: what is much, too much, and does with the hazard
KEEPING, LIFTING = 0.9, 0.7  # what is left of an effect a week later
UNWELCOME = 0.25  # more hazard for each contact in four weeks by another channel than the one a customer has named
REMEMBERED = 12  # weeks after a suggestion in which a mailing slights who made it
COMPLAINTS, UPSET = 0.4, 0.12  # share of requests that are complaints, and chance that one ends the relationship
NEVER = -1


@dataclass(frozen=True)
class State:
    """Where everybody stands at the beginning of a week.

    Args:
        left: week in which each left, or -1.
        keeping: what is taken off the log-hazard by offers so far.
        lifting: what is added to the log-rate by them.
        recent: touches of the three weeks before, latest first, shape (3, 2, n): contacts, and the unwelcome of them.
        orders: so far.
        last: week of the last order.
        suggested: week in which each last suggested something, or -1.
    """

    left: np.ndarray
    keeping: np.ndarray
    lifting: np.ndarray
    recent: np.ndarray
    orders: np.ndarray
    last: np.ndarray
    suggested: np.ndarray

    @classmethod
    def empty(cls) -> "State":
        """Return the state of nobody."""
        none, whole = np.zeros(0), np.zeros(0, int)
        counts = dict.fromkeys(("left", "orders", "last", "suggested"), whole)
        return cls(keeping=none, lifting=none, recent=np.zeros((3, 2, 0)), **counts)

    def grown(self, customers: int) -> "State":
        """Return a copy with room for those who are yet to come."""
        values = (NEVER, 0.0, 0.0, 0.0, 0, NEVER, NEVER)
        columns = zip(self.__dict__.items(), values, strict=True)
        return State(**{name: _padded(column, customers, value) for (name, column), value in columns})


@dataclass(frozen=True)
class Treatments:
    """An offer made, or withheld, to customers in one week.

    Args:
        offer: number of the offer.
        customers: their numbers.
        treated: whether they had it; else they are control.
        propensity: chance of the arm that each is in, where it is known.
        days: when, in days since the start.
    """

    offer: int
    customers: np.ndarray
    treated: np.ndarray
    propensity: np.ndarray
    days: np.ndarray


@dataclass(frozen=True)
class Chances:
    """Chances of one week of who has not left: to order, and to leave at its end if nothing else comes."""

    order: np.ndarray
    leave: np.ndarray


def chances(people: People, week: int, touches: np.ndarray, lifting: np.ndarray, keeping: np.ndarray) -> Chances:
    """Return the chances of a week.

    Args:
        people: those who have come.
        week: which.
        touches: of the last four weeks, this one included: contacts, and the unwelcome of them, shape (2, n).
        lifting: what offers add to the log-rate.
        keeping: what offers take off the log-hazard.
    """
    day = 7.0 * week + 3.5 - PEAK
    season = SEASON * np.cos(2.0 * np.pi * day / YEAR)
    contacts, unwanted = touches
    response = -people.response * np.expm1(-contacts / SATURATION)
    intensity = people.rate * np.exp(season + response + lifting)
    annoyed = (1.0 + FATIGUE * np.maximum(contacts - ENOUGH, 0.0)) * (1.0 + UNWELCOME * unwanted)
    return Chances(-np.expm1(-intensity), -np.expm1(-people.hazard * np.exp(-keeping) * annoyed))


def mailing_touches(people: People, week: int) -> np.ndarray:
    """Return who gets a mailing in a week, and to whom it is unwelcome, shape (2, n)."""
    sent = mailed(people, week)
    return np.stack([sent, sent & unwelcome(people, people.mailed_by)]).astype(float)


def slighted(people: People, state: State, week: int, mailing: np.ndarray) -> np.ndarray:
    """Return how many times as likely each is to leave as those who suggested nothing, where mailings were sent."""
    lately = (state.suggested != NEVER) & (state.suggested >= week - REMEMBERED)
    return 1.0 + people.slight * mailing * lately


def tied_sums(people: People, values: np.ndarray) -> np.ndarray:
    """Return for each customer the sum over ties of a value, such as whether, or with what chance, they left."""
    first, second = people.tied.T
    return np.bincount(first, values[second], len(people)) + np.bincount(second, values[first], len(people))


@dataclass(frozen=True)
class _Week:
    """One week that passes: over the arrays of a state that is the run's own, and rows that it adds to."""

    people: People
    state: State
    week: int
    rows: dict[str, list[Rows]]

    def add(self, table: str, rows: Rows) -> None:
        self.rows.setdefault(table, []).append(rows)


def run(
    setting: Setting,
    people: People,
    effects: Sequence[tuple[np.ndarray, np.ndarray]],
    state: State,
    weeks: range,
    decided: Mapping[int, Sequence[Treatments]],
) -> tuple[State, dict[str, list[Rows]]]:
    """Return the state after some weeks, and the rows of each event table that they add.

    Args:
        setting: of the world.
        people: everybody who comes before the last of the weeks is over.
        effects: by offer what it takes off the log-hazard and adds to the log-rate of each customer.
        state: at the beginning.
        weeks: those that pass.
        decided: by week, whom offers are made to beside the campaigns of the business.
    """
    state, rows = state.grown(len(people)), dict[str, list[Rows]]()
    for week in weeks:
        present = int(np.searchsorted(people.came, week, side="right"))
        now = _Week(people, state, week, rows)
        campaigns = [_campaign(setting, now, campaign) for campaign in setting.campaigns if campaign.week == week]
        offered = np.zeros((2, len(people)))
        for treatments in (*campaigns, *decided.get(week, ())):
            offered += _offer(setting, now, effects[treatments.offer], treatments)
        state = _lived(setting, now, present, offered)
    return state, rows


def _padded(column: np.ndarray, size: int, value: float) -> np.ndarray:
    room = [(0, 0)] * (column.ndim - 1) + [(0, size - column.shape[-1])]
    return np.pad(column, room, constant_values=value)


def _campaign(setting: Setting, now: _Week, campaign: Campaign) -> Treatments:
    """Return whom the business makes an offer to by itself."""
    people, state, week = now.people, now.state, now.week
    number = [offer.name for offer in setting.offers].index(campaign.offer)
    known = (people.came < week) & (state.last > week - 52)
    if setting.offers[number].channel == "e-mail":
        known &= people.consent
    eligible = np.flatnonzero(known)
    gap = (week - people.came[eligible] + 1) / (state.orders[eligible] + 1)
    risk = np.log((week - state.last[eligible]) / gap)
    customers, treated, propensity = assign(campaign, setting.seed, eligible, risk)
    return Treatments(number, customers, treated, propensity, np.full(len(customers), 7.0 * week))


def _offer(setting: Setting, now: _Week, effect: tuple[np.ndarray, np.ndarray], treatments: Treatments) -> np.ndarray:
    """Make an offer, log it, and return the touches that it is."""
    offer, state = setting.offers[treatments.offer], now.state
    customers, treated = treatments.customers, treatments.treated
    reached = customers[treated]
    strength = np.bincount(reached, minlength=len(now.people)).astype(float)
    if setting.spillover:
        strength += setting.spillover * tied_sums(now.people, strength)
    state.keeping[:] += strength * effect[0]
    state.lifting[:] += strength * effect[1]
    coin = uniform(setting.seed, f"{offer.name} accepted", customers, now.week) < offer.accepted
    accepted = treated & coin & (state.left[customers] == NEVER)
    now.add(
        "offers",
        {
            "customer": customers,
            "day": treatments.days,
            "offer": np.full(len(customers), treatments.offer),
            "treated": treated,
            "propensity": treatments.propensity,
            "cost": np.where(treated, offer.contact_cost, 0.0) + np.where(accepted, offer.incentive_cost, 0.0),
            "accepted": accepted,
        },
    )
    touches = np.bincount(reached, minlength=len(now.people))
    return np.stack([touches, touches * unwelcome(now.people, offer.channel)]).astype(float)


def _lived(setting: Setting, now: _Week, present: int, offered: np.ndarray) -> State:
    """Let one week pass, and return the state after it."""
    people, state, week, seed = now.people, now.state, now.week, setting.seed
    n = np.arange(present)
    alive = state.left[:present] == NEVER
    mailing = mailing_touches(people, week)
    touches = mailing + offered
    chance = chances(people, week, touches + state.recent.sum(axis=0), state.lifting, state.keeping)
    ordered = alive & ((people.came[:present] == week) | (uniform(seed, "order", n, week) < chance.order[:present]))
    asked_for = alive & (uniform(seed, "request", n, week) < people.trouble[:present])
    complained = asked_for & (uniform(seed, "complaint", n, week) < COMPLAINTS)
    lost = tied_sums(people, (state.left == week - 1).astype(float) if week else np.zeros(len(people)))[:present]
    unheard = slighted(people, state, week, mailing[0])[:present]
    staying = (1.0 - chance.leave[:present]) ** unheard * (1.0 - UPSET * complained) * (1.0 - setting.spread) ** lost
    leaves = alive & (uniform(seed, "leave", n, week) >= staying)
    now.add("orders", purchases(people, n[ordered], week))
    now.add("tickets", requests(people, n[asked_for], week, complained[asked_for]))
    talked = alive & (uniform(seed, "talk", n, week) < people.talk[:present])
    begun = contacts_begun(people, n[talked], week)
    now.add("contacts", begun)
    now.add("contacts", mailings(people, np.flatnonzero(mailing[0]), week))
    state.left[:present][leaves] = week
    state.orders[:present][ordered] += 1
    state.last[:present][ordered] = week
    state.suggested[begun["customer"][begun["inbound"] == INBOUND.index("suggestion")]] = week
    fading = {"keeping": state.keeping * KEEPING, "lifting": state.lifting * LIFTING}
    return replace(state, recent=np.stack([touches, *state.recent[:2]]), **fading)
