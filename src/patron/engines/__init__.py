"""Engines: open, stream, write whole or not at all; the only importers of DuckDB."""
