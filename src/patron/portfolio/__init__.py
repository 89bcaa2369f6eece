"""Portfolio: what relationships there are; tables of scores in, tables out."""
