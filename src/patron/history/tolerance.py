"""Tolerance: how far tables may differ from those of a training, and rows be unfit, before scoring is refused."""

from dataclasses import dataclass

from patron.errors import SettingsError, is_number, listed

__all__ = ["BAD_ROWS", "CHECKS", "LEVELS", "Tolerance"]

CHECKS = ("columns", "types", "unknown", "range", "kinds", "rows", "stale", "keys", "set_aside")
LEVELS = ("hard", "soft", "off")
BAD_ROWS = ("", "fail", "quarantine")


@dataclass(frozen=True)
class Tolerance:
    """How far tables may differ from those of a training, and rows be unfit, before scoring is refused.

    Each check is "hard" where every difference that it sees refuses, "soft" where all are only told, "off" where
    nobody looks; empty where large ones refuse and small ones are told.

    Args:
        columns: tables and columns that are gone.
        types: columns of another type.
        unknown: values that are unknown more often.
        range: numbers that lie lower or higher.
        kinds: texts that are new.
        rows: rows that are fewer, or more, than there should be.
        stale: tables whose newest event is old.
        keys: keys that meet those of other tables less often.
        set_aside: rows that cannot be used more often.
        freshness: days that the newest event may be old at the time of a run; None where training tells what is usual.
        on_bad_rows: "fail" at the first row that cannot be used, "quarantine" to keep them in files of their own;
            empty to count them.
        max_bad_share: the share of the rows of a table that may be kept in quarantine; beyond it is refused.

    Raises:
        SettingsError: a value is none of these.

    >>> Tolerance(range="off").level_of("range", "hard"), Tolerance().level_of("range", "soft")
    ('off', 'soft')
    """

    columns: str = ""
    types: str = ""
    unknown: str = ""
    range: str = ""
    kinds: str = ""
    rows: str = ""
    stale: str = ""
    keys: str = ""
    set_aside: str = ""
    freshness: float | None = None
    on_bad_rows: str = ""
    max_bad_share: float = 0.05

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant."""
        for check in CHECKS:
            level = getattr(self, check)
            if level not in ("", *LEVELS):
                raise SettingsError(
                    f"The check {check} of [contract] is one of {listed(map(repr, LEVELS))}, got {level!r}. "
                    f'Write {check} = "soft", or leave it out.'
                )
        if self.on_bad_rows not in BAD_ROWS:
            raise SettingsError(
                f"Rows that cannot be used 'fail' a run or go to 'quarantine', got {self.on_bad_rows!r}. "
                'Write on_bad_rows = "quarantine", or leave it out.'
            )
        if not is_number(self.max_bad_share) or not 0 <= self.max_bad_share <= 1:
            raise SettingsError(
                f"The share of rows in quarantine is a number from 0 to 1, got max_bad_share = "
                f"{self.max_bad_share!r}. Write max_bad_share = 0.05."
            )
        if self.freshness is not None and (not is_number(self.freshness) or self.freshness < 0):
            raise SettingsError(
                f"The freshness is a number of days from 0 on, got {self.freshness!r}. Write freshness = 2."
            )

    def level_of(self, check: str, by_size: str) -> str:
        """Return how much a difference weighs that is "hard" or "soft" by its size."""
        return str(getattr(self, check)) or by_size
