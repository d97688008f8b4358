"""`licet compute desk` and `market`: a commons in a home folder, from a terminal.

Parse, call, render. It refuses to decide who gets what.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from licet.base.clock import SystemClock
from licet.base.trouble import Unavailable
from licet.cli.compute_market import pack_option
from licet.cli.home import Home, home_option
from licet.compute.commons import LOCAL, Commons, local, open_commons
from licet.compute.execution.contract import Executor, Fence, Place
from licet.compute.execution.slurm import SlurmExecutor, commands
from licet.compute.marketfile import render_market
from licet.compute.roundlog import entering
from licet.rulebook import load_pack

_OTHERS = "others run jobs of this commons; it is taken over once none is under way"


@click.command()
@click.option("--slurm", is_flag=True,
              help="Run jobs on Slurm, a partition a pool, of its name; else here.")  # fmt: skip
@click.option("--slurm-conf", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="Slurm's configuration, if it lies elsewhere.")  # fmt: skip
@click.option("--limits/--no-limits", default=True, show_default=True,
              help="Have Slurm hold accounts' limits, too; it needs slurmdbd.")  # fmt: skip
@click.option("--every", "rest_s", type=click.FloatRange(0.1, 3600), default=5.0,
              show_default=True, help="Seconds between rounds.")  # fmt: skip
@click.option("--once", is_flag=True, help="One round, then stop.")
@pack_option
@home_option
def desk(
    slurm: bool,
    slurm_conf: Path | None,
    limits: bool,
    rest_s: float,
    once: bool,
    pack_id: str,
    home: Home,
) -> None:
    """Move the jobs of a commons on, round after round, until it is stopped.

    Without --slurm jobs are processes of this machine, with your rights: for people whom you
    trust. Every round that places jobs stands in the ledger of the commons. A part that does not
    answer is said once, and asked again. A portal beside this leaves the jobs alone.
    """
    run, said, rest = commands(slurm_conf), "", threading.Event()
    with _opened(home, pack_id) as commons:
        while True:
            try:
                now = SystemClock().now()
                enter = entering(home.root / "compute" / "ledger", home.keys, now,
                                 secrets.token_bytes)  # fmt: skip
                whom: Executor = local(commons)
                fence: Fence | None = None
                if slurm:
                    places = [Place(pool.id, pool.id, pool.kind) for pool in commons.pools()]
                    jobs = commons.folder / "jobs"
                    whom = on_slurm = SlurmExecutor(places, jobs, run, accounts=limits)
                    fence = on_slurm if limits else None
                runner = "slurm" if slurm else LOCAL
                moved = commons.tick(whom, int(now.timestamp()), enter=enter, fence=fence,
                                     runner=runner, take_over=True)  # fmt: skip
                trouble = "" if moved else _OTHERS
            except Unavailable as silent:
                if once:
                    raise
                trouble = str(silent)
            if trouble != said:
                click.echo(f"licet: {trouble or 'it works again'}", err=True)
            said = trouble
            if once or rest.wait(rest_s):
                return


@click.command()
@pack_option
@home_option
def market(pack_id: str, home: Home) -> None:
    """Print the pools of a commons and what is under way as a file for `needs`, `offers` and
    `explain`."""
    now_s = int(SystemClock().now().timestamp())
    with _opened(home, pack_id) as commons:
        click.echo(render_market(commons.pools(), commons.under_way(now_s)), nl=False)


@contextmanager
def _opened(home: Home, pack_id: str) -> Iterator[Commons]:
    home.create()
    rule = load_pack(pack_id).compute.sharing
    with closing(open_commons(home.root / "compute", rule)) as commons:
        yield commons
