"""The simulator's baselines beside every mean that Gavel's authors printed.

    python bench/gavel.py simulation_throughputs.json published_avg_jct_hours.csv [--gangs]

The first file is of Gavel's repository. The second has the columns notebook, input_jobs_per_hour,
policy and avg_jct_hours, copied from the text that two of its notebooks print. They print means
of seed 0 alone, of jobs 4,000 to 5,000 with both: so is what runs here.
Nothing is fitted: shares are made anew every 1,920 s and rounds last 360 s, as theirs.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from licet.compute.placing import Nodes
from licet.compute.policies import POLICIES
from licet.compute.simulate.demand import Cluster, gavel_jobs
from licet.compute.simulate.engine import Setting, simulate
from licet.compute.simulate.figures import figures
from licet.compute.simulate.traces import gavel_speeds
from licet.rulebook import load_pack

RULE = load_pack("cn-genai-2023").compute.sharing
KINDS = ("v100", "p100", "k80")
CLUSTER = Cluster(KINDS, (Nodes(36),) * len(KINDS))
OURS = {"max_min_fairness": "max-min-time", "max_min_fairness_perf": "max-min-work"}
GANGS = {"continuous_jobs": False, "continuous_jobs_multigpu": True}
SEED, NEAR = 0, 0.05


def published(path: Path) -> Iterator[tuple[bool, str, float, float]]:
    """Gangs or not, our policy, jobs an hour, hours; each point once, in order."""
    with path.open(encoding="utf-8") as file:
        points = {
            (GANGS[row["notebook"]], OURS[row["policy"]], float(row["input_jobs_per_hour"])):
                float(row["avg_jct_hours"])
            for row in csv.DictReader(file) if row["policy"] in OURS
        }  # fmt: skip
    for point, hours in sorted(points.items()):
        yield *point, hours


def main() -> None:
    """Print the table; about ten seconds of CPU a point, more near saturation."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("throughputs", type=Path)
    options.add_argument("published", type=Path)
    options.add_argument("--rate", type=float, action="append", help="only these; may be repeated")
    options.add_argument("--gangs", action="store_true", help="the points of gangs of up to eight")
    given = options.parse_args()
    speeds, setting = gavel_speeds(given.throughputs, KINDS), Setting(4000, 5001, seed=SEED)
    near = count = 0
    print(f"{'jobs':<7} {'policy':<13} {'an hour':>7} {'published h':>12} {'ours h':>8} {'':>8}")
    for gangs, name, rate, hours in published(given.published):
        if gangs != given.gangs or (given.rate and rate not in given.rate):
            continue
        demand = gavel_jobs(speeds, 0, rate, SEED, gangs=gangs)
        mean_h = figures(name, simulate(POLICIES[name](RULE), CLUSTER, demand, setting)).mean_h
        off, count = mean_h / hours - 1, count + 1
        near += abs(off) <= NEAR
        print(f"{'gangs' if gangs else 'single':<7} {name:<13} {rate:>7.1f} {hours:>12.2f} "
              f"{mean_h:>8.2f} {off:>+8.1%}", flush=True)  # fmt: skip
    print(f"{near} of {count} points within {NEAR:.0%}")


if __name__ == "__main__":
    main()
