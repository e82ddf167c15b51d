"""Notebooks without a browser: a child executes the cells, its parent tells and writes what became of them."""
