"""Evaluation: are the answers right, and are they still."""
