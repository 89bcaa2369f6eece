"""Logs: what a run did and how it ended, as lines for people or machines, and as metrics."""
