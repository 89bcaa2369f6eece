"""Compute how many customers a hold-out needs before a campaign, or what one of a given size can see.

Treated and held-out customers are compared by a normal test of two shares or two means, whose spread is that of the
held-out in both, as before a campaign nobody knows the other.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from patron.errors import SettingsError, is_number

__all__ = ["CampaignPower", "design_effect", "power"]

MOST = 1e12
NORMAL = NormalDist()


@dataclass(frozen=True)
class CampaignPower:
    """What a comparison of treated and held-out customers can see.

    Args:
        effect: the difference of the shares or means, as small as it may be.
        customers: the number of customers of both together.
        chance: the chance that the test sees the effect.
        spread: the standard deviation of the outcome among customers.
        holdout: the share of them who are held out.
        level: the chance that it sees an effect where there is none.
        design: by how many times more customers it takes as they are held out by clusters (`design_effect`).
    """

    effect: float
    customers: float
    chance: float
    spread: float
    holdout: float
    level: float
    design: float = 1.0

    @property
    def control(self) -> int:
        """How many customers are held out."""
        return round(self.customers * self.holdout)

    @property
    def treated(self) -> int:
        """How many customers are treated."""
        return round(self.customers) - self.control

    @property
    def computed(self) -> float:
        """The chance by the normal test, two-sided, of the effect with so many customers."""
        error = self.spread * math.sqrt(self.design / (self.customers * self.holdout * (1 - self.holdout)))
        edge, shift = NORMAL.inv_cdf(1 - self.level / 2), abs(self.effect) / error if error else math.inf
        return NORMAL.cdf(shift - edge) + NORMAL.cdf(-edge - shift)


def power(
    *,
    holdout: float,
    rate: float | None = None,
    spread: float | None = None,
    effect: float | None = None,
    customers: int | None = None,
    chance: float | None = None,
    level: float = 0.05,
    design: float = 1.0,
) -> CampaignPower:
    """Compute the chance to see an effect, the customers that it takes, or the smallest effect that is seen.

    Args:
        holdout: the share of the customers who are left untreated.
        rate: the share of them expected to leave (or whatever else is counted) where nobody is treated.
        spread: in place of it the standard deviation of an amount.
        effect: the difference that should be seen: of shares (.02 for two points), or of means.
        customers: treated and held out together.
        chance: of seeing the effect, for example .8. Two of effect, customers and chance are given, the third is
            computed.
        level: the chance of seeing an effect where there is none.
        design: the design effect of a hold-out by clusters (`design_effect`); 1 where each customer is alone.

    Raises:
        SettingsError: it is not clear what is asked, or a number is out of bounds.

    >>> power(rate=0.2, effect=0.02, chance=0.8, holdout=0.5).customers
    12559
    >>> round(power(rate=0.2, effect=0.02, customers=12_559, holdout=0.1).chance, 3)
    0.39
    >>> power(rate=0.2, effect=0.02, chance=0.8, holdout=0.5, design=1.5).customers
    18838
    """
    _check(rate, spread, (effect, customers, chance), holdout, level)
    if not (is_number(design) and design >= 1):
        raise SettingsError(f"The design effect of power is a number of 1 or more, got {design}. Write design=1.5.")
    width = math.sqrt(rate * (1 - rate)) if rate is not None else float(spread or 0.0)
    known = CampaignPower(effect or 0.0, customers or 0, chance or 0.0, width, holdout, level, design)
    if chance is None:
        return replace(known, chance=known.computed)
    if customers is None:
        count = _smallest(lambda n: replace(known, customers=n).computed - chance, 2.0)
        return replace(known, customers=math.ceil(count - 1e-9))
    return replace(known, effect=_smallest(lambda e: replace(known, effect=e).computed - chance, 0.0))


def design_effect(sizes: Sequence[int], alike: float) -> float:
    """Compute by how many times more customers a hold-out by clusters takes than one of single customers (Kish 1965).

    Args:
        sizes: customers of each cluster.
        alike: the correlation of what customers of one cluster do (intraclass), 0 to 1.

    Raises:
        SettingsError: there is no cluster, a size is below 1, or the correlation is none.

    >>> design_effect([1, 1, 2, 4], alike=0.1)
    1.175
    """
    if not len(sizes) or min(sizes) < 1 or not 0 <= alike <= 1:
        raise SettingsError(
            f"A design effect needs the size of each cluster and a correlation from 0 to 1, got {len(sizes):,} sizes "
            f"and alike={alike}. Write design_effect(plan.table.groupby('cluster').size(), alike=0.1)."
        )
    return 1 + alike * (sum(size**2 for size in sizes) / sum(sizes) - 1)


def _smallest(beyond: Callable[[float], float], least: float) -> float:
    """Return the number from which on a rising function is above nothing, by halving."""
    low, high = least, max(1.0, 2 * least)
    while beyond(high) < 0:
        low, high = high, 2 * high
        if high > MOST:
            raise SettingsError(
                f"No number below {MOST:.0e} is enough: the effect is too small. Give a larger one: effect=0.02."
            )
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) < 0 else (low, middle)
    return high


def _check(
    rate: float | None,
    spread: float | None,
    given: tuple[float | None, ...],
    holdout: float,
    level: float,
) -> None:
    if (rate is None) == (spread is None):
        raise SettingsError(
            "Power needs either the rate of what is counted or the spread of an amount, got "
            f"{'neither' if rate is None else 'both'}. Write power(rate=0.2, effect=0.02, chance=0.8, holdout=0.1)."
        )
    if sum(number is None for number in given) != 1:
        raise SettingsError(
            f"Power computes one of effect, customers and chance from the other two, got {_given(given)}. Write for "
            "example power(rate=0.2, effect=0.02, customers=5_000, holdout=0.1)."
        )
    effect, customers, chance = given
    for name, number, least, most, example in (
        ("rate", rate, 0.0, 1.0, 0.2),
        ("spread", spread, 0.0, math.inf, 50.0),
        ("effect", effect and abs(effect), 0.0, math.inf, 0.02),
        ("customers", customers, 1.0, math.inf, 5000),
        ("chance", chance, level, 1.0, 0.8),
        ("holdout", holdout, 0.0, 1.0, 0.1),
        ("level", level, 0.0, 1.0, 0.05),
    ):
        if number is not None and not (is_number(number) and least < number < most):
            raise SettingsError(
                f"{name} of power is a number between {least:g} and {most:g}, got {number}. Write {name}={example}."
            )


def _given(given: tuple[float | None, ...]) -> str:
    names = ("effect", "customers", "chance")
    there = [name for name, number in zip(names, given, strict=True) if number is not None]
    return ", ".join(there) or "none of them"
