"""Trouble on its way to the terminal: the message, what to do, and the exit code.

Exit codes of `licet`: 0 done, 1 a lawful "no" (halted text, a ledger that does not verify), 2 what
was given or what is needed cannot be used.
"""

from __future__ import annotations

from typing import Any

import click

from licet.base.trouble import Trouble


class Refused(click.ClickException):
    """Ends a command with message and hint on standard error, exit code 2."""

    exit_code = 2


class TroubleGroup(click.Group):
    """A group whose commands may raise Trouble: it ends as Refused, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Trouble as trouble:
            raise Refused(str(trouble)) from trouble
