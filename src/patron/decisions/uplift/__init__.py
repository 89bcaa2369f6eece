"""Uplift: what an offer changes, learned from past contacts, and how far the evidence goes."""

from patron.decisions.uplift.card import EffectCard
from patron.decisions.uplift.effects import Effects, train_effects
from patron.decisions.uplift.model import EffectModel
from patron.decisions.uplift.trial import Trial

__all__ = ["EffectCard", "EffectModel", "Effects", "Trial", "train_effects"]
