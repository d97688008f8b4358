"""What a round of allocation costs, and what merging loses. `python bench/compute.py [--exact]`.

Jobs differ in work, gang and profile; profiles are mixes of made-up ones over ten kinds, and every
job's need is its own. CPU seconds of this process (wall time on a shared machine says little).
`--exact` also solves the second programme of `promise` without classes and compares the aims.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from licet.compute.linear import max_sum, merge
from licet.compute.policies import POLICIES
from licet.compute.policies import promise as module
from licet.compute.round import Round, make_round, rate
from licet.rulebook import load_pack

RULE = load_pack("cn-genai-2023").compute.sharing
AIMS_S = {2_000: 1.0, 20_000: 2.0}
KINDS, PROFILES = 10, 80


def draw(jobs: int, seed: int = 0) -> Round:
    """A round of `jobs` on ten kinds, with an accelerator for every second job."""
    rng = np.random.default_rng(seed)
    profiles = rng.uniform(0.05, 1.0, (PROFILES, KINDS)) ** 1.5
    speeds = profiles[rng.integers(PROFILES, size=jobs)]
    work = speeds.max(axis=1) * 10 ** rng.uniform(3.0, 5.5, jobs)
    left = work * rng.uniform(0.1, 1.0, jobs)
    gang = rng.choice([1, 1, 1, 2, 4, 8], size=jobs)
    fair_s = (work - left) / speeds.mean(axis=1) * rng.uniform(0.5, 1.5, jobs)
    capacity = np.full(KINDS, max(8.0, jobs // (2 * KINDS)))
    return make_round(capacity, speeds, gang, work=work, left=left, fair_s=fair_s)


def aim(now: Round, time_: np.ndarray) -> float:
    """What `promise` makes as large as can be."""
    even = module.equal_rate(now)
    return float((rate(now, time_) / even * (even / now.left) ** RULE.haste).sum())


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--exact", action="store_true")
    exact = options.parse_args().exact
    print(f"{'policy':<14} {'jobs':>7} {'CPU s':>7} {'wall s':>7}  aim")
    for jobs, most_s in AIMS_S.items():
        now = draw(jobs)
        for name in ("max-min-time", "max-min-work", "promise"):
            policy = POLICIES[name](RULE)
            cpu, wall = time.process_time(), time.perf_counter()
            shares = policy.shares(now)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            met = "met" if cpu <= most_s else "MISSED"
            print(f"{name:<14} {jobs:>7} {cpu:>7.2f} {wall:>7.2f}  {met} (<= {most_s} s)")
        if exact:
            compare(now, shares.time, shares.level)


def compare(now: Round, merged: np.ndarray, level: float) -> None:
    """The aim of merged classes over that of every job on its own, floors and all."""
    even = module.equal_rate(now)
    gain = now.speeds / even[:, None]
    _, fair = module.Promise(RULE.fair_times, RULE.haste).needed(now)
    floor = np.minimum(fair / even, level) * (1 - 1e-6)
    worth = (even / now.left) ** RULE.haste
    keys = np.stack([floor, worth, np.arange(now.jobs, dtype=float)], axis=1)
    classes = merge(gain, now.gang, keys)
    first = np.unique(classes.of, return_index=True)[1]
    cpu = time.process_time()
    each, _ = max_sum(classes, now.capacity, worth[first], floor[first], now.premium)
    best = aim(now, each[classes.of])
    print(f"{'exact':<14} {now.jobs:>7} {time.process_time() - cpu:>7.2f}          "
          f"merged reaches {aim(now, merged) / best:.2%} of its aim")  # fmt: skip


if __name__ == "__main__":
    main()
