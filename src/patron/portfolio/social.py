"""Social value: what customers are worth by those they brought, by their ties and by what they know, counted once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from patron.history.history import History
from patron.history.ties import LOOP, referrals_of, ties_before
from patron.portfolio.knowledge import knowledge_at
from patron.portfolio.referral_value import referral_value
from patron.portfolio.spread import LEAST_PAIRS, Spread, spread_of
from patron.portfolio.terms import PortfolioTerms

__all__ = ["Social", "social"]

NO_TIES = (
    "No table says whom a tie leads to. Declare that column of the table of referrals or ties: "
    '[tables.referrals] other = "the column of who was brought"; in Python pt.events(..., other="...").'
)

KNOWLEDGE = ("suggestions_accepted", "requests_deflected", "knowledge")


@dataclass(frozen=True)
class Social:
    """What relationships between customers are worth beside what each of them buys.

    Args:
        ties: how many there are.
        referred: how many customers were brought by another.
        referrers: how many brought at least one.
        longest: how many customers stand above the last in the longest chain.
        cut: how many referrals carry nothing, by whom they lead to.
        profit: of all customers: `kept` of their own, `credited` to who brought them, and their sum, `all`.
        spread: whether customers leave together along ties; None where it is not known.
        knowledge: of all customers `suggestions_accepted`, `requests_deflected` and what they are worth, `knowledge`,
            as far as columns tell it.
    """

    ties: int = 0
    referred: int = 0
    referrers: int = 0
    longest: int = 0
    cut: Mapping[str, int] = field(default_factory=dict)
    profit: Mapping[str, float] = field(default_factory=dict)
    spread: Spread | None = None
    knowledge: Mapping[str, float] = field(default_factory=dict)

    @property
    def lost(self) -> str:
        """Whom the referrals that carry nothing lead to, in words; empty where there are none."""
        known = ((why, f"{count:,}") for why, count in self.cut.items() if count)
        return ", ".join(f"{count} {'by' if why == LOOP else 'to'} {why}" for why, count in known)


def social(
    history: History,
    cutoff: datetime,
    frames: Sequence[pd.DataFrame],
    terms: PortfolioTerms,
    left_out: dict[str, str],
) -> tuple[pd.DataFrame, Social]:
    """Return the customers of the last of the tables with their social value, and what it comes to.

    Args:
        history: the checked event tables.
        cutoff: that of the last table.
        frames: customers at one or two cutoffs, with `profit` and `equity` where they are known.
        terms: which share of a profit goes to who brought a customer, and what a suggestion is worth.
        left_out: what could not be told, and why; it is added to.

    Returns:
        the customers with `brought` (how many), `passed_on`, `credited` and `social_value` where profit is known;
        `influence`, the equity of ties that is at stake if the customer leaves, where leaving spreads; `knowledge`.
    """
    customers = _with_knowledge(history, cutoff, frames[-1], terms, left_out)
    ties = ties_before(history, cutoff)
    if ties is None:
        left_out["social value"] = NO_TIES
        return customers, Social(knowledge=_known(customers))
    referrals = referrals_of(ties, customers.customer, customers.tenure.to_numpy())
    brought = referrals.referrer[referrals.referrer >= 0]
    customers = customers.assign(brought=np.bincount(brought, minlength=len(customers)))
    if "profit" in customers:
        value = referral_value(customers.profit.to_numpy(), referrals, terms.referral_share)
        customers = customers.assign(**{name: value[name].to_numpy() for name in value})
    pairs = _pairs(ties, customers)
    spread = _spread(pairs, frames, left_out)
    return _with_influence(customers, pairs, spread), Social(
        ties=len(pairs),
        referred=len(brought),
        referrers=len(np.unique(brought)),
        longest=int(referrals.depth.max(initial=0)),
        cut=referrals.cut,
        profit=_sums(customers),
        spread=spread,
        knowledge=_known(customers),
    )


def _known(customers: pd.DataFrame) -> dict[str, float]:
    return {name: float(customers[name].sum()) for name in KNOWLEDGE if name in customers}


def _sums(customers: pd.DataFrame) -> dict[str, float]:
    if "credited" not in customers:
        return {}
    kept, credited = float((customers.profit - customers.passed_on).sum()), float(customers.credited.sum())
    return {"kept": kept, "credited": credited, "all": kept + credited}


def _with_knowledge(
    history: History, cutoff: datetime, customers: pd.DataFrame, terms: PortfolioTerms, left_out: dict[str, str]
) -> pd.DataFrame:
    known = knowledge_at(history, cutoff, terms.kinds, terms.suggestion_value)
    if known.empty:
        left_out["knowledge value"] = (
            "No column of the contacts says which suggestions were accepted, or how many requests of others a customer "
            "deflected. Call them accepted and deflected."
        )
        return customers
    return customers.merge(known, "left", "customer")


def _pairs(ties: pd.DataFrame, customers: pd.DataFrame) -> np.ndarray:
    """Return the places of both ends of each tie between two customers, each pair once, shape (pairs, 2)."""
    keys = pd.Index(customers.customer)
    ends = np.column_stack([keys.get_indexer(ties.customer), keys.get_indexer(ties.other)])
    between = (ends >= 0).all(axis=1) & (ends[:, 0] != ends[:, 1])
    return np.asarray(np.unique(np.sort(ends[between], axis=1), axis=0))


def _spread(pairs: np.ndarray, frames: Sequence[pd.DataFrame], left_out: dict[str, str]) -> Spread | None:
    """Test whether those who ordered in the time before the earlier cutoff and not since leave along ties."""
    now = frames[-1]
    before = frames[0].set_index("customer").reindex(now.customer)
    days = (
        float((now.tenure.to_numpy() - before.tenure.to_numpy())[before.tenure.notna()].max())
        if len(frames) > 1
        else 0.0
    )
    active = (before.recency <= days).to_numpy()
    left = (now.orders.to_numpy() == before.orders.to_numpy()) & active
    scores = before.reindex(columns=["score_recency", "score_frequency"]).fillna(0).to_numpy(int)
    tested = pairs[active[pairs].all(axis=1)] if len(frames) > 1 else pairs[:0]
    result = spread_of(tested, left, scores @ np.array([10, 1]))
    if result is None:
        left_out["leaving along ties"] = (
            f"It needs {LEAST_PAIRS} ties between customers who both ordered in the time before the earlier cutoff, "
            "and of whom some ordered again since and some did not."
        )
    return result


def _with_influence(customers: pd.DataFrame, pairs: np.ndarray, spread: Spread | None) -> pd.DataFrame:
    if spread is None or "equity" not in customers:
        return customers
    equity, at_stake = np.maximum(customers.equity.to_numpy(), 0.0), np.zeros(len(customers))
    for own, other in ((0, 1), (1, 0)):
        np.add.at(at_stake, pairs[:, own], equity[pairs[:, other]])
    return customers.assign(influence=spread.excess * at_stake)
