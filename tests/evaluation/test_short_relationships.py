"""A game: sessions of days, most players gone after one, few who ever pay; the questions work there too."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.evaluation.backtests import judge
from patron.history.history import History
from patron.history.sources import events
from patron.models.training import train
from patron.periods import Split
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import labels, matrix
from patron.questions.profit import CostModel

LAUNCH = datetime(2024, 3, 1)
SPLIT = Split.of(
    [LAUNCH + timedelta(days=d) for d in (21, 28)],
    [LAUNCH + timedelta(days=35)],
    [LAUNCH + timedelta(days=42)],
)


@pytest.fixture(scope="module")
def game() -> History:
    """1,500 players over seven weeks: six in ten play once, the others come back for days; one in twelve pays."""
    rng = np.random.default_rng(5)
    lines = []
    for player in range(1500):
        at = float(rng.uniform(0, 45))
        often, pays = rng.gamma(1.5, 1.2), rng.random() < 0.08
        while at < 50:
            spent = float(rng.gamma(1.5, 4.0)) if pays and rng.random() < 0.3 else 0.0
            lines.append((f"player-{player}", LAUNCH + timedelta(days=at), round(spent, 2)))
            if rng.random() < (0.6 if len(lines) == 1 or lines[-2][0] != lines[-1][0] else 0.12):
                break
            at += 0.1 + float(rng.exponential(often))
    return History.of(orders=events(pd.DataFrame(lines, columns=["customer", "at", "amount"])))


@pytest.mark.parametrize(
    "question",
    [
        churn(horizon=7, active_in=14),
        next_purchase(horizon=7, within=(1, 3), active_in=14),
        tier(horizon=7, costs=CostModel(margin_rate=0.7), active_in=14),
    ],
    ids=lambda question: question.name,
)
def test_the_questions_are_answered_over_days(game, question):
    trained = train(question, game, SPLIT)
    tested = matrix(trained.question, game, SPLIT.test)
    happened = labels(trained.question, game, SPLIT.test)
    card = judge(trained, tested, happened)
    predictions = trained.model.predict(tested.X)
    assert (tested.X.orders == 1).mean() > 0.25
    assert predictions.select_dtypes("number").notna().all(axis=None)
    first = next(iter(card.measured[trained.champion].values()))
    assert first.value > (0.55 if question.name != "tier" else 0.0)


def test_the_chance_to_play_again_rises_with_the_days(game):
    trained = train(next_purchase(horizon=7, within=(1, 3), active_in=14), game, SPLIT)
    predictions = trained.model.predict(matrix(trained.question, game, SPLIT.test).X)
    assert (predictions.purchase_within_1d <= predictions.purchase_within_3d).all()
    assert (predictions.purchase_within_3d <= predictions.purchase_within_7d).all()
    assert (predictions.days_low <= predictions.days_median).all()
    assert (predictions.days_median <= predictions.days_high).all()
