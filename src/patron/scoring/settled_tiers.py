"""Stable tiers: the tier of each customer that has held for two periods."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from patron.history.history import History
from patron.models.serving import Bundle
from patron.questions.matrices import matrix
from patron.questions.question import Question
from patron.scoring.model import predictions

__all__ = ["settled", "settled_tiers"]

PERIODS = 3


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
    told = [predictions(model, matrix(question, history, [cutoff])) for cutoff in earlier]
    by_period = [one.set_index("customer").tier for one in (*told, scores)]
    return settled(by_period).reindex(scores.customer).set_axis(scores.index)
