"""Lines: the best linear predictor of an effect by its score, which selects among learners and calibrates promises.

Doubly robust scores of customers are regressed on what a learner promised them while it had not seen them. The slope is
1 where promises hold, .2 where a fifth of what they differ by is true, 0 where nothing is; its t value tells whether
that is beyond chance. Source: Chernozhukov, Demirer, Duflo and Fernández-Val (2025), Fisher-Schultz lecture: generic
machine learning inference on heterogeneous treatment effects.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from patron.models.serving import line_effects, line_errors

__all__ = ["Line", "needed", "predictor"]

FLAT = 1e-9  # of the spread of scores, below which they are one number


@dataclass(frozen=True)
class Line:
    """The mean effect at each score.

    Args:
        effect: mean effect of all, at the mean score.
        slope: by how much the effect differs where the score differs by one.
        center: the mean score.
        variance: of the mean effect, of the slope, and how they go together.
    """

    effect: float
    slope: float
    center: float
    variance: tuple[float, float, float]

    @property
    def error(self) -> float:
        """The standard error of the mean effect."""
        return float(self.variance[0] ** 0.5)

    @property
    def slope_error(self) -> float:
        """The standard error of the slope."""
        return float(self.variance[1] ** 0.5)

    @property
    def t(self) -> float:
        """The slope in its standard errors, 0 where all scores are one number."""
        return self.slope / self.slope_error if self.variance[1] > 0 else 0.0

    def flat(self) -> "Line":
        """Return the line of a constant effect."""
        return Line(self.effect, 0.0, self.center, (self.variance[0], 0.0, 0.0))

    def drawn(self) -> "Line":
        """Return the line with its slope drawn to zero: the mean of what it may be, seen its size and its error.

        Slopes are taken to lie around zero as widely as this one tells, its square less that of its error (empirical
        Bayes; Efron and Morris 1973). One of t = 2.5 loses a sixth, and so does its variance.

        >>> Line(0.1, 4.0, 0.0, (0.01, 4.0, 0.0)).drawn().slope
        3.0
        """
        kept = max(0.0, 1 - 1 / self.t**2) if self.t > 0 else 0.0
        level, slope, both = self.variance
        return Line(self.effect, kept * self.slope, self.center, (level, kept * slope, kept * both))

    def effects(self, score: np.ndarray) -> np.ndarray:
        """Return the effect at some scores, shape (n,)."""
        return line_effects(asdict(self), score)

    def errors(self, score: np.ndarray, spread: np.ndarray | float = 0.0) -> np.ndarray:
        """Return the standard error of the effect at some scores, shape (n,).

        Args:
            score: of each row.
            spread: variance of the score itself, by the learners that left out a part of the customers each.
        """
        return line_errors(asdict(self), score, spread)

    def causes(self, score: np.ndarray) -> np.ndarray:
        """Return the standard error of the effect at some scores by two independent causes, shape (n, 2).

        >>> Line(0.0, 1.0, 1.0, (4.0, 9.0, 0.0)).causes(np.array([1.0, 2.0])).tolist()
        [[2.0, 0.0], [2.0, 3.0]]
        """
        level, slope, both = self.variance
        first = both / level**0.5 if level > 0 else 0.0
        off = score - self.center
        return np.column_stack([level**0.5 + off * first, off * max(0.0, slope - first**2) ** 0.5])

    def plain(self) -> dict[str, Any]:
        """Return the line as plain values."""
        return asdict(self) | {"variance": list(self.variance)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Line":
        """Return the line of some plain values."""
        level, slope, both = plain["variance"]
        return cls(plain["effect"], plain["slope"], plain["center"], (level, slope, both))


def predictor(gain: np.ndarray, score: np.ndarray, groups: np.ndarray) -> Line:
    """Regress unbiased scores of the effect on promised effects; errors are robust, and over customers.

    Args:
        gain: doubly robust score of each row's effect, shape (n,).
        score: what a learner promised, shape (n,).
        groups: number of the customer of each row, shape (n,).

    >>> line = predictor(np.array([0.0, 1.0, 2.0, 5.0]), np.array([0.0, 0.0, 1.0, 1.0]), np.arange(4))
    >>> line.effect, line.slope, line.center
    (2.0, 3.0, 0.5)
    """
    center, level = float(score.mean()), float(gain.mean())
    off = score - center
    spread = float((off**2).sum())
    slope = 0.0 if spread <= len(score) * (FLAT * max(1.0, abs(center))) ** 2 else float(off @ gain) / spread
    left = gain - level - slope * off
    by_level = np.bincount(groups, left) / len(gain)
    by_slope = np.bincount(groups, left * off) / spread if slope else np.zeros(len(by_level))
    variance = (float(by_level @ by_level), float(by_slope @ by_slope), float(by_level @ by_slope))
    return Line(level, slope, center, variance)


def needed(candidates: int, level: float = 0.95) -> float:
    """Return the t value beyond which the best of some candidates is no chance find (Bonferroni's bound).

    >>> round(needed(1), 2), round(needed(7), 2)
    (1.64, 2.45)
    """
    return NormalDist().inv_cdf(1 - (1 - level) / candidates)
