"""The fold: reductions over all windows and cutoffs in one walk over each customer's events.

In the order of the work:

    program        steps over slots, one number for each row: the arithmetic from what kernels leave to finished columns
    reductions     what the fold knows: the one place to add a reduction
    formulas       an expression of a measure taken apart into reductions, and the steps over what they give
    encodings      columns of an engine as arrays
    event_arrays   the events of one table in memory, by customer and time
    partitioning   events that do not fit in memory, to the disk and back
    loading        events from an engine into arrays, at once or partition by partition
    views          what a loop looks at: the events of each row, the column that is read, and those that count
    states         how each loop is called, and what it leaves for each row and window
    kernel_calls   the loops over the events of one table, and the slots that they fill

Kernels, which `patron.compiling` turns into machine code: sorting (events of a customer together, by time), cutting
(where the events of a row begin and end), loops (the reductions), interpreter (the steps of a program). They are
imported inside the functions that call them, here and in `partition`, for one reason: the compiler takes some tenths of
a second to import, and most commands fold nothing.
"""
