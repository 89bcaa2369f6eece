"""Uplift: what an offer changes, learned from past contacts, and how far the evidence goes."""

from patron.decisions.uplift.trial import Trial

__all__ = ["Trial"]
