"""Tested levers: what the business does to change a measure, and what a trial of it showed."""

from dataclasses import dataclass

__all__ = ["TestedLever"]


@dataclass(frozen=True)
class TestedLever:
    """A lever that a trial has moved for some customers and not for others.

    Args:
        words: what the business does.
        effect: the answer of the treated less that of the control: -0.04 is 4 points less; money where the answer is.
        source: which trial it was, as reasons name it.
    """

    __test__ = False  # no test, for all its name

    words: str
    effect: float
    source: str
