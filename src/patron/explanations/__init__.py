"""Explanations: why, as exact contributions in the words of the measures."""
