"""`licet compute account`: of what standing an account is in this home's commons.

Parse, call, render. It refuses to decide who is entitled to what.
"""

from __future__ import annotations

from contextlib import closing

import click

from licet.base.clock import SystemClock
from licet.cli.compute_market import pack_option
from licet.cli.home import Home, home_option
from licet.compute.commons import open_commons
from licet.compute.model import Standing
from licet.rulebook import load_pack

OPERATOR = "operator"


@click.command()
@click.argument("account", required=False)
@click.option("--public", is_flag=True, help="It is of public interest: a part of its reserve.")
@click.option("--licensed", is_flag=True, help="It is a provider whose licence is in force.")
@click.option("--most", type=click.IntRange(1), metavar="N",
              help="Accelerators that it may hold at once; else any.")  # fmt: skip
@pack_option
@home_option
def account(
    account: str | None, public: bool, licensed: bool, most: int | None, pack_id: str, home: Home
) -> None:
    """Say of what standing ACCOUNT is from now on, or, without one, list what was said."""
    folder = home.root / "compute"
    with closing(open_commons(folder, load_pack(pack_id).compute.sharing)) as commons:
        if account is not None:
            said = Standing(account, public, licensed, most)
            commons.set_standing(said, OPERATOR, int(SystemClock().now().timestamp()))
        for one in commons.standings():
            marks = [name for name, so in (("public", one.public), ("licensed", one.licensed))
                     if so]  # fmt: skip
            limit = "any" if one.most is None else str(one.most)
            click.echo(f"{one.account:<20} {', '.join(marks) or '—':<18} at once: {limit}")
