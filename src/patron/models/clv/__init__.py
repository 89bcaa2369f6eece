"""Customer lifetime value: purchase processes, spend, and what they add up to over any horizon."""
