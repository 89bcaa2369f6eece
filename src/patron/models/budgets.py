"""Budgets: how long is tuned."""

from dataclasses import dataclass

from patron.errors import SettingsError, is_number

__all__ = ["Budget"]


@dataclass(frozen=True)
class Budget:
    """How long is tuned.

    Args:
        minutes: after which no more trial begins.
        trials: the most that a study has in all; None where only time counts.

    Raises:
        SettingsError: nothing would be tried.

    >>> Budget(minutes=0.5).trials is None
    True
    """

    minutes: float = 10.0
    trials: int | None = None

    def __post_init__(self) -> None:
        """Refuse a budget of nothing."""
        if not is_number(self.minutes) or self.minutes <= 0:
            raise SettingsError(
                f"Tuning needs a budget of more than 0 minutes, got minutes = {self.minutes!r}: nothing would be "
                "tried. Give for example minutes = 10, or do not tune: the defaults are meant to do without."
            )
        if self.trials is not None and (not isinstance(self.trials, int) or self.trials < 1):
            raise SettingsError(
                f"Tuning needs at least one trial, got trials = {self.trials!r}. Give for example trials = 40, or "
                "leave it out: then only time counts."
            )
