"""Usual effects: what the literature gives for the share of leavers that an offer keeps, by its kind.

A plan that rests on them says so on every row: they are other businesses' customers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from patron.errors import SettingsError

__all__ = ["KINDS", "UsualEffect", "usual_effect"]

KINDS = ("discount", "service", "content")


@dataclass(frozen=True)
class UsualEffect:
    """The share of leavers kept, as the literature has it.

    Args:
        low: its 10 % quantile, or else the lowest thought possible.
        mean: the mean.
        high: its 90 % quantile, or else the highest thought possible.
        source: who says so.
    """

    low: float
    mean: float
    high: float
    source: str


USUAL: Mapping[str, UsualEffect] = {
    # Quantiles of Beta(6, 14) at .1 and .9.
    "discount": UsualEffect(0.1751, 0.3, 0.4340, "Beta(6, 14), Verbraken, Verbeke and Baesens 2013"),
    # 1.9 points of 17.2 %; none and twice of it as bounds, as the summary of the trial has no interval.
    "service": UsualEffect(0.0, 0.11, 0.22, "1.9 of 17.2 points by a call, Godinho de Matos, Ferreira and Belo 2018"),
}


def usual_effect(name: str, kind: str) -> UsualEffect:
    """Return the usual effect of an offer.

    Args:
        name: what the offer is called.
        kind: what it is: "discount", "service" or "content".

    Raises:
        SettingsError: the kind is not said, or nothing usual is known of it.

    >>> usual_effect("voucher", "discount").mean
    0.3
    """
    if kind in USUAL:
        return USUAL[kind]
    if kind == "content":
        raise SettingsError(
            f"Offer {name!r}: the literature has no usual effect of content; in the trial that is known (Ascarza, "
            "Iyengar and Schleicher 2016) 10 % of those who were told of a better plan left, and 6 % of the others. "
            "Write your own assumption, effect = 0.02 with effect_low = 0.0, or learn it from a campaign."
        )
    raise SettingsError(
        f"Offer {name!r}: the usual effect depends on what the offer is, and its kind is {kind or 'not said'!r}. "
        "Write kind = 'discount' or kind = 'service', or an effect of your own: effect = 0.1."
    )
