"""Answer words: how the answer that is explained is called, and how it and parts of it are written."""

import re
from dataclasses import dataclass

from patron.formatting import MINUS, money, percent

__all__ = ["AnswerWords"]


@dataclass(frozen=True)
class AnswerWords:
    """How an answer is called and written.

    Args:
        noun: what is explained, in words: "the risk to leave within 90 days".
        is_chance: whether it is a probability; else it is money.
        currency: code or sign of the currency that money is in; empty where nobody said.

    >>> risk = AnswerWords("the risk")
    >>> risk.shown(0.125).replace("\N{NO-BREAK SPACE}", " "), risk.points(-0.02), risk.points(0.0001)
    ('12.5 %', '−2.0', '0.0')
    """

    noun: str
    is_chance: bool = True
    currency: str = ""

    @property
    def capital(self) -> str:
        """The noun as a sentence begins with it."""
        return f"{self.noun[:1].upper()}{self.noun[1:]}"

    def shown(self, value: float) -> str:
        """Write an answer: a probability in hundredths, or money."""
        return percent(value, 1) if self.is_chance else money(value, self.currency, 2)

    def points(self, value: float) -> str:
        """Write a part of an answer with its sign, none where it is nothing: points of a probability, or money."""
        number = f"{abs(value) * 100:.1f}" if self.is_chance else money(abs(value), self.currency, 2)
        sign = "" if not re.search("[1-9]", number) else MINUS if value < 0 else "+"
        return f"{sign}{number}"
