"""Scoring: today's answers side by side."""
