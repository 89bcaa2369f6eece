"""The portfolio: which customers are worth what today, where they are going, and which moves have settled."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from patron.history import History
from patron.matrices import matrix
from patron.models.scoring import score
from patron.models.serving import Bundle
from patron.questions import Question

__all__ = ["migration", "settled", "settled_tiers"]

PERIODS = 3


def migration(scores: pd.DataFrame, tiers: Sequence[str]) -> pd.DataFrame:
    """Return how many customers stand in each tier today (rows) and are expected in each tier next (columns).

    Args:
        scores: answers of a tier question, with `present_tier` and `tier`.
        tiers: all tiers, worst first.

    >>> scores = pd.DataFrame({"present_tier": ["gold", "gold", "lead"], "tier": ["gold", "iron", "lead"]})
    >>> migration(scores, ["lead", "iron", "gold"]).loc["gold"].tolist()
    [0, 1, 1]
    """
    counted = pd.crosstab(scores.present_tier, scores.tier)
    return counted.reindex(index=list(tiers), columns=list(tiers), fill_value=0)


def settled(tiers: Sequence[pd.Series]) -> pd.Series:
    """Return each customer's tier that has held for two periods, so that tiers flap less.

    A tier changes when two periods running say so; until then the one before stands.

    Args:
        tiers: the tier of each customer (index) in consecutive periods, oldest first; a customer may join late.

    >>> months = [pd.Series({"ann": "gold", "bob": "gold"}), pd.Series({"ann": "iron", "bob": "iron"}),
    ...           pd.Series({"ann": "gold", "bob": "iron"})]
    >>> settled(months).to_dict()
    {'ann': 'gold', 'bob': 'iron'}
    """
    latest = tiers[-1].index
    before = tiers[0].reindex(latest)
    stands = before
    for now in (one.reindex(latest) for one in tiers[1:]):
        stands = now.where((now == before) | stands.isna(), stands)
        before = now
    return stands


def settled_tiers(model: Bundle, question: Question, history: History, scores: pd.DataFrame) -> pd.Series:
    """Return the settled tier of each scored customer, from the answers of the last three periods.

    A period is a third of the horizon. Where the history is too young to look back, the tier of today stands.

    Args:
        model: of the tier question.
        question: the tier question, with the features of the model.
        history: the checked event tables.
        scores: today's answers: `customer`, `cutoff`, `tier`.
    """
    today = scores.cutoff.max().to_pydatetime()
    step = timedelta(days=max(1, (question.horizon.days or 0) // PERIODS))
    earlier = [today - k * step for k in range(PERIODS - 1, 0, -1) if today - k * step > history.starts]
    told = [score(model, matrix(question, history, [cutoff])) for cutoff in earlier]
    by_period = [one.set_index("customer").tier for one in (*told, scores)]
    return settled(by_period).reindex(scores.customer).set_axis(scores.index)
