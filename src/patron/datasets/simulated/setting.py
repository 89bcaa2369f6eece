"""Setting of the simulated world: what was asked for, as one value."""

from dataclasses import dataclass

from patron.datasets.simulated.offers import Campaign, TrueOffer

__all__ = ["Setting"]


@dataclass(frozen=True)
class Setting:
    """What a world was asked for.

    Args:
        customers: how many come within three years.
        seed: what chance starts from.
        offers: what can be done to customers.
        campaigns: what the business has done by itself.
        spread: chance that a customer follows a tie who left the week before.
        mailing: "favoured" where frequent buyers get more newsletters, "random" where chance decides.
        growth: share by which orders of a customer become larger in a year.
        slight: share of the hazard to leave that a mailing adds in the weeks after a customer suggested something.
        spillover: share of an offer's effect that reaches whom a treated customer is tied to.
    """

    customers: int
    seed: int
    offers: tuple[TrueOffer, ...]
    campaigns: tuple[Campaign, ...]
    spread: float
    mailing: str
    growth: float
    slight: float
    spillover: float = 0.0
