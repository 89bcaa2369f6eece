"""Causes: for what a contract ends, as shares of the chance that it does, so that the chances by cause add up to it."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from patron.models.candidates import logit
from patron.models.fitting import TrainingSet
from patron.models.serving import TargetSpec
from patron.models.targets import Examples

__all__ = ["OTHER", "cause_column", "with_causes"]

FEWEST = 20  # ends of a cause from which something can be learned
OTHER, UNKNOWN = "other", "unknown"


def with_causes(training_set: TrainingSet, causes: Sequence[str | None] | None) -> TrainingSet:
    """Return a training set whose model tells the chance of each cause too; the same where nothing tells causes.

    The cause of an end is learned from the rows that ended, by a multinomial regression on what the baselines look at:
    the end is a matter of when, its cause one of how (Prentice et al. 1978, The analysis of failure times in the
    presence of competing risks).

    Args:
        training_set: rows of a question about ends.
        causes: of each row that of its end within the horizon, None where it did not end or nobody said why.
    """
    ended = ~np.isnan(training_set.label)
    if causes is None or not any(cause is not None for cause in causes):
        return training_set
    texts = np.array([UNKNOWN if cause is None else cause for cause in causes], dtype=object)[ended]
    names, counts = np.unique(texts.astype(str), return_counts=True)
    kept = [str(name) for name in names[counts >= FEWEST]]
    order = [*kept, *([OTHER] if len(kept) < len(names) else [])]
    if len(order) < 2:
        return training_set
    y = np.array([order.index(text if text in kept else OTHER) for text in texts])
    active, others = training_set.baseline_columns
    examples = Examples(np.arange(len(y)), None, y, len(order))
    shares = logit(training_set.X[ended], examples, sorted({*active, *others}))
    answer: TargetSpec = {
        **training_set.answer,
        "causes": [cause_column(name) for name in order],
        "shares": shares.spec,
    }
    return replace(training_set, answer=answer)


def cause_column(cause: str | None) -> str:
    """Return a cause as the end of a column's name; one that nobody said is unknown.

    >>> cause_column("Payment failed (card)"), cause_column(None)
    ('payment_failed_card', 'unknown')
    """
    return re.sub(r"\W+", "_", (cause or UNKNOWN).strip().lower()).strip("_") or UNKNOWN
