"""Compute: how measures become columns, by two paths of one meaning, the fold and the generic path."""
