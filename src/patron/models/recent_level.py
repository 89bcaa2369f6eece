"""Recent level: how much more or less is bought of late than the known cutoffs led to expect.

The labels of the last known cutoff took a horizon to come in, so a model knows the trade of a while ago. Orders of the
last third of that horizon are known too, and say where the level went. What this third of a year is like every year
is its season, and no news.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from patron.models.calibration import level
from patron.models.candidates import Estimator, logit
from patron.models.clv.purchase_process import SEEN, process_inputs
from patron.models.seasonality import same_season_before
from patron.models.serving import sigmoid
from patron.models.targets import Examples
from patron.periods import Span
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["recent_level", "shifted"]

PARTS = 3  # of the horizon, of which the last tells
MOST_CUTOFFS = 6
LEAST = 50  # customers that must be known at the later cutoff
SHARE = 0.6  # of what was off of late that goes on
SEASON = 0.75  # of what was off a year before that is no news now
TRUST = 10.0  # so much information does the expectation that nothing changed have


def recent_level(question: Question, source: RowSource, known: Sequence[datetime], end: datetime) -> float:
    """Return by how much the log-odds of a purchase are higher of late than a model of the known cutoffs says.

    A logit of recency and pace, fitted at the known cutoffs, is asked for the last third of the horizon before *end*;
    most of what is off goes on. Where the season is known, what was off in the same third of earlier years is taken
    away first. Nothing is known of a panel, or of few customers: 0.

    Args:
        question: who is asked about, and how far ahead.
        source: what the rows come from.
        known: cutoffs of training.
        end: events before it may be looked at; all labels of the known cutoffs have ended by then.
    """
    window = Span(max(1, round((question.horizon.days or 1) / PARTS)))
    later = end - window.delta
    lately, starts = sorted(known)[-MOST_CUTOFFS:], source.starts
    before = same_season_before(later, known, starts, question.horizon) if starts else ()
    seen = source.orders_within(question, window, SEEN, sorted({*lately, later, *before}))
    if seen is None:
        return 0.0
    rows, bought = seen
    X, y = rows.X.iloc[:, process_inputs(list(rows.X.columns))].to_numpy(), bought.astype(np.int64)
    fitted = rows.at(*lately)
    if len(np.unique(y[fitted])) < 2:
        return 0.0
    pace = {"recency": 0, "tenure": 1, "orders": 2, "totals": [2], "days": question.horizon.days}
    model = logit(X[fitted], _yes_or_no(y[fitted]), [0], pace)
    news, *seasons = (_off(model, X[here], y[here]) for here in map(rows.at, (later, *before)))
    return SHARE * (news - SEASON * float(np.mean(seasons or [0.0])))


def _off(model: Estimator, X: np.ndarray, y: np.ndarray) -> float:
    """Return by how much the log-odds of a model are too low, leaning on not at all; 0 where too little is known."""
    if len(y) < LEAST or len(np.unique(y)) < 2:
        return 0.0
    expected = model.log_odds(X, _yes_or_no(y))
    off = float(level(expected, y)[0])
    chance = sigmoid(expected[:, 0] + off)
    information = float((chance * (1.0 - chance)).sum())
    return off * information / (information + TRUST)


def shifted(estimator: Estimator, shift: Sequence[float]) -> Estimator:
    """Return the estimator with its log-odds moved alike for everybody, by class."""
    spec = {"kind": "shifted", "of": estimator.spec, "shift": list(shift)}
    return Estimator(spec, estimator.booster, estimator.rounds, estimator.parameters)


def _yes_or_no(y: np.ndarray) -> Examples:
    return Examples(np.arange(len(y)), None, y, 2)
