"""`licet compute`: shared computing power from a terminal.

Parse, call, render. It refuses to decide who gets what.

Exit codes: 0 done; 1 a lawful "no".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from licet.base.trouble import BadInput
from licet.cli.compute_account import account
from licet.cli.compute_bills import bill
from licet.cli.compute_commons import desk, market
from licet.cli.compute_explain import explain_command
from licet.cli.compute_market import jobs as jobs_command
from licet.cli.compute_market import needs, offers, pack_option, policy_of
from licet.cli.refused import TroubleGroup
from licet.compute.placing import Nodes
from licet.compute.policies import POLICIES
from licet.compute.simulate.demand import Cluster, Job, gavel_jobs, recorded
from licet.compute.simulate.engine import Setting, simulate
from licet.compute.simulate.figures import Figures, figures, over_seeds, table
from licet.compute.simulate.plot import plot
from licet.compute.simulate.traces import gavel_speeds, openb_cluster, openb_jobs, philly_jobs

GAVEL_KINDS = ("v100", "p100", "k80")
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
Demand = Callable[[int], Iterator[Job]]


@click.group(cls=TroubleGroup)
def compute() -> None:
    """Share computing power: needs in, allocations out, every one explained."""


for _command in (needs, offers, jobs_command, explain_command, bill, account, desk, market):
    compute.add_command(_command)


@compute.command("simulate")
@click.option("--gavel", type=_file, metavar="FILE",
              help="Gavel's table of throughputs: draw jobs as its authors did.")  # fmt: skip
@click.option("--philly", type=_file, metavar="FILE",
              help="Microsoft's Philly record: jobs on one kind of accelerator.")  # fmt: skip
@click.option("--openb", type=_file, nargs=2, metavar="NODES PODS",
              help="Alibaba's record of 2023: nodes and pods.")  # fmt: skip
@click.option("--speed", "speeds", multiple=True, metavar="KIND=NUMBER",
              help="With --openb: what you assume of a model's speed; else 1.")  # fmt: skip
@click.option("--count", type=click.IntRange(1, 100_000), default=36, show_default=True,
              help="Accelerators of each kind; with --philly, of its only kind.")  # fmt: skip
@click.option("--node", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Accelerators that stand together.")  # fmt: skip
@click.option("--rate", type=click.FloatRange(0.01, 1000), default=5.6, show_default=True,
              help="With --gavel: jobs an hour.")  # fmt: skip
@click.option("--gangs", is_flag=True, help="With --gavel: jobs of up to 8 accelerators, too.")
@click.option("--deadlines", is_flag=True,
              help="With --gavel: deadlines of 1.2, 2 or 10 times a job's time.")  # fmt: skip
@click.option("--policy", "names", multiple=True, type=click.Choice(list(POLICIES)),
              help="May be repeated; else every policy.")  # fmt: skip
@pack_option
@click.option("--jobs", nargs=2, type=click.IntRange(0), default=(4000, 5000), show_default=True,
              help="First and last job that is measured.")  # fmt: skip
@click.option("--seed", "seeds", multiple=True, type=int, default=(0,), show_default=True,
              help="May be repeated: figures are means over seeds.")  # fmt: skip
@click.option("--renew", "renew_s", type=click.FloatRange(1), default=720.0, show_default=True,
              help="Seconds after which shares are made anew at the earliest.")  # fmt: skip
@click.option("--plot", "picture", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Also draw the figures there, as SVG.")  # fmt: skip
def run(
    gavel: Path | None, philly: Path | None, openb: tuple[Path, Path] | None,
    speeds: tuple[str, ...], count: int, node: int, rate: float, gangs: bool, deadlines: bool,
    names: tuple[str, ...], pack_id: str, jobs: tuple[int, int], seeds: tuple[int, ...],
    renew_s: float, picture: Path | None,
) -> None:  # fmt: skip
    """Try policies on recorded or generated demand; the files are yours to bring.

    Worst fairness: time taken over the time that an equal part of every kind would have taken
    among as many jobs. 1 is as fair; above, somebody waited longer than that.
    """
    if jobs[1] <= jobs[0]:
        raise BadInput("--jobs: the last comes after the first.", hint="Say --jobs 0 500.")
    size = node if node > 1 else 0
    if gavel is not None and philly is None and openb is None:
        throughputs = gavel_speeds(gavel, GAVEL_KINDS)
        cluster = Cluster(GAVEL_KINDS, (Nodes(count, size),) * len(GAVEL_KINDS))
        demand: Demand = lambda seed: gavel_jobs(  # noqa: E731
            throughputs, 0, rate, seed, gangs=gangs, deadlines=deadlines
        )
    elif philly is not None and gavel is None and openb is None:
        record = philly_jobs(philly, jobs[1])
        cluster = Cluster(("gpu",), (Nodes(count, size),))
        demand = lambda _seed: recorded(record)  # noqa: E731
    elif openb is not None and gavel is None and philly is None:
        cluster = openb_cluster(openb[0])
        record = list(openb_jobs(openb[1], cluster, _speeds(speeds), jobs[1]))
        demand = lambda _seed: recorded(record)  # noqa: E731
    else:
        raise BadInput("Give demand: one of --gavel, --philly and --openb.", hint="See --help.")
    rows = list[Figures]()
    for name in names or tuple(POLICIES):
        runs = [
            figures(name, simulate(policy_of(name, pack_id), cluster, demand(seed),
                                   Setting(*jobs, renew_s=renew_s, seed=seed)))
            for seed in seeds
        ]  # fmt: skip
        rows.append(over_seeds(runs))
        click.echo("\n".join(table(rows[-1:])[0 if len(rows) == 1 else 1 :]))
    if picture is not None:
        picture.write_text(plot(rows, _title(gavel, philly, rate, jobs, seeds)), "utf-8")


def _speeds(given: tuple[str, ...]) -> dict[str, float]:
    try:
        return {name: float(value) for name, _, value in (one.partition("=") for one in given)}
    except ValueError:
        raise BadInput("--speed is KIND=NUMBER.", hint="As in --speed T4=0.4.") from None


def _title(
    gavel: Path | None, philly: Path | None, rate: float, jobs: tuple[int, int],
    seeds: tuple[int, ...],
) -> str:  # fmt: skip
    kind = (
        f"Gavel's generator, {rate:g} jobs an hour" if gavel else "Philly" if philly else "openb"
    )
    which = f"jobs {jobs[0]} to {jobs[1]}"
    return f"{kind}, {which}, seeds {', '.join(map(str, seeds))}" if gavel else f"{kind}, {which}"
