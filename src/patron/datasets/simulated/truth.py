"""Truth of the simulated world: what each offer would do to each customer, from the same chances that are drawn.

It is computed, not sampled: chances of a week depend on nothing that chance decides meanwhile, but whether a customer
is still there, so that probabilities are carried on week by week.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.datasets.simulated.people import People, unwelcome
from patron.datasets.simulated.process import (
    COMPLAINTS,
    KEEPING,
    LIFTING,
    NEVER,
    UPSET,
    State,
    chances,
    mailing_touches,
    slighted,
    tied_sums,
)
from patron.datasets.simulated.purchases import (
    COST_OF_REQUEST,
    COST_OF_TALK,
    mailing_cost,
    order_margin,
    return_margin,
    returned_within,
)
from patron.datasets.simulated.setting import Setting

__all__ = ["NOTICEABLE", "SURE", "truth"]

NOTICEABLE = 0.005  # change of the chance to buy, below which an offer is said to do nothing
SURE = 0.5  # chance to buy without an offer, from which nothing more is needed


@dataclass(frozen=True)
class _Arm:
    """What may become of customers: chance to buy, expected profit, and chance to leave in each week (weeks, n)."""

    buying: np.ndarray
    profit: np.ndarray
    leaving: np.ndarray


def truth(
    setting: Setting,
    people: People,
    effects: Sequence[tuple[np.ndarray, np.ndarray]],
    state: State,
    weeks: range,
    pending: np.ndarray,
) -> pd.DataFrame:
    """Return what is true of each customer and offer, made at the beginning of the first week.

    Args:
        setting: of the world.
        people: those who are there.
        effects: by offer, as in `run`.
        state: today.
        weeks: the horizon.
        pending: what orders on their way back will take away within it, by customer.
    """
    nothing = np.zeros((4, len(people)))
    alone = _arm(people, state, weeks, nothing, np.zeros((len(weeks), len(people))))
    losses = _losses(setting, people, state, weeks, alone)
    base = _arm(people, state, weeks, nothing, losses)
    tables = []
    for offer, effect in zip(setting.offers, effects, strict=True):
        offered = np.stack([*effect, nothing[0] + 1.0, unwelcome(people, offer.channel)])
        treated = _arm(people, state, weeks, offered, losses)
        incentive = offer.accepted * offer.incentive_cost * (state.left == NEVER)
        gain = treated.profit - base.profit - offer.contact_cost - incentive
        change = treated.buying - base.buying
        tables.append(
            {
                "offer": np.full(len(people), offer.name, dtype=object),
                "state": np.where(state.left == NEVER, "alive", "gone"),
                "type": _type(base.buying, change),
                "purchase_probability": base.buying,
                "purchase_effect": change,
                "profit": base.profit - pending,
                "profit_effect": gain,
            }
        )
    return pd.DataFrame({name: np.concatenate([table[name] for table in tables]) for name in tables[0]})


def _type(buying: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Return in which of four ways customers answer an offer."""
    kinds = ["persuadable", "do not disturb", "sure thing"]
    return np.select([change >= NOTICEABLE, change <= -NOTICEABLE, buying >= SURE], kinds, "lost cause")


def _losses(setting: Setting, people: People, state: State, weeks: range, alone: _Arm) -> np.ndarray:
    """Return by week the log of the chance that no tie who left draws a customer along, as far as can be expected."""
    if not setting.spread:
        return np.zeros((len(weeks), len(people)))
    before = [(state.left == weeks.start - 1).astype(float), *alone.leaving[:-1]]
    return np.stack([tied_sums(people, np.log1p(-setting.spread * left)) for left in before])


def _arm(
    people: People,
    state: State,
    weeks: range,
    offered: np.ndarray,
    losses: np.ndarray,
) -> _Arm:
    """Carry the chances on from week to week; an offer at the beginning keeps, lifts and touches, shape (4, n)."""
    keeping, lifting = state.keeping + offered[0], state.lifting + offered[1]
    there = (state.left == NEVER).astype(float)
    waiting, recent, leaving = there.copy(), list(state.recent), []
    buying, profit = np.zeros((2, len(people)))
    request = (1.0 - COMPLAINTS) * COST_OF_REQUEST[0] + COMPLAINTS * COST_OF_REQUEST[1]
    service = people.trouble * request + people.talk * COST_OF_TALK
    for step, week in enumerate(weeks):
        mailing = mailing_touches(people, week)
        touches = mailing + (offered[2:] if step == 0 else 0.0)
        chance = chances(people, week, touches + sum(recent), lifting, keeping)
        back = returned_within(len(weeks) - 1 - step) * return_margin(people, week)
        profit += there * (chance.order * (order_margin(people, week) - back) - service)
        profit -= mailing[0] * mailing_cost(people)
        buying += waiting * chance.order
        unheard = slighted(people, state, week, mailing[0])
        staying = (1.0 - chance.leave) ** unheard * (1.0 - UPSET * COMPLAINTS * people.trouble) * np.exp(losses[step])
        leaving.append(there * (1.0 - staying))
        there, waiting = there * staying, waiting * (1.0 - chance.order) * staying
        recent = [touches, *recent[:2]]
        keeping, lifting = keeping * KEEPING, lifting * LIFTING
    return _Arm(buying, profit, np.stack(leaving))
