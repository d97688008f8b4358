"""Standard input and output where somebody closed one, or a disk is full.

It refuses to know what is read and written.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

import click

from licet.base.trouble import BadInput

UNWRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What a device answers that takes no more."""


def standard_input() -> TextIO:
    """Standard input. Raises BadInput where it is closed."""
    if sys.stdin is None:
        raise BadInput(
            "standard input is closed.", hint="Pipe into it what is to be read, or give a file."
        )
    return sys.stdin


def tell_unwritten(cause: str) -> None:
    """Say that the output cannot be written, on whatever can still be written."""
    drop_unwritten(1)
    try:
        click.echo(
            f"Error: the output cannot be written: {cause}. "
            "Make room where it goes, or send it elsewhere.",
            err=True,
        )
    except OSError:  # standard error goes to the same place
        drop_unwritten(2)


def drop_unwritten(descriptor: int) -> None:
    """What is still in its buffer goes nowhere, or the interpreter would complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
