"""The fold: reductions over all windows and cutoffs in one walk over each customer's events.

In the order of the work:

    programs     steps over slots, one number for each row: the arithmetic from what loops leave to finished columns
    reductions   what the fold knows: the one place to add a reduction
    formulas     an expression of a measure taken apart into reductions, and the steps over what they give
    codings      columns of an engine as arrays
    tracks       the events of one table in memory, sorted by customer and time
    parting      events that do not fit in memory, to the disk and back
    loading      events from an engine into tracks, at once or part by part
    views        what a loop looks at: the events of each row, the column that is read, and those that count
    states       how each loop is called, and what it leaves for each row and window
    walks        the loops over one event table, and the slots that they fill

Compiled, and imported when the first fold runs: sorting (events of a customer together, by time), placing (where the
events of a row begin and end), loops (the reductions), machine (the steps of a program).
"""
