"""Answered chance: a purchase process whose chance of any order is what a trained model answers.

So lifetime value and the answers over the same days tell one story of each customer.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patron.errors import QuestionError
from patron.models.clv.gamma_gamma import Buying
from patron.models.clv.numerics import Moments
from patron.models.clv.transactions import Array, Transactions
from patron.periods import instant

__all__ = ["AnsweredProcess", "answered_chances", "answered_process"]

LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class AnsweredProcess:
    """A purchase process that orders come from with a given chance, and then as many as it says, times a level.

    Args:
        process: how many orders there are, if there are any.
        chance: of any order within the horizon, (n,); NaN where the process is asked.
        level: factor of the orders of those who have a chance.
    """

    process: Buying
    chance: Array
    level: float = 1.0

    def moments(self, history: Transactions, horizon: ArrayLike, yearly_rate: float) -> Moments:
        """Return the moments of the process, with the mass at no order moved to where the chances put it."""
        plain, known = self.process.moments(history, horizon, yearly_rate), ~np.isnan(self.chance)
        ratio = np.where(known, self.chance / np.maximum(plain.p_any, LEAST), 1.0)
        level = np.where(known, self.level, 1.0)
        return Moments(
            np.where(known, self.chance, plain.p_any),
            plain.sum * ratio * level,
            plain.squares * ratio * level,
            plain.pairs * ratio * level**2,
        )


def answered_process(process: Buying, chance: Array, history: Transactions, days: float) -> AnsweredProcess:
    """Return the process led by chances, with as many orders of all customers together as without them.

    Args:
        process: of n customers.
        chance: of any order within the days, (n,); NaN where none is answered.
        history: of the same customers.
        days: the horizon that the chances are of.
    """
    plain = process.moments(history, days, 0.0).sum
    led = AnsweredProcess(process, chance).moments(history, days, 0.0).sum
    known = ~np.isnan(chance)
    return AnsweredProcess(process, chance, float(plain[known].sum() / max(float(led[known].sum()), LEAST)))


def answered_chances(answers: pd.DataFrame, customers: np.ndarray, at: datetime, days: int) -> Array:
    """Return the chance of any order within some days that answers tell of customers, (n,), NaN where they tell none.

    Raises:
        QuestionError: the answers have no customer, none about so many days, another cutoff, or a customer twice.

    >>> answers = pd.DataFrame({"customer": ["b", "c"], "churn_probability": [0.25, 1.0]})
    >>> answered_chances(answers, np.array(["a", "b"]), datetime(2024, 1, 1), 90)
    array([ nan, 0.75])
    """
    within = f"purchase_within_{days}d"
    if "customer" not in answers or not {within, "churn_probability"} & set(answers):
        raise QuestionError(
            f"The answers that lead a lifetime value need 'customer' and '{within}' or 'churn_probability', got "
            f"{list(answers.columns)}. Pass answers=pt.score(model, rows) of a model of pt.churn(horizon={days})."
        )
    elsewhere = [cutoff for cutoff in answers.get("cutoff", pd.Series(dtype=object)).unique() if instant(cutoff) != at]
    if elsewhere:
        raise QuestionError(
            f"The answers are of the cutoff {instant(elsewhere[0]):%Y-%m-%d}, the lifetime value is of {at:%Y-%m-%d}. "
            f'Score the rows of pt.matrix(question, history, ["{at:%Y-%m-%d}"]).'
        )
    if not answers["customer"].is_unique:
        raise QuestionError(
            f"The answers hold {int(answers['customer'].duplicated().sum())} customers more than once. Keep one row "
            'of each: answers.drop_duplicates("customer").'
        )
    indexed = answers.set_index("customer")
    chance = indexed[within] if within in indexed else 1.0 - indexed["churn_probability"]
    return np.clip(chance.reindex(customers).to_numpy(dtype=np.float64), 0.0, 1.0)
