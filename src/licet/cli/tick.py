"""`licet tick`: do what time has made due, for cron or a timer.

Parse, call, render. It refuses to know clocks: what is due follows from stored facts.
"""

from __future__ import annotations

import secrets

import click

from licet.base.clock import SystemClock
from licet.base.trouble import Trouble
from licet.cli.home import Home, home_option
from licet.cli.installation import installation
from licet.cli.refused import Refused
from licet.portal.settings import ROLES


@click.command()
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES),
              help="Whose desk this is (repeatable; default: both).")  # fmt: skip
@home_option
def tick(roles: tuple[str, ...], home: Home) -> None:
    """Do what time has made due; again is no harm.

    Periods that are over end, holders are reminded, the ledger and the register catch up, what
    waits in the outbox is sent, uploads that nobody named are let go. A running portal does most
    of this by itself when it is asked for a page; this does it when nobody asks.
    """
    from licet.portal.serving import set_up

    try:
        set_up(installation(home, roles))
        from licet.portal.ticking import catch_up

        done = catch_up(SystemClock().now(), secrets.token_bytes)
        width = max(map(len, done)) + 2
        for name, count in done.items():
            click.echo(f"{name:{width}}{count}")
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble


__all__ = ["tick"]
