"""What a round of allocation costs, and what merging loses. `python bench/compute.py [--exact]`.

Jobs differ in work, gang and profile; profiles are mixes of made-up ones over ten kinds, and every
job's need is its own. Drawn three ways: equal claims; claims of 100 accounts, up to ten times as
large as others; and three in ten with a deadline. CPU seconds of this process (wall time on a
shared machine says little).
`--exact` also solves the second programme of `promise` for every job alone and whole, with the
floors that merged classes gave, and says what part of the best aim was reached.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from licet.compute.linear import Classes, max_sum
from licet.compute.policies import POLICIES
from licet.compute.policies.promise import Promise
from licet.compute.round import Round, Shares, equal_rate, make_round, rate
from licet.rulebook import load_pack

RULE = load_pack("cn-genai-2023").compute.sharing
AIMS_S = {2_000: 1.0, 20_000: 2.0}
KINDS, PROFILES = 10, 80


def draw(jobs: int, seed: int = 0, *, accounts: int = 0, due: bool = False) -> Round:
    """A round of `jobs` on ten kinds, with an accelerator for every second job."""
    rng = np.random.default_rng(seed)
    profiles = rng.uniform(0.05, 1.0, (PROFILES, KINDS)) ** 1.5
    speeds = profiles[rng.integers(PROFILES, size=jobs)]
    work = speeds.max(axis=1) * 10 ** rng.uniform(3.0, 5.5, jobs)
    left = work * rng.uniform(0.1, 1.0, jobs)
    gang = rng.choice([1, 1, 1, 2, 4, 8], size=jobs)
    fair_s = (work - left) / speeds.mean(axis=1) * rng.uniform(0.5, 1.5, jobs)
    capacity = np.full(KINDS, max(8.0, jobs // (2 * KINDS)))
    weight, due_s = None, None
    if accounts:  # on the grid of lending.py
        claims = np.exp(np.round(np.log(10 ** rng.uniform(-0.5, 0.5, accounts)), 1))
        weight = claims[rng.integers(accounts, size=jobs)]
    if due:
        within_s = left / speeds.max(axis=1) * rng.uniform(1.05, 10.0, jobs)
        due_s = np.where(rng.random(jobs) < 0.3, within_s, np.inf)
    return make_round(capacity, speeds, gang, work=work, left=left, fair_s=fair_s,
                      weight=weight, due_s=due_s)  # fmt: skip


DRAWS = {"equal": {}, "accounts": {"accounts": 100}, "deadlines": {"due": True}}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--exact", action="store_true")
    exact = options.parse_args().exact
    print(f"{'policy':<14} {'jobs':>7} {'claims':<10} {'CPU s':>7} {'wall s':>7}  aim")
    for jobs, most_s in AIMS_S.items():
        for claims, how in DRAWS.items():
            now = draw(jobs, **how)
            for name in ("max-min-time", "max-min-work", "promise"):
                policy = POLICIES[name](RULE)
                cpu, wall = time.process_time(), time.perf_counter()
                shares = policy.shares(now)
                cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
                met = "met" if cpu <= most_s else "MISSED"
                print(f"{name:<14} {jobs:>7} {claims:<10} {cpu:>7.2f} {wall:>7.2f}  "
                      f"{met} (<= {most_s} s)", flush=True)  # fmt: skip
            if exact and not how:
                compare(now, shares)


def compare(now: Round, merged: Shares) -> None:
    """The aim of merged classes over that of every job on its own, under the same floors."""
    even = equal_rate(now)
    gain, worth = now.speeds / even[:, None], (even / now.left) ** RULE.haste
    got = rate(now, merged.time) / even
    _, fair = Promise(RULE.fair_times, RULE.haste).needed(now)
    floor = np.minimum(np.minimum(fair / even, merged.level), got) * (1 - 1e-6)
    alone = Classes(gain, now.gang, np.ones(now.jobs), np.arange(now.jobs))
    cpu = time.process_time()
    best, _ = max_sum(alone, now.capacity, worth, floor, now.premium, whole=gain.size)
    cpu = time.process_time() - cpu
    reached = float(got @ worth) / float((gain * best).sum(axis=1) @ worth)
    print(f"{'exact':<14} {now.jobs:>7} {'equal':<10} {cpu:>7.2f}          "
          f"merged reaches {reached:.2%} of its aim")  # fmt: skip


if __name__ == "__main__":
    main()
