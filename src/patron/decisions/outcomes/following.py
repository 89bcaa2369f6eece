"""Following: which decisions were carried out, by whom and why not, and what those earned beside the others."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from patron.decisions.outcomes.campaigns import KNOWN_BEFORE
from patron.decisions.outcomes.decision_tables import CARRIED_OUT, CHANGED, SKIPPED, TREAT
from patron.decisions.outcomes.differences import difference
from patron.metrics import Estimate

__all__ = ["following", "with_done"]

FEWEST = 10  # customers, or clusters, on each side
UNSAID = "not said"
ORDER = {CARRIED_OUT: 0, CHANGED: 1, SKIPPED: 2}
CAPACITY = r"capacity|staff|no time|overload"  # words of a reason that capacity was missing


def with_done(rows: pd.DataFrame, done: pd.DataFrame | None, decided: pd.DataFrame) -> pd.DataFrame:
    """Return decisions with `how` (carried out, changed, skipped, or null where nobody said), `done`, `why` and `team`.

    A report is about the customer's latest decision at that time. Another offer in the place of the one that was
    decided is a change.

    Args:
        rows: the decisions of a cutoff.
        done: what was really done (`Window.carried_out`).
        decided: the decisions of all cutoffs.
    """
    if done is None:
        return rows
    own = _of_latest(done, decided).merge(rows[["customer", "cutoff", "offer"]], on=["customer", "cutoff"])
    own = own.rename(columns={"offer_y": "offer", "offer_x": "given"})
    is_other = own.given.notna() & (own.given != own.offer) if "given" in own else pd.Series(False, own.index)
    own = own.assign(how=own.how.mask(is_other & (own.how == CARRIED_OUT), CHANGED))[~(is_other & (own.how == SKIPPED))]
    named = [name for name in ("why", "team") if name in done]
    ranked = own.assign(rank=own.how.map(ORDER)).sort_values("rank", kind="stable")
    first = ranked.groupby("customer", sort=False)[["how", *named]].first().reset_index()
    result = rows.merge(first, "left", "customer")
    return result.assign(done=result.how.eq(CARRIED_OUT).astype("boolean").mask(result.how.isna()))


def following(rows: Sequence[pd.DataFrame]) -> dict[str, Any]:
    """Describe how many decisions to treat were followed, and what that was worth.

    Who was left out was chosen by somebody, so that the difference is observational: it is adjusted for what was known
    before, not for what the team knew.

    Args:
        rows: the decisions of each cutoff, with what came of them and what was done.

    Returns:
        Counts of followed, overridden (changed and skipped) and unreported; `share` followed of those reported; `why`
        by reason; `teams`, the share followed by team; `capacity`, how many were not carried out for want of it and the
        gain that was promised of these; `effect`, what a followed decision earned more than an overridden one. Nothing
        where no table says what was done.
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
        "changed": int((overridden.how == CHANGED).sum()),
        "skipped": int((overridden.how == SKIPPED).sum()),
        "unreported": len(treated) - len(said),
        "share": len(carried) / len(said) if len(said) else math.nan,
        "why": _counts(overridden, "why"),
        "teams": _shares(said),
        "capacity": _lacking(overridden),
        "effect": _effect(said),
        "evidence": "observational",
    }


def _of_latest(done: pd.DataFrame, decided: pd.DataFrame) -> pd.DataFrame:
    """Return the reports with the cutoff of the decision that each is about, the latest of a customer and offer."""
    cutoffs = decided[["customer", "cutoff"]].sort_values("cutoff")
    own = done.assign(at=done["at"].astype("datetime64[us]"))
    own = pd.merge_asof(own, cutoffs, left_on="at", right_on="cutoff", by="customer").dropna(subset="cutoff")
    return own.drop_duplicates([name for name in ("customer", "cutoff", "offer") if name in own], keep="last")


def _lacking(overridden: pd.DataFrame) -> dict[str, Any]:
    """Return how many decisions capacity kept from being carried out, and the gain that was promised of them."""
    why = overridden.why.astype("string") if "why" in overridden else pd.Series("", overridden.index, dtype="string")
    rows = overridden[why.str.contains(CAPACITY, case=False, regex=True).fillna(False).astype(bool)]
    promised = math.fsum(rows.expected_gain.dropna()) if "expected_gain" in rows else math.nan
    return {"missing": len(rows), "promised": promised, "teams": _counts(rows, "team")}


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
    """Return the adjusted difference of what followed and overridden decisions earned, before the cost of offers.

    Those of a customer, or of a cluster that is held out as a whole, count together.
    """
    done, together = rows.done.astype(bool), rows.cluster if "cluster" in rows else rows.customer
    if "gross" not in rows or min(together[done].nunique(), together[~done].nunique()) < FEWEST:
        return Estimate(math.nan, math.nan, math.nan)
    known = rows[[name for name in ("before", *KNOWN_BEFORE) if name in rows]].fillna(0.0)
    return difference(rows.gross, done, known.loc[:, ~known.columns.duplicated()], together).interval()
