"""Offers: what can be done to keep a customer, with what it costs and who may get it."""

import sys
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from patron.decisions.usual_effects import KINDS, usual_effect
from patron.errors import SettingsError, is_number

__all__ = ["LEARNED", "USUAL", "Offer"]

USUAL, LEARNED = "usual", "learned"
LARGEST = sys.float_info.max
LONGEST = 36_500
LIMITS = (
    ("contact_cost", LARGEST, "money of 0 or more", 2.5),
    ("incentive_cost", LARGEST, "money of 0 or more", 10.0),
    ("accepted", 1.0, "a probability from 0 to 1", 0.3),
    ("fatigue", LARGEST, "money of 0 or more", 0.5),
    ("rest", LONGEST, "a number of days, 0 or more", 30),
    ("fatigue_days", LONGEST, "a number of days, 0 or more", 30),
)
EFFECTS = ("effect", "effect_low", "effect_high")
TEXTS = (("channel", "call"), ("words", "call"), ("consent", "mail_consent"))


@dataclass(frozen=True)
class Offer:
    """An action that may keep a customer who would leave: what it costs, and how well it is assumed to work.

    Args:
        name: what it is called.
        contact_cost: cost of making the offer to one customer, in currency.
        incentive_cost: cost of the incentive to one customer who takes it, in currency.
        accepted: probability that the incentive is taken, 0 to 1.
        effect: share of those who would leave that the offer keeps, 0 to 1; an assumption. "usual" for what the
            literature has for its kind (see `patron.decisions.usual_effects`), which is said with every decision;
            "learned" where past campaigns tell it, for each customer, and only for whom they do.
        effect_low: lowest effect thought possible; half of the effect if it is not given.
        effect_high: highest effect thought possible; one and a half times the effect, at most 1, if not given.
        channel: how the customer is reached; what a channel can do is said once for all its offers (`Rules`).
        words: what it means, for the business.
        kind: what it is: "discount", "service" or "content"; empty where nobody said.
        rest: days that must have passed since the customer was last contacted.
        consent: the column that says whether a customer has agreed to be reached so; who has not gets no such offer.
        eligible: a condition, or several that must all hold, of who may get it, such as "recency > 90".
        fatigue: what one contact of the last days makes the next one less worth, in currency for each of them.
        fatigue_days: how many days these are.

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
    effect: float | str
    effect_low: float | None = None
    effect_high: float | None = None
    channel: str = ""
    words: str = ""
    kind: str = ""
    rest: float = 0
    consent: str = ""
    eligible: str | Sequence[str] = ()
    fatigue: float = 0.0
    fatigue_days: int = 30

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
        self._check_texts()
        low, middle, high = self.effects
        if not 0 <= low <= middle <= high <= 1:
            raise SettingsError(
                f"Offer {self.name!r}: the effect and its bounds are rising shares from 0 to 1, got "
                f"effect_low={low}, effect={middle}, effect_high={high}. Write effect = 0.2 for 20 % of leavers kept."
            )

    def _check_kinds(self) -> None:
        """Refuse effects that are no numbers, and kinds that nobody knows."""
        for field in EFFECTS:
            value = getattr(self, field)
            if not is_number(value) and (field == "effect" or value is not None) and not self.is_named:
                raise SettingsError(
                    f"Offer {self.name!r}: {field} is a share from 0 to 1, got {value!r}. Write {field} = 0.2."
                )
        if self.is_named and (self.effect_low is not None or self.effect_high is not None):
            raise SettingsError(
                f"Offer {self.name!r}: a {self.effect} effect has its own bounds, got effect_low={self.effect_low!r} "
                f"and effect_high={self.effect_high!r}. Leave them out, or write an effect of your own: effect = 0.2."
            )
        if self.kind not in ("", *KINDS):
            raise SettingsError(
                f"Offer {self.name!r}: kind is one of {', '.join(KINDS)}, got {self.kind!r}. Write kind = 'service'."
            )
        if self.kind == "discount" and not self.incentive_cost:
            raise SettingsError(
                f"Offer {self.name!r} is a discount, and nobody said what it costs where it is taken. Write "
                "incentive_cost = 10.0 and accepted = 0.3, or another kind."
            )

    def _check_texts(self) -> None:
        """Refuse words that are no texts."""
        for field, example in TEXTS:
            if not isinstance(getattr(self, field), str):
                raise SettingsError(
                    f"Offer {self.name!r}: {field} is a text, got {getattr(self, field)!r}. "
                    f"Write {field} = {example!r}."
                )
        if not isinstance(self.eligible, str | list | tuple) or not all(isinstance(c, str) for c in self.conditions):
            raise SettingsError(
                f"Offer {self.name!r}: eligible is a condition or a list of such, got {self.eligible!r}. "
                "Write eligible = 'recency > 90'."
            )

    @property
    def cost(self) -> float:
        """What one customer is expected to cost: the contact, and the incentive as often as it is taken."""
        return self.contact_cost + self.accepted * self.incentive_cost

    @property
    def is_usual(self) -> bool:
        """Whether the effect is the usual one of its kind."""
        return isinstance(self.effect, str) and self.effect == USUAL

    @property
    def is_learned(self) -> bool:
        """Whether the effect is learned from past campaigns."""
        return isinstance(self.effect, str) and self.effect == LEARNED

    @property
    def is_named(self) -> bool:
        """Whether the effect is no number, but the name of where it comes from."""
        return self.is_usual or self.is_learned

    @property
    def conditions(self) -> tuple[str, ...]:
        """What must hold of who gets it."""
        return (self.eligible,) if isinstance(self.eligible, str) else tuple(self.eligible)

    @property
    def effects(self) -> tuple[float, float, float]:
        """The lowest, assumed and highest effect; none of one that is learned, where nothing was."""
        if self.is_learned:
            return 0.0, 0.0, 0.0
        if isinstance(self.effect, str):
            usual = usual_effect(self.name, self.kind)
            return usual.low, usual.mean, usual.high
        low = 0.5 * self.effect if self.effect_low is None else self.effect_low
        high = min(1.5 * self.effect, max(1.0, self.effect)) if self.effect_high is None else self.effect_high
        return low, self.effect, high

    @property
    def evidence(self) -> str:
        """What the effect rests on, where nothing was learned."""
        if self.is_learned:
            return "not learned"
        return f"assumed, usual: {usual_effect(self.name, self.kind).source}" if self.is_usual else "assumed"
