"""The compiled loops of reductions: they walk each customer's events, sorted by time, once for all windows of a cutoff.

A *row* is one customer at one cutoff. Its events are `at[first:stop]`, those of a window `at[low:stop]`. Loops called
`..._walk` go back from the cutoff through nested windows; loops called `..._ever` go forward through the cutoffs of a
customer and keep what they have.
"""
