"""Agents: what programs of others may read of a business's results; nothing is computed anew, and no key leaves."""
