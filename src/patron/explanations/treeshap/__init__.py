"""TreeSHAP: exact contributions of trees, by tables of the patterns of conditions that rows meet."""
