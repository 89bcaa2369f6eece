"""Stable tiers: the tier of each customer that has held for two periods."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd

from patron.models.serving import Bundle
from patron.questions.question import Question
from patron.questions.row_source import Matrix
from patron.scoring.model import check_definitions
from patron.scoring.story import joint_tiers, leading_models

__all__ = ["earlier_cutoffs", "score_stable_tiers", "stable_tiers"]

PERIODS = 3


def stable_tiers(tiers: Sequence[pd.Series]) -> pd.Series:
    """Return each customer's tier that has held for two periods, so that tiers flap less.

    A tier changes when two periods running say so; until then the one before stands.

    Args:
        tiers: the tier of each customer (index) in consecutive periods, oldest first; a customer may join late.

    >>> months = [pd.Series({"ann": "gold", "bob": "gold"}), pd.Series({"ann": "iron", "bob": "iron"}),
    ...           pd.Series({"ann": "gold", "bob": "iron"})]
    >>> stable_tiers(months).to_dict()
    {'ann': 'gold', 'bob': 'iron'}
    """
    latest = tiers[-1].index
    before = tiers[0].reindex(latest)
    stable = before
    for now in (period.reindex(latest) for period in tiers[1:]):
        stable = now.where((now == before) | stable.isna(), stable)
        before = now
    return stable


def earlier_cutoffs(question: Question, today: datetime, starts: datetime) -> tuple[datetime, ...]:
    """Return the cutoffs of the periods before today that a stable tier looks back at, oldest first.

    A period is a third of the horizon. Where the history is too young to look back, there are fewer.

    Args:
        question: the tier question.
        today: the cutoff to score.
        starts: the first event of the history.

    >>> from patron.questions.kinds import tier
    >>> [f"{cutoff:%m-%d}" for cutoff in earlier_cutoffs(tier(30), datetime(2024, 5, 31), datetime(2024, 1, 1))]
    ['05-11', '05-21']
    >>> [f"{cutoff:%m-%d}" for cutoff in earlier_cutoffs(tier(30), datetime(2024, 5, 31), datetime(2024, 5, 12))]
    ['05-21']
    """
    period = timedelta(days=max(1, (question.horizon.days or 0) // PERIODS))
    before = (today - k * period for k in range(PERIODS - 1, 0, -1))
    return tuple(cutoff for cutoff in before if cutoff > starts)


def score_stable_tiers(models: Mapping[str, Bundle], model: Bundle, earlier: Matrix, scores: pd.DataFrame) -> pd.Series:
    """Return the stable tier of each scored customer, from the predictions of the last periods.

    Args:
        models: those whose answers tell one story, by the question's name.
        model: of the tier question, one of them.
        earlier: features at the earlier cutoffs.
        scores: today's predictions: `customer`, `tier`.
    """
    cutoffs = sorted(cutoff.to_pydatetime() for cutoff in earlier.key.cutoff.unique())
    past = [_tiers(leading_models(models, model), model, earlier.take(earlier.at(cutoff))) for cutoff in cutoffs]
    tiers = [*past, scores.set_index("customer").tier]
    return stable_tiers(tiers).reindex(scores.customer).set_axis(scores.index)


def _tiers(models: Mapping[str, Bundle], model: Bundle, rows: Matrix) -> pd.Series:
    """Return the tier that each customer was expected in at the one cutoff of some rows."""
    for needed in models.values():
        check_definitions(needed, rows)
    return pd.Series(joint_tiers(models, model, rows.X), rows.key.customer)
