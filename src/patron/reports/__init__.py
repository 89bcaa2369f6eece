"""Reports: pages, plots and lines on the terminal for the people who act."""
