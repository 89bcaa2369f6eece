"""Event rows: decisions and what came of them as event tables, which the next history reads like any other."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from patron.decisions.outcomes.campaigns import Campaign
from patron.decisions.outcomes.decision_tables import TREAT

__all__ = ["OFFER_COLUMNS", "offer_rows", "outcome_rows"]

OFFER_COLUMNS = ("customer", "at", "offer", "arm", "propensity", "cost", "accepted")
OUTCOME_COLUMNS = ("customer", "at", "cutoff", "offer", "arm", "kept", "earned")
TREATED, HELD = "treated", "control"


def offer_rows(campaigns: Sequence[Campaign]) -> pd.DataFrame:
    """Return the decisions as a table of offers: customer, at, offer, arm, propensity, cost, accepted.

    An offer that is known to have reached nobody is left out. The cost is the planned one, and that of the control 0.
    """
    frames = [_offers(campaign) for campaign in campaigns if not campaign.reached_nobody]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(OFFER_COLUMNS))


def outcome_rows(campaigns: Sequence[tuple[datetime, Campaign]]) -> pd.DataFrame:
    """Return what came of decisions, each at the time since when it is known.

    Args:
        campaigns: those whose horizon is over, each with the end of it.
    """
    frames = [
        campaign.rows.assign(at=pd.Timestamp(end), arm=_arms(campaign.rows)).reindex(columns=list(OUTCOME_COLUMNS))
        for end, campaign in campaigns
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(OUTCOME_COLUMNS))


def _offers(campaign: Campaign) -> pd.DataFrame:
    rows = campaign.rows
    treated = rows.group == TREAT
    frame = rows.assign(at=rows.cutoff, arm=_arms(rows)).reindex(columns=list(OFFER_COLUMNS))
    frame["cost"] = np.where(treated, frame.cost.astype(float), 0.0)
    if campaign.reached is not None:
        taken = campaign.reached.set_index("customer").accepted
        frame["accepted"] = np.where(treated, frame.customer.map(taken).astype(float), np.nan)
    return frame.astype({"propensity": float, "accepted": float})


def _arms(rows: pd.DataFrame) -> np.ndarray:
    return np.where(rows.group == TREAT, TREATED, HELD)
