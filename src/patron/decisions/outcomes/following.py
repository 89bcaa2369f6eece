"""Following: which decisions were carried out, by whom and why not, and what those earned beside the others."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from patron.decisions.outcomes.campaigns import KNOWN_BEFORE
from patron.decisions.outcomes.decision_tables import TREAT
from patron.decisions.outcomes.differences import difference
from patron.metrics import Estimate

__all__ = ["following", "with_done"]

FEWEST = 10  # customers on each side
UNSAID = "not said"


def with_done(rows: pd.DataFrame, done: pd.DataFrame | None) -> pd.DataFrame:
    """Return decisions with `done` (true, false, or null where nobody said), `why` and `team`.

    Args:
        rows: the decisions of a cutoff.
        done: what was really done (`Window.carried_out`).
    """
    if done is None:
        return rows
    key = ["customer", *(["offer"] if "offer" in done else [])]
    return rows.merge(done, "left", key).astype({"done": "boolean"})


def following(rows: Sequence[pd.DataFrame]) -> dict[str, Any]:
    """Describe how many decisions to treat were followed, and what that was worth.

    Who was left out was chosen by somebody, so that the difference is observational: it is adjusted for what was known
    before, not for what the team knew.

    Args:
        rows: the decisions of each cutoff, with what came of them and what was done.

    Returns:
        Counts of followed, overridden and unreported; `share` followed of those reported; `why` by reason; `teams`, the
        share followed by team; `effect`, what a followed decision earned more than an overridden one. Nothing where no
        table says what was done.
    """
    reported = [frame[frame.group == TREAT] for frame in rows if "done" in frame]
    if not reported:
        return {}
    treated = pd.concat(reported, ignore_index=True)
    said = treated[treated.done.notna()]
    carried, overridden = said[said.done.astype(bool)], said[~said.done.astype(bool)]
    return {
        "followed": len(carried),
        "overridden": len(overridden),
        "unreported": len(treated) - len(said),
        "share": len(carried) / len(said) if len(said) else math.nan,
        "why": _counts(overridden, "why"),
        "teams": _shares(said),
        "effect": _effect(said),
        "evidence": "observational",
    }


def _counts(rows: pd.DataFrame, column: str) -> dict[str, int]:
    if column not in rows:
        return {}
    counts = rows[column].fillna(UNSAID).astype(str).value_counts().sort_index()
    return {str(name): int(count) for name, count in counts.items()}


def _shares(rows: pd.DataFrame) -> dict[str, float]:
    if "team" not in rows:
        return {}
    by_team = rows.assign(team=rows.team.fillna(UNSAID).astype(str)).groupby("team").done.mean()
    return {str(team): float(share) for team, share in by_team.items()}


def _effect(rows: pd.DataFrame) -> Estimate:
    """Return the adjusted difference of what followed and overridden decisions earned, before the cost of offers."""
    done = rows.done.astype(bool)
    if "gross" not in rows or min(done.sum(), (~done).sum()) < FEWEST:
        return Estimate(math.nan, math.nan, math.nan)
    known = rows[[name for name in ("before", *KNOWN_BEFORE) if name in rows]].fillna(0.0)
    return difference(rows.gross, done, known.loc[:, ~known.columns.duplicated()]).interval()
