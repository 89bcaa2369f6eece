"""What was learned of the shop: models of the three questions and their rows, computed once for all tests."""

from functools import cache

import numpy as np

from patron.models.training import Trained, train
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import Matrix, labels, matrix
from patron.questions.profit import CostModel
from worlds.shop import HORIZON, SPLIT, shop

QUESTIONS = {
    "churn": churn(HORIZON),
    "next_purchase": next_purchase(HORIZON, (30,)),
    "tier": tier(HORIZON, CostModel(margin_rate=0.4)),
}


@cache
def trained(name: str) -> Trained:
    """Return what training on all known cutoffs leaves."""
    return train(QUESTIONS[name], shop(), SPLIT)


@cache
def known(name: str) -> tuple[Matrix, np.ndarray]:
    """Return the rows that it was trained on, with what came of them."""
    rows = matrix(trained(name).question, shop(), SPLIT.known)
    return rows, labels(trained(name).question, shop(), SPLIT.known, rows=rows)


@cache
def unseen(name: str) -> tuple[Matrix, np.ndarray]:
    """Return the rows of the test cutoff, with what came of them."""
    rows = matrix(trained(name).question, shop(), SPLIT.test)
    return rows, labels(trained(name).question, shop(), SPLIT.test)
