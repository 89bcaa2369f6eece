"""Loops: the compiled reductions, which go through each customer's events by time, once for all windows of a cutoff.

A *row* is one customer at one cutoff. Its events are `at[first:stop]`, those of a window `at[low:stop]`. Loops called
`..._by_window` go back from the cutoff through nested windows; those called `..._ever` go forward through cutoffs of
a customer and keep what they have.
"""
