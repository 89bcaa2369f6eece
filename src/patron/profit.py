"""Profit under its short address, `from patron.profit import ledger`, as people and notebooks write it.

The code stands in `patron.questions.profit`, as a question of tiers is answered by it; nothing is defined here.
"""

from patron.questions.profit import CostModel, ledger, sensitivity

__all__ = ["CostModel", "ledger", "sensitivity"]
