"""Portfolio: what relationships there are, what they are worth and how they move; tables in, tables out."""
