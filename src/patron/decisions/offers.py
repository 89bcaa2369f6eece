"""Offers: what can be done to keep a customer, with what it costs."""

import sys
from dataclasses import KW_ONLY, dataclass

from patron.errors import SettingsError, is_number

__all__ = ["Offer"]

LARGEST = sys.float_info.max
LIMITS = (
    ("contact_cost", LARGEST, "money of 0 or more", 2.5),
    ("incentive_cost", LARGEST, "money of 0 or more", 10.0),
    ("accepted", 1.0, "a probability from 0 to 1", 0.3),
)
EFFECTS = ("effect", "effect_low", "effect_high")


@dataclass(frozen=True)
class Offer:
    """An action that may keep a customer who would leave: what it costs, and how well it is assumed to work.

    Args:
        name: what it is called.
        contact_cost: cost of making the offer to one customer, in currency.
        incentive_cost: cost of the incentive to one customer who takes it, in currency.
        accepted: probability that the incentive is taken, 0 to 1.
        effect: share of those who would leave that the offer keeps, 0 to 1; an assumption.
        effect_low: lowest effect thought possible; half of the effect if it is not given.
        effect_high: highest effect thought possible; one and a half times the effect, at most 1, if not given.
        channel: how the customer is reached.
        words: what it means, for the business.

    Raises:
        SettingsError: a cost is negative, a share lies outside 0 to 1, or the bounds do not hold the effect.

    >>> voucher = Offer("voucher", contact_cost=1.0, incentive_cost=10.0, accepted=0.3, effect=0.5)
    >>> voucher.cost, voucher.effects
    (4.0, (0.25, 0.5, 0.75))
    """

    name: str
    contact_cost: float
    incentive_cost: float = 0.0
    accepted: float = 1.0
    _: KW_ONLY
    effect: float
    effect_low: float | None = None
    effect_high: float | None = None
    channel: str = ""
    words: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise SettingsError(f"An offer needs a name, got {self.name!r}. Write for example name = 'call'.")
        for field, most, meaning, example in LIMITS:
            value = getattr(self, field)
            if not is_number(value) or not 0 <= float(value) <= most:
                raise SettingsError(
                    f"Offer {self.name!r}: {field} is {meaning}, got {value}. Write {field} = {example}."
                )
        self._check_kinds()
        low, middle, high = self.effects
        if not 0 <= low <= middle <= high <= 1:
            raise SettingsError(
                f"Offer {self.name!r}: the effect and its bounds are rising shares from 0 to 1, got "
                f"effect_low={low}, effect={middle}, effect_high={high}. Write effect = 0.2 for 20 % of leavers kept."
            )

    def _check_kinds(self) -> None:
        """Refuse effects that are no numbers, and words that are no texts."""
        for field in EFFECTS:
            value = getattr(self, field)
            if not is_number(value) and (field == "effect" or value is not None):
                raise SettingsError(
                    f"Offer {self.name!r}: {field} is a share from 0 to 1, got {value!r}. Write {field} = 0.2."
                )
        for field in ("channel", "words"):
            if not isinstance(getattr(self, field), str):
                raise SettingsError(
                    f"Offer {self.name!r}: {field} is a text, got {getattr(self, field)!r}. Write {field} = 'call'."
                )

    @property
    def cost(self) -> float:
        """What one customer is expected to cost: the contact, and the incentive as often as it is taken."""
        return self.contact_cost + self.accepted * self.incentive_cost

    @property
    def effects(self) -> tuple[float, float, float]:
        """The lowest, assumed and highest effect."""
        low = 0.5 * self.effect if self.effect_low is None else self.effect_low
        high = min(1.5 * self.effect, max(1.0, self.effect)) if self.effect_high is None else self.effect_high
        return low, self.effect, high
