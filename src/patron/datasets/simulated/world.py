"""A simulated business whose truth is known: to try decisions in, and to see what they earn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd

from patron.datasets.simulated.checks import check_setting, weeks_until
from patron.datasets.simulated.decided import treatments
from patron.datasets.simulated.offers import OFFERS, Campaign, TrueOffer, calendar, effects
from patron.datasets.simulated.people import People, people
from patron.datasets.simulated.process import START, State, run
from patron.datasets.simulated.purchases import HANDLING, Rows
from patron.datasets.simulated.setting import Setting
from patron.datasets.simulated.tables import event_tables, keys, ledger, moment
from patron.datasets.simulated.truth import truth
from patron.errors import SettingsError
from patron.history.event_tables import Events
from patron.history.history import History
from patron.history.point_in_time import in_window, is_past
from patron.history.sources import attributes, events
from patron.periods import Moment, instant

__all__ = ["World", "simulate"]


@dataclass(frozen=True)
class World:
    """A business up to a day, from which it can go on.

    Args:
        setting: what was asked for.
        weeks: how many have passed.
        people: everybody who has come, with what nobody else knows of them.
        state: where everybody stands today.
        rows: what was written down, of today's returns-to-be too, by event table.
    """

    setting: Setting
    weeks: int
    people: People
    state: State
    rows: dict[str, tuple[Rows, ...]]

    def __repr__(self) -> str:
        """Return how many have come until when, in a line."""
        return f"World({len(self.people):,} customers until {self.today:%Y-%m-%d}, seed {self.setting.seed})"

    @property
    def today(self) -> datetime:
        """The day up to which all is known; the day itself is the future."""
        return moment(self.weeks)

    @property
    def offers(self) -> tuple[TrueOffer, ...]:
        """What can be done to customers, with what it truly does."""
        return self.setting.offers

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What the business knows today: customers, orders, contacts, tickets, offers, ties, preferences."""
        return event_tables(self.people, self.offers, self.rows, self.weeks)

    def history(self) -> History:
        """Return the tables, declared; referrals are the ties by which one customer brought another."""
        tables = self.tables
        named = {name: events(tables[name], customer="customer", at="at") for name in ("contacts", "tickets")}
        if len(tables["offers"]):
            named["offers"] = _declared_offers(tables["offers"])
        if (tables["ties"].kind == "referral").any():
            named["referrals"] = events(
                tables["ties"], where={"kind": "referral"}, customer="customer", at="at", other="other"
            )
        named["orders"] = events(tables["orders"], returns={"event_type": "return"}, customer="customer", at="at")
        named["customers"] = attributes(tables["customers"], customer="customer")
        return History.of(None, **named)

    def act(self, decisions: pd.DataFrame | None, until: Moment) -> "World":
        """Return the world of a later day, in which decisions of today are carried out; this one stays as it is.

        The same world without them is `act(None, until)`: what differs between the two is what the decisions did.
        Campaigns of the business in the weeks that pass are made in both.

        Args:
            decisions: a row for each customer and offer, as `patron.decide` gives them. Besides `customer` and `offer`
                it may have `at` (a Monday before *until*, by default today), `group` ("treat", or "control" for those
                who are held out) and `propensity` (the chance of the group that the customer is in).
            until: the day before which all is told, a Monday later than today.

        Raises:
            SettingsError: the day or a decision cannot be meant.
        """
        weeks, setting = weeks_until(until, self.today), self.setting
        numbers = {key: number for number, key in enumerate(keys(len(self.people)))}
        decided = {} if decisions is None else treatments(decisions, setting, numbers, self.today, moment(weeks))
        everybody = people(setting, weeks)
        known = [effects(offer, everybody.traits, setting.seed) for offer in setting.offers]
        state, rows = run(setting, everybody, known, self.state, range(self.weeks, weeks), decided)
        tables = {name: (*self.rows.get(name, ()), *rows.get(name, ())) for name in {**self.rows, **rows}}
        return World(setting, weeks, everybody, state, tables)

    def truth(self, horizon: int = 91) -> pd.DataFrame:
        """Return what each offer, made today, would truly do to each customer within the horizon.

        Exact expectations of the process, nothing is sampled: over all that chance may still bring, given where each
        customer stands today, the mailings of the business and no other offers. Where churn spreads, ties count by
        their own chance to leave, as if they could not be drawn along themselves; ties yet to come do not count.

        Args:
            horizon: days after today, whole weeks.

        Returns:
            A row for each customer and offer: customer, offer; state ("alive" or "gone"); type ("persuadable" or
            "do not disturb" where the offer moves the chance to buy by half a point or more, else "sure thing" where
            that is .5 or more, else "lost cause"); purchase_probability and profit without the offer;
            purchase_effect, and profit_effect after the costs of the offer, in currency.

        Raises:
            SettingsError: the horizon is no whole number of weeks, or there are no offers.
        """
        if horizon <= 0 or horizon % 7:
            raise SettingsError(f"The horizon is whole weeks in days, got {horizon}. Write horizon=91.")
        if not self.offers:
            raise SettingsError("The world has no offers to be true of, got offers=(). Leave offers out for three.")
        ahead = range(self.weeks, self.weeks + horizon // 7)
        table = truth(self.setting, self.people, self._effects, self.state, ahead, self._pending(horizon))
        table.insert(0, "customer", np.tile(keys(len(self.people)), len(self.offers)))
        return table

    def profit(self, start: Moment | None = None, end: Moment | None = None) -> pd.DataFrame:
        """Return the ledger from a day up to another one: a row for each customer, a column for each cause, the profit.

        Costs are below zero, so that each row adds up to its `profit`, in currency.

        Args:
            start: by default the first day of the world.
            end: the day before which all counts; by default today.
        """
        return ledger(self.tables, instant(start or START), instant(end or self.today))

    @cached_property
    def _effects(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return [effects(offer, self.people.traits, self.people.seed) for offer in self.offers]

    def _pending(self, horizon: int) -> np.ndarray:
        """Return what orders on their way back take away within the horizon, by customer."""
        lost, today = np.zeros(len(self.people)), 7.0 * self.weeks
        for rows in self.rows["orders"]:
            due = in_window(rows["back"], today) & is_past(rows["back"], today + horizon)
            np.add.at(lost, rows["customer"][due], (rows["amount"] - rows["cost"] + HANDLING)[due])
        return lost


def simulate(
    customers: int = 2_000,
    seed: int = 0,
    until: Moment = "2024-01-01",
    assignment: str = "randomised",
    campaigns: Sequence[Campaign] | None = None,
    offers: Sequence[TrueOffer] = OFFERS,
    spread: float = 0.05,
    mailing: str = "favoured",
    growth: float = 0.0,
    slight: float = 0.0,
    spillover: float = 0.0,
) -> World:
    """Simulate a business from 4 January 2021 up to a day.

    In each week a customer who has not left orders with the chance 1 - exp(-rate * season * exp(r (1 - exp(-c / 1.5)) +
    lift)), once at most. The rate is mixed by a gamma distribution, c counts the contacts of four weeks, r is how far a
    customer listens to them, and lift what offers have added, of which 0.7 is left a week later. At the end of the week
    they leave with the chance 1 - exp(-hazard * exp(-keep) (1 + 0.15 max(c - 4, 0)) (1 + 0.25 u)). The hazard is mixed
    by another gamma distribution, keep is what offers have taken off, of which 0.9 is left, and u counts contacts by
    another channel than the one a customer has named; a complaint, or a tie who left, add to it. Money is in one
    currency. `docs/simulated-world.md` has the parameters.

    Args:
        customers: how many come within the first three years; as many a week come later.
        seed: what chance starts from; a customer's chances do not depend on those of others, or on decisions.
        until: the day before which all is told, a Monday.
        assignment: how the business has assigned its own campaigns: "randomised", "logged" or "confounded".
        campaigns: those instead of one every eight weeks from November 2022 to October 2023; () for none.
        offers: what can be done to customers, with its true effects.
        spread: chance that a customer follows a tie who left the week before; 0 for no spread.
        mailing: "favoured" where frequent buyers get more newsletters, "random" where chance decides how many come.
        growth: share by which the orders of a customer become larger in each year that they stay.
        slight: share of the hazard to leave that a mailing adds in the twelve weeks after a customer made a suggestion.
        spillover: share of what an offer would do to a customer that comes of it where somebody tied to them gets it,
            for each such tie; no cost and no contact of theirs. `truth` is about the customer who gets it alone.

    Raises:
        SettingsError: one of these cannot be meant.

    >>> world = simulate(customers=200, seed=1)
    >>> sorted(world.tables)
    ['contacts', 'customers', 'offers', 'orders', 'preferences', 'tickets', 'ties']
    >>> truth = world.truth(horizon=91)
    >>> truth.groupby("offer").purchase_effect.mean().round(3).to_dict()
    {'call': 0.005, 'tips': 0.004, 'voucher': 0.011}
    """
    own = calendar(tuple(offers), assignment) if campaigns is None else tuple(campaigns)
    setting = Setting(customers, seed, tuple(offers), own, spread, mailing, growth, slight, spillover)
    check_setting(setting, assignment)
    return World(setting, 0, people(setting, 0), State.empty(), {}).act(None, until)


def _declared_offers(table: pd.DataFrame) -> Events:
    return events(
        table,
        customer="customer",
        at="at",
        offer="offer",
        arm="arm",
        propensity="propensity",
        cost="cost",
        accepted="accepted",
    )
