"""The fold: reductions over all windows and cutoffs in one walk over each customer's events.

In the order of the work:

    reductions   what the fold knows: the one place to add a reduction
    formulas     an expression of a measure taken apart into reductions and arithmetic
    codings      columns of an engine as arrays
    tracks       the events of one table in memory, sorted by customer and time
    loading      events from an engine into tracks, at once or part by part
    states       what each loop is given, and what it leaves for each row and window
    walks        the reductions of many rows, by windows
    kernel       the compiled loops; imported when the first fold runs
"""
