"""Questions: who is asked what, what it is worth, and the rows in memory."""
