"""Fuzzes every parser that stands before strangers, for as long as it is told.

    python -m fuzz [--seconds N] [--examples N] [--seed N] [TARGET ...]

Targets are chosen by the beginning of their names (`request`, `stream.chat`). All take turns,
with new chance in every round. What is found is shrunk, printed, and ends the run with code 1.
Coverage-guided instead, where atheris is installed: `python -m fuzz.guided TARGET`.

It refuses to know what a target checks.
"""

from __future__ import annotations

import argparse
import resource
import secrets
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzz import files, labels, licences, media, requests, streams, texts
from fuzz.target import Tally, Target

TARGETS = (
    *requests.TARGETS,
    *streams.TARGETS,
    *texts.TARGETS,
    *files.TARGETS,
    *licences.TARGETS,
    *labels.TARGETS,
    *media.TARGETS,
)


def run_once(target: Target, tally: Tally, *, examples: int, chance: int) -> None:
    """Draws so many inputs and checks each. Raises what the check raised, the input shrunk."""
    test = given(target.inputs)(tally.counted(target.check))
    settled = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    seed(chance)(settled(test))()


def run_all(chosen: list[Target], *, seconds: float, examples: int, chance: int) -> None:
    """Rounds over all targets until the time is over (one round at least).

    Raises what the first check that failed raised."""
    tallies = {target.name: Tally() for target in chosen}
    began_s = time.monotonic()
    rss_first = rss_mib()
    number = 0
    while number == 0 or time.monotonic() - began_s < seconds:
        for target in chosen:
            try:
                run_once(target, tallies[target.name], examples=examples, chance=chance + number)
            except BaseException:
                print(f"fuzz: {target.name} failed; again: --seed {chance + number} {target.name}")
                raise
            if number and time.monotonic() - began_s >= seconds:
                break
        number += 1
        rss_first = rss_first if number > 1 else rss_mib()
    total = sum(tally.count for tally in tallies.values())
    for name, tally in tallies.items():
        print(f"{name:24} {tally.count:>9,} inputs, longest {tally.longest_s * 1000:8.1f} ms")
    print(
        f"fuzz: {total:,} inputs in {time.monotonic() - began_s:.0f} s, {number} rounds from seed "
        f"{chance}; most memory {rss_first} MiB after the first round, {rss_mib()} MiB at the "
        "end; nothing found"
    )


def rss_mib() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main() -> None:
    """Parses the command line and fuzzes."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="beginnings of names")
    parser.add_argument("--seconds", type=float, default=0, help="default: one round")
    parser.add_argument("--examples", type=int, default=200, help="inputs of a target in a round")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    asked = parser.parse_args()
    wanted = tuple(asked.targets)
    chosen = [target for target in TARGETS if not wanted or target.name.startswith(wanted)]
    if not chosen:
        parser.error(f"there is no such target; there are {', '.join(t.name for t in TARGETS)}")
    run_all(chosen, seconds=asked.seconds, examples=asked.examples, chance=asked.seed)


if __name__ == "__main__":
    main()
