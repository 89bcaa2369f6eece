"""Refusals of the simulated world: what was asked for cannot be meant, and what to write instead."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from patron.datasets.simulated.offers import ASSIGNMENTS, TrueOffer
from patron.datasets.simulated.process import START
from patron.datasets.simulated.setting import Setting
from patron.errors import SettingsError, listed, nearest
from patron.periods import Moment, instant

__all__ = ["check_setting", "offer_number", "weeks_until"]

WEEK = timedelta(weeks=1)
MAILING = ("favoured", "random")


def check_setting(setting: Setting, assignment: str) -> None:
    """Refuse a world without customers, shares that are none, and words that are not known.

    Raises:
        SettingsError: one of these is so.
    """
    if setting.customers < 1:
        raise SettingsError(f"A world has customers, got customers={setting.customers}. Write customers=2_000.")
    if not 0 <= setting.spread < 1:
        raise SettingsError(f"The spread is a chance below 1, got spread={setting.spread}. Write spread=0.05.")
    if not 0 <= setting.spillover <= 1:
        raise SettingsError(f"The spillover is a share from 0 to 1, got spillover={setting.spillover}. Write 0.5.")
    if not setting.slight >= 0:
        raise SettingsError(
            f"The slight is a share of the hazard of 0 or more, got slight={setting.slight}. Write 2.0."
        )
    if setting.growth <= -1:
        raise SettingsError(f"Growth is a share of a year above -1, got growth={setting.growth}. Write growth=0.05.")
    for name, value, known in (("assignment", assignment, ASSIGNMENTS), ("mailing", setting.mailing, MAILING)):
        if value not in known:
            raise SettingsError(f"The {name} is one of {listed(known)}, got {value!r}. Write {name}={known[0]!r}.")
    names = [offer.name for offer in setting.offers]
    if len(set(names)) < len(names):
        raise SettingsError(f"Offers need names of their own, got {listed(names)}. Write TrueOffer('other', ...).")
    for campaign in setting.campaigns:
        offer_number(setting.offers, campaign.offer)


def offer_number(offers: Sequence[TrueOffer], name: str) -> int:
    """Return the place of an offer among those of the world.

    Raises:
        SettingsError: there is none of that name.
    """
    names = [offer.name for offer in offers]
    if name not in names:
        raise SettingsError(
            f"The world has no offer {name!r}.{nearest(name, names)} It has: {listed(names)}. "
            f"Write offer={(names or ['call'])[0]!r}, or give simulate(offers=...) one of that name."
        )
    return names.index(name)


def weeks_until(day: Moment, after: datetime) -> int:
    """Return how many weeks of the world are over at a day, which is the first of one.

    Raises:
        SettingsError: it is another day, or not later than the one to go on from.
    """
    until = instant(day)
    if until <= after or (until - START) % WEEK:
        first = max(after + WEEK, START + (until - START) // WEEK * WEEK)
        raise SettingsError(
            f"A world goes on by whole weeks from {after:%Y-%m-%d}, got until={until:%Y-%m-%d}. "
            f"Write until='{first:%Y-%m-%d}'."
        )
    return (until - START) // WEEK
