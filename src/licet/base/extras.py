"""Extras: what a plain installation leaves out, and the words that say how to add it.

It refuses to know what an extra is for: whoever lacks one says that, and these words are the hint.
A tidy test holds that they stand nowhere else, and that each extra is one of `pyproject.toml`.
"""

from __future__ import annotations


def adding(extra: str) -> str:
    """The command that adds an extra, to be given where Licet lies."""
    return f"make extras ARGS={extra}"


def to_install(extra: str) -> str:
    """The hint for whoever wants what only an extra brings."""
    return f"Install it: {adding(extra)}"
