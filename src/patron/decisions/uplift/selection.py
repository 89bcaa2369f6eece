"""Selection: for each offer the learner whose promises stood best on unseen customers, or a constant effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from patron.decisions.uplift.cross_fitting import CrossFit
from patron.decisions.uplift.lines import Line, needed, predictor

__all__ = ["CONSTANT", "Choice", "choose", "pair_lines"]

CONSTANT = "constant effect"
SURE = 0.99  # of a hundred trials whose effects differ for nobody one is thought to differ


@dataclass(frozen=True)
class Choice:
    """What was chosen for an offer.

    Args:
        lines: the calibration line of each candidate, of a constant effect the flat one.
        best: the candidate with the largest t value.
        learner: that, or "constant effect" where its t value may be chance.
        bound: the t value that was needed.
    """

    lines: Mapping[str, Line]
    best: str
    learner: str
    bound: float

    @property
    def line(self) -> Line:
        """The calibration line of the learner."""
        return self.lines[self.best] if self.learner == self.best else self.lines[self.best].flat()

    @property
    def differs(self) -> bool:
        """Whether the effect differs between customers beyond chance."""
        return self.learner != CONSTANT


def choose(fit: CrossFit, arm: int, groups: np.ndarray) -> Choice:
    """Choose the candidate of the largest t value of its slope, if that is beyond chance.

    Args:
        fit: what candidates promise of unseen customers.
        arm: number of the treatment.
        groups: number of the customer of each row, shape (n,).
    """
    gain = fit.scores[:, arm] - fit.scores[:, 0]
    lines = {name: predictor(gain, effects, groups) for name, effects in fit.effects[arm].items()}
    lines |= {name: line.flat() for name, line in lines.items() if name == CONSTANT}
    tried = [name for name in lines if name != CONSTANT]
    best, bound = max(tried, key=lambda name: lines[name].t), needed(len(tried), SURE)
    return Choice(lines, best, best if lines[best].t > bound else CONSTANT, bound)


def pair_lines(
    scores: np.ndarray, effects: np.ndarray, groups: np.ndarray, choices: Sequence[Choice]
) -> dict[tuple[int, int], Line]:
    """Return the calibrated contrast of each pair of arms, the later one over the earlier.

    Args:
        scores: doubly robust outcome under each arm, shape (n, arms).
        effects: promised effect of each arm over control by the best candidate, that of control 0, shape (n, arms).
        groups: number of the customer of each row, shape (n,).
        choices: what was chosen for each treatment.
    """
    lines = {}
    for base, arm in combinations(range(scores.shape[1]), 2):
        line = predictor(scores[:, arm] - scores[:, base], effects[:, arm] - effects[:, base], groups)
        differs = choices[arm - 1].differs if base == 0 else line.t > choices[arm - 1].bound
        lines[arm, base] = line if differs else line.flat()
    return lines
