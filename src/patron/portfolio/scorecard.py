"""Scorecard: the four C's by segment or tier (needs, cost, communication, convenience), with what they were before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from patron.features import available, contacts, purchases, service
from patron.history.history import History
from patron.metrics.ratios import ratio
from patron.periods import Span
from patron.portfolio.customers import LATELY
from patron.portfolio.payback import cost_of_each
from patron.portfolio.relationship_return import relationship_costs
from patron.portfolio.terms import PortfolioTerms
from patron.questions.matrices import exact_features

__all__ = ["RATIOS", "Ratio", "scorecard", "service_rows", "unknown_ratios"]

GROUPS = ("segment", "tier")


@dataclass(frozen=True)
class Ratio:
    """One figure of the scorecard: a ratio of sums over the customers of a group.

    Args:
        name: what it is called.
        about: which of the four C's it tells of.
        words: what it counts.
        needs: the columns of customers without which it is left out.
        tables: what tells these columns.
        top: what is counted.
        bottom: what it is counted for.
    """

    name: str
    about: str
    words: str
    needs: tuple[str, ...]
    tables: str
    top: Callable[[pd.DataFrame], pd.Series]
    bottom: Callable[[pd.DataFrame], pd.Series]


RATIOS = (
    Ratio(
        "kept",
        "customer needs",
        "share of the money of orders that was not sent back",
        ("ordered", "refunded"),
        "amounts and returns",
        lambda c: c.ordered - c.refunded,
        lambda c: c.ordered,
    ),
    Ratio(
        "serve",
        "cost",
        "cost to serve by the money spent",
        ("served", "spend"),
        "contacts, tickets or offers that cost",
        lambda c: c.served,
        lambda c: c.spend,
    ),
    Ratio(
        "win",
        "cost",
        "cost to win a customer",
        ("won_for",),
        "acquisition_cost below [portfolio]",
        lambda c: c.won_for,
        lambda c: c.won_for * 0.0 + 1.0,
    ),
    Ratio(
        "begun",
        "communication",
        "contacts that customers began, for each that the business did",
        ("contacts", "contacts_begun"),
        "contacts with a direction",
        lambda c: c.contacts_begun,
        lambda c: c.contacts - c.contacts_begun,
    ),
    Ratio(
        "requests",
        "convenience",
        "requests for service, for each order",
        ("tickets", "orders"),
        "tickets",
        lambda c: c.tickets,
        lambda c: c.orders,
    ),
)


def service_rows(
    history: History, times: Sequence[datetime], frames: Sequence[pd.DataFrame], window: Span, terms: PortfolioTerms
) -> list[pd.DataFrame]:
    """Return what the four C's are counted of: a table for each cutoff, a row for each customer, with their groups.

    Args:
        history: the checked event tables.
        times: the cutoffs, the later one last.
        frames: the customers at each, with `segment` and `tier` where they are known.
        window: the time before a cutoff that is looked at.
        terms: what it costs to win a customer.
    """
    parts = (purchases.orders, purchases.spend, service.ordered, service.refunded, contacts.contacts)
    known = available(history, tuple(part.over(window) for part in (*parts, contacts.contacts_begun, contacts.tickets)))
    table = exact_features(history, known[0], times)
    table.columns = [str(name).removesuffix(f"_{window}") for name in table.columns]
    return [
        _with_costs(table[table.cutoff == at].reset_index(drop=True), frame, terms)
        for at, frame in zip(times, frames, strict=True)
    ]


def scorecard(rows: Sequence[pd.DataFrame], group: str) -> pd.DataFrame:
    """Return the four C's of each group, and what they were at the earlier cutoff; empty where no group is known.

    Args:
        rows: what `service_rows` returns.
        group: "segment" or "tier".

    Returns:
        the group, `figure` (the name of one of `RATIOS`), `customers`, `value` with its 95 % interval over customers
        `low` to `high`, and `before`, that of who was in the group at the earlier cutoff; without the figures that
        no column tells.

    Source: R. F. Lauterborn, New marketing litany, Advertising Age 61 (1990), for the four C's.
    """
    if group not in rows[-1]:
        return pd.DataFrame()
    sides = [_by_group(table, group) for table in rows]
    card = sides[-1]
    before = sides[0].value if len(sides) > 1 else pd.Series(np.nan, card.index)
    return card.assign(before=before.reindex(card.index)).reset_index()


def unknown_ratios(rows: Sequence[pd.DataFrame]) -> dict[str, str]:
    """Return the figures of the four C's that no column tells, and what would.

    Args:
        rows: what `service_rows` returns.
    """
    unknown = [figure for figure in RATIOS if not set(figure.needs) <= set(rows[-1].columns)]
    needs = "; ".join(f"{figure.words} needs {figure.tables}" for figure in unknown)
    return {"some of the four C's": f"{needs[0].upper()}{needs[1:]}."} if unknown else {}


def _with_costs(table: pd.DataFrame, frame: pd.DataFrame, terms: PortfolioTerms) -> pd.DataFrame:
    costs = [f"{name}{LATELY}" for name in relationship_costs(frame)]
    table = table.assign(**{name: frame[name] for name in GROUPS if name in frame})
    if costs:
        table["served"] = -frame[costs].sum(axis=1)
    if terms.acquisition_cost is not None and (isinstance(terms.acquisition_cost, float | int) or "channel" in frame):
        table["won_for"] = cost_of_each(frame, terms.acquisition_cost).to_numpy()
    return table


def _by_group(table: pd.DataFrame, group: str) -> pd.DataFrame:
    rows = [
        (name, figure.name, len(those), *_ratio(figure, those))
        for name, those in table.groupby(group, sort=False)
        for figure in RATIOS
        if set(figure.needs) <= set(table.columns)
    ]
    columns = [group, "figure", "customers", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns).set_index([group, "figure"])


def _ratio(figure: Ratio, those: pd.DataFrame) -> tuple[float, float, float]:
    top, bottom = (np.nan_to_num(side(those).to_numpy(np.float64)) for side in (figure.top, figure.bottom))
    value, half = ratio(top, bottom)
    return value, max(value - half, 0.0) if (top >= 0).all() else value - half, value + half
