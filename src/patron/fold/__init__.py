"""The fold: reductions over all windows and cutoffs in one walk over each customer's events.

In the order of the work:

    reductions   what the fold knows: the one place to add a reduction
    formulas     an expression of a measure taken apart into reductions and arithmetic
    codings      columns of an engine as arrays
    tracks       the events of one table in memory, sorted by customer and time
    loading      events from an engine into tracks, at once or part by part
    views        what a loop looks at: the events of each row, the column that is read, and those that count
    states       how each loop is called, and what it leaves for each row and window
    walks        the reductions of many rows, by windows
    placing      compiled loops that sort events, find those of a row, and write values to their places
    kernel       the compiled loops of reductions; imported, as `placing` is, when the first fold runs
"""
