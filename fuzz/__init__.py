"""Hostile input for every parser that stands before strangers: see `fuzz.__main__`."""
