"""A simulated business with offers, contacts and ties, whose truth is known: a world to test decisions in."""

from patron.datasets.simulated.offers import OFFERS, Campaign, TrueOffer
from patron.datasets.simulated.world import World, simulate

__all__ = ["OFFERS", "Campaign", "TrueOffer", "World", "simulate"]
