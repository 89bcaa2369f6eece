"""Breaks: one difference each between the tables of a training and those of today, told and refused all at once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from patron.errors import ScoreError
from patron.history.tolerance import Tolerance

__all__ = ["HARD", "SOFT", "Break", "break_table", "check_breaks", "tolerated"]

HARD, SOFT = "hard", "soft"
MEND = {
    "columns": "bring it back",
    "types": "write it as before",
    "unknown": "fill it again",
    "range": "write it in the same unit",
    "kinds": "write the kinds as before",
    "rows": "load the table whole, and once",
    "stale": "load what came since",
    "keys": "write the keys as in the other table",
    "set_aside": "mend the rows (patron check tells why)",
}


@dataclass(frozen=True)
class Break:
    """One difference between the tables of a training and those of today.

    Args:
        table: in which.
        column: of it; empty where it is about whole rows.
        check: which check saw it, as `[contract]` calls it.
        training: what was in training, in words.
        now: what is now.
        level: "hard" where scoring is refused, "soft" where it is told.
    """

    table: str
    column: str
    check: str
    training: str
    now: str
    level: str

    @property
    def mend(self) -> str:
        """What to do about it."""
        return MEND[self.check]

    @property
    def words(self) -> str:
        """The difference as one line."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: {self.now}; in training {self.training} ({self.check}: {self.mend})"


def tolerated(breaks: Sequence[Break], tolerance: Tolerance) -> list[Break]:
    """Return breaks, each once, as hard as the settings have them, the hard ones first."""
    levels = {b: tolerance.level_of(b.check, b.level) for b in breaks}
    kept = [Break(**asdict(b) | {"level": level}) for b, level in levels.items() if level != "off"]
    return sorted(dict.fromkeys(kept), key=lambda b: (b.level, b.table, b.column))


def break_table(breaks: Sequence[Break]) -> pd.DataFrame:
    """Return breaks as a table, a line for each.

    >>> break_table([Break("orders", "amount", "unknown", "at most 0%", "all 30 rows", "hard")]).level.tolist()
    ['hard']
    """
    columns = ["table", "column", "check", "training", "now", "level", "mend"]
    return pd.DataFrame([asdict(b) | {"mend": b.mend} for b in breaks], columns=columns)


def check_breaks(breaks: Sequence[Break]) -> None:
    """Refuse to score where a break is hard, with all of them.

    Raises:
        ScoreError: a line for each hard break, and what to do.
    """
    hard = [b for b in breaks if b.level == HARD]
    if not hard:
        return
    lines = "".join(f"\n  {b.words}" for b in hard)
    count = f"{len(hard)} ways" if len(hard) > 1 else "one way"
    first = hard[0].check
    raise ScoreError(
        f"The tables differ from those of the training in {count} that would make answers wrong:{lines}\n"
        f'Mend them; or train again: patron train; or score all the same: [contract] {first} = "soft"'
    )
