"""The law of renewals of all customers up to an instant, in the form in which a bundle keeps it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from patron.features import subscriptions
from patron.models.clv.shifted_geometric import fit_shifted_geometric
from patron.models.serving import TargetSpec, periods_passed
from patron.models.targets import target_of
from patron.periods import EVER
from patron.questions.question import Question
from patron.questions.row_source import RowSource

__all__ = ["fit_renewals_at", "renewal_inputs"]

PERIOD = 30.4375
MOST_RENEWALS = 400
SEEN = (
    subscriptions.contract_age,
    subscriptions.contract_term,
    subscriptions.last_contract_end,
    subscriptions.contracts_so_far,
    subscriptions.contracts_ended,
)
LAW = "renewals"


def renewal_inputs(names: Sequence[str]) -> list[int] | None:
    """Return where the age and the term of contracts stand among the features, None where the age is not there.

    >>> renewal_inputs(["contract_term", "contract_age"]), renewal_inputs(["contract_age"])
    ([1, 0], [0])
    """
    wanted = [feature.column(EVER) for feature in SEEN[:2]]
    return [list(names).index(name) for name in wanted if name in names] if wanted[0] in names else None


def fit_renewals_at(
    question: Question, source: RowSource, at: datetime, answer: TargetSpec, inputs: Sequence[int]
) -> dict[str, Any]:
    """Fit the law of renewals to all customers who had a contract before an instant; no label is needed.

    Args:
        question: what is asked.
        source: what the rows of the question come from.
        at: events before it are seen.
        answer: what a model of the question remembers.
        inputs: where the age and, where there are any, the term stand among the features.

    Returns:
        what `serving.process_log_odds` reads: parameters, the days of a period where there is no term, the edges of the
        horizon, the sign, the inputs.
    """
    termed = len(inputs) > 1
    known = tuple(feature for feature in SEEN if termed or feature is not subscriptions.contract_term)
    everybody = source.everybody(question, known, at)
    term = everybody.contract_term.to_numpy(np.float64) if termed else np.full(len(everybody), np.nan)
    gone = (everybody.contracts_ended >= everybody.contracts_so_far).to_numpy()
    length = everybody.contract_age.to_numpy(np.float64)
    length = np.where(gone, length - everybody.last_contract_end.to_numpy(np.float64), length)
    law = fit_shifted_geometric(*_renewals(length, term, gone))
    target = target_of(answer)
    parameters = {"law": LAW, "alpha": law.alpha, "beta": law.beta, "period": PERIOD}
    return parameters | {"edges": list(target.process_edges(answer)), "sign": target.sign, "inputs": list(inputs)}


def _renewals(length: np.ndarray, term: np.ndarray, gone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the contracts that ended at each renewal, and those that run on after each number of them."""
    passed = np.where(term > 0, periods_passed(length, term, PERIOD), np.floor(length / PERIOD))
    passed = np.clip(np.nan_to_num(passed), 0, MOST_RENEWALS).astype(np.int64)
    return np.bincount(passed[gone], minlength=1), np.bincount(passed[~gone], minlength=1)
