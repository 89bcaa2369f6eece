"""Plan tables: the decisions a row for each customer chosen, and what every customer who was asked about receives."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.decisions.clusters import Clusters
from patron.decisions.draws import draws, start
from patron.decisions.exploration import GIVEN, Exploration
from patron.decisions.gains import Gains
from patron.decisions.holdout import held_out
from patron.decisions.offers import Offer
from patron.decisions.table_checks import NEEDED

__all__ = ["chosen_table", "held_back", "received_log"]


def held_back(
    customers: pd.DataFrame, clusters: Clusters, planned: np.ndarray, lot: Exploration, holdout: float, seed: int
) -> np.ndarray:
    """Return who gets nothing of those whom plan or lot chose an offer for; the lot says itself whom it gives nothing.

    Args:
        customers: all who were asked about.
        clusters: who is held out together.
        planned: position of the offer of each in the plan, -1 for none.
        lot: who explores.
        holdout: share of the others that is held out.
        seed: of the draw.
    """
    held = lot.drawn & ~lot.treated
    rows = np.flatnonzero((planned >= 0) & ~lot.drawn)
    chosen = customers.iloc[rows]
    risk, value = (chosen[name].to_numpy(np.float64) for name in ("churn_probability", "value"))
    draw, number = draws(clusters.key.iloc[rows], seed), clusters.number[rows]
    held[rows] = held_out(draw, number, planned[rows], risk, value, holdout, start(seed))
    return held


def chosen_table(
    customers: pd.DataFrame,
    clusters: Clusters,
    gains: Gains,
    offers: Sequence[Offer],
    given: np.ndarray,
    held: np.ndarray,
    chances: tuple[Exploration, float],
) -> pd.DataFrame:
    """Return the rows of those whom an offer was chosen for, the highest expected gain first.

    Args:
        customers: all who were asked about.
        clusters: who is held out together; where anybody is, the number of it is the column `cluster`.
        gains: what each offer is expected to earn with each of them.
        offers: what can be done.
        given: position of the offer that plan or lot chose for each, -1 for none.
        held: who of them gets nothing.
        chances: the lot, and the share that is held out.
    """
    lot, holdout = chances
    rows = np.flatnonzero(given >= 0)
    chosen = [offers[j] for j in given[rows]]
    treat, control = np.where(lot.drawn, GIVEN, 1 - holdout), np.where(lot.drawn, 1 - GIVEN, holdout)
    table = customers.iloc[rows][list(NEEDED)].assign(
        group=np.where(held[rows], "control", "treat"),
        offer=pd.array([offer.name for offer in chosen], dtype="str"),
        channel=pd.array([offer.channel for offer in chosen], dtype="str"),
        propensity=np.where(held, control, treat)[rows],
        explored=lot.drawn[rows],
        **({"cluster": clusters.number[rows]} if clusters.by else {}),
        **gains.columns(rows, given[rows]),
    )
    return table.iloc[np.lexsort((table.customer.astype(str), -table.expected_gain))].reset_index(drop=True)


def received_log(
    customers: pd.DataFrame,
    offers: Sequence[Offer],
    planned: np.ndarray,
    received: np.ndarray,
    chances: tuple[Exploration, float],
) -> pd.DataFrame:
    """Return what each customer receives, and the chance of just that.

    Args:
        customers: all who were asked about.
        offers: what can be done.
        planned: position of the offer of each in the plan, also of those whom the lot drew; -1 for none.
        received: position of what each gets, -1 for nothing.
        chances: the lot, and the share that is held out.
    """
    lot, holdout = chances
    names = pd.array([*(offer.name for offer in offers), ""], dtype="str")
    return customers[["customer", "cutoff"]].assign(
        offer=names[received], propensity=lot.chances(planned, received, holdout)
    )
