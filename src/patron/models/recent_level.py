"""Recent level: how much more or less is bought of late than the known cutoffs led to expect.

The labels of the last known cutoff took a horizon to come in, so a model knows the trade of a while ago. Orders of the
last third of that horizon are known too, and say where the level went.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from patron.models.calibration import level
from patron.models.candidates import Estimator, logit
from patron.models.clv.purchase_process import SEEN, process_inputs
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
TRUST = 10.0  # so much information does the expectation that nothing changed have


def recent_level(question: Question, source: RowSource, known: Sequence[datetime], end: datetime) -> float:
    """Return by how much the log-odds of a purchase are higher of late than a model of the known cutoffs says.

    A logit of recency and pace, fitted at the known cutoffs, is asked for the last third of the horizon before *end*;
    most of what is off goes on. Nothing is known of a panel, or of few customers: 0.

    Args:
        question: who is asked about, and how far ahead.
        source: what the rows come from.
        known: cutoffs of training.
        end: events before it may be looked at; all labels of the known cutoffs have ended by then.
    """
    window = Span(max(1, round((question.horizon.days or 1) / PARTS)))
    later = end - window.delta
    seen = source.orders_within(question, window, SEEN, [*sorted(known)[-MOST_CUTOFFS:], later])
    if seen is None:
        return 0.0
    rows, bought = seen
    inputs = process_inputs(list(rows.X.columns))
    X, late = rows.X.iloc[:, inputs].to_numpy(), rows.at(later)
    y = bought.astype(np.int64)
    if late.sum() < LEAST or len(np.unique(y[late])) < 2 or len(np.unique(y[~late])) < 2:
        return 0.0
    pace = {"recency": 0, "tenure": 1, "orders": 2, "totals": [2], "days": question.horizon.days}
    expected = logit(X[~late], _yes_or_no(y[~late]), [0], pace).log_odds(X[late], _yes_or_no(y[late]))
    off = float(level(expected, y[late])[0])
    chance = sigmoid(expected[:, 0] + off)
    information = float((chance * (1.0 - chance)).sum())
    return SHARE * off * information / (information + TRUST)


def shifted(estimator: Estimator, shift: Sequence[float]) -> Estimator:
    """Return the estimator with its log-odds moved alike for everybody, by class."""
    spec = {"kind": "shifted", "of": estimator.spec, "shift": list(shift)}
    return Estimator(spec, estimator.booster, estimator.rounds, estimator.parameters)


def _yes_or_no(y: np.ndarray) -> Examples:
    return Examples(np.arange(len(y)), None, y, 2)
