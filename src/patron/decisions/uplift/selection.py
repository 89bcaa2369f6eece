"""Selection: for each offer the mean of the learners, one that stood surely better, or a constant effect.

The best of several learners is in part the luckiest: what it promises is too much by its luck. Their mean was not
chosen by its success, so its line on unseen customers is right on average.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from patron.decisions.uplift.cross_fitting import CrossFit
from patron.decisions.uplift.learners import CONSTANT, MEAN
from patron.decisions.uplift.lines import Line, needed, predictor

__all__ = ["Choice", "choose", "pair_lines"]

SURE = 0.99  # of a hundred trials whose effects differ for nobody one is thought to differ


@dataclass(frozen=True)
class Choice:
    """What was chosen for an offer.

    Args:
        lines: the calibration line of each candidate, of a constant effect the flat one.
        best: the mean of the learners, or the one whose t value is larger by more than luck.
        learner: that, or "constant effect" where its t value may be chance.
        bound: the t value that was needed.
    """

    lines: Mapping[str, Line]
    best: str
    learner: str
    bound: float

    @property
    def line(self) -> Line:
        """The calibration line of the learner, its slope drawn to zero by what of it is likely chance."""
        line = self.lines[self.best]
        return line.drawn() if self.differs else line.flat()

    @property
    def differs(self) -> bool:
        """Whether the effect differs between customers beyond chance."""
        return self.learner != CONSTANT


def choose(fit: CrossFit, arm: int, groups: np.ndarray) -> Choice:
    """Choose the mean of the learners, or one of a t value larger by more than luck, if its t is beyond chance.

    Args:
        fit: what candidates promise of unseen customers.
        arm: number of the treatment.
        groups: number of the customer of each row, shape (n,).
    """
    gain = fit.scores[:, arm] - fit.scores[:, 0]
    lines = {name: predictor(gain, effects, groups) for name, effects in fit.effects[arm].items()}
    lines |= {name: line.flat() for name, line in lines.items() if name == CONSTANT}
    single = [name for name in lines if name not in (CONSTANT, MEAN)]
    best, bound = max(single, key=lambda name: lines[name].t), needed(len(single), SURE)
    if MEAN in lines and lines[best].t - lines[MEAN].t <= bound * _apart(
        fit.effects[arm][best], fit.effects[arm][MEAN]
    ):
        best, bound = MEAN, needed(1, SURE)
    return Choice(lines, best, best if lines[best].t > bound else CONSTANT, bound)


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    """Return the standard error of the difference of two t values on the same rows: small where promises are alike."""
    if first.std() == 0 or second.std() == 0:
        return 2**0.5
    return float(max(0.0, 2 - 2 * np.corrcoef(first, second)[0, 1]) ** 0.5)


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
        lines[arm, base] = line.drawn() if differs else line.flat()
    return lines
