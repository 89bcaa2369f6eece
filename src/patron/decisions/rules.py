"""Rules: what a plan keeps to beside its budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from patron.decisions.offers import Offer
from patron.errors import SettingsError, is_number, listed, nearest

__all__ = ["Rules"]


@dataclass(frozen=True)
class Rules:
    """What a plan keeps to beside its budget.

    Args:
        capacities: the most contacts of this plan by channel; a channel that is not named has no limit.
        contacts: the most contacts of this plan by all channels together; None for no limit.
        most_contacts: how many contacts a customer may have within some days, this plan and all that came before
            counted; None for no limit.
        contact_days: how many days these are.
        robust: whether the plan earns the most by the lower bound of the gain instead of the gain.
        holdout_by: the column of scores or facts whose customers are held out, or explore, only together, as an offer
            may reach all of them: a household, or "ties" (`patron.tie_clusters`); empty for each alone.

    Raises:
        SettingsError: a count is negative or no whole number.

    >>> Rules(capacities={"mail": 1000}).capacities["mail"]
    1000
    """

    capacities: Mapping[str, int] = field(default_factory=dict)
    contacts: int | None = None
    most_contacts: int | None = None
    contact_days: int = 30
    robust: bool = False
    holdout_by: str = ""

    def __post_init__(self) -> None:
        for channel, capacity in self.capacities.items():
            _check_count(f"The capacity of channel {channel!r}", capacity, 0, "Rules(capacities={'mail': 1_000})")
        for name in ("contacts", "most_contacts"):
            if getattr(self, name) is not None:
                _check_count(f"{name} of a plan", getattr(self, name), 0, f"Rules({name}=3)")
        _check_count("contact_days of a plan", self.contact_days, 1, "Rules(contact_days=30)")

    def check(self, offers: Sequence[Offer]) -> None:
        """Refuse capacities of channels that no offer has.

        Raises:
            SettingsError: the channel is not that of any offer.
        """
        known = {offer.channel for offer in offers if offer.channel}
        for channel in self.capacities:
            if channel not in known:
                raise SettingsError(
                    f"Channel {channel!r} has a capacity, but no offer goes by it.{nearest(channel, known)} The offers "
                    f"have the channels {listed(known)}. Write channel = {channel!r} in the offer that does."
                )

    def scarce(self, offers: Sequence[Offer], budget: float) -> tuple[np.ndarray, np.ndarray]:
        """Return what one of each offer takes of all that is scarce, and how much there is of it.

        The first is money, then the contacts of each channel, then those of all.

        >>> rules = Rules(capacities={"mail": 10})
        >>> use, most = rules.scarce([Offer("call", 4.0, effect=0.1), Offer("a", 1.0, effect=0.1, channel="mail")], 8.0)
        >>> use.tolist(), most.tolist()
        ([[4.0, 0.0, 1.0], [1.0, 1.0, 1.0]], [8.0, 10.0, inf])
        """
        channels = list(self.capacities)
        use = [[offer.cost, *(float(offer.channel == channel) for channel in channels), 1.0] for offer in offers]
        contacts = np.inf if self.contacts is None else self.contacts
        return np.array(use), np.array([budget, *(self.capacities[channel] for channel in channels), contacts], float)


def _check_count(subject: str, value: object, least: int, mend: str) -> None:
    if not is_number(value) or isinstance(value, float) or not value >= least:  # type: ignore[operator]
        raise SettingsError(f"{subject} is a whole number of {least} or more, got {value!r}. Write {mend}.")
