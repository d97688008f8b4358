"""Jobs on Slurm, by its own commands (sbatch, scontrol, scancel, squeue, sacct, sinfo).

It refuses to schedule: Slurm places, limits and meters.

Rules
1. Our id is the job's name. Before a job is submitted its name is looked for, and of two that were
   submitted by one cut off between, both still held, one is taken back: none runs twice.
2. A customer's command is an argument of our script: its own #SBATCH lines are never read, and no
   SBATCH_* variable of ours reaches sbatch. That closes untyped requests and every other option.
3. A job is held without accelerators; release writes the partition and KIND:N, sees that Slurm
   has them, then releases. Nothing is released whose request is not typed. (To type a held job a
   second time leaves both kinds in Slurm's request: it would never run.)
4. Metering is alloctres times elapsed, in whole seconds; Slurm's own billing, which cuts fractions
   off, is not used.

Tested on 22.05 and, in its commands, 24.11.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from licet.base.trouble import BadInput, NotFound, Unavailable
from licet.compute.execution.container import JOB_PATH, find_runtime, inside
from licet.compute.execution.contract import (
    DEADLINE_S,
    Metered,
    Place,
    Seen,
    Spec,
    State,
)

Run = Callable[[Sequence[str]], str]
_STATES: Mapping[str, State] = {
    "PENDING": "queued", "REQUEUED": "queued", "REQUEUE_HOLD": "queued", "CONFIGURING": "queued",
    "RUNNING": "running", "COMPLETING": "running", "SUSPENDED": "running", "STOPPED": "running",
    "COMPLETED": "ended", "FAILED": "failed", "OUT_OF_MEMORY": "failed", "BOOT_FAIL": "lost",
    "TIMEOUT": "timed_out", "DEADLINE": "timed_out", "CANCELLED": "cancelled",
    "NODE_FAIL": "lost", "PREEMPTED": "lost",
}  # fmt: skip
_SCRIPT = f'#!/bin/sh\nPATH={JOB_PATH}\nexport PATH\nexec "$@"\n'
_GRES = re.compile(r"gres/gpu:([^=,\s]+)=(\d+)")
_TOTAL = re.compile(r"gpu:([^:(,]+):(\d+)")
_DEAD = ("DOWN", "FAIL", "DRAINED", "NOT_RESPONDING", "INVAL")
_FIELDS = "JobIDRaw,JobName,State,ExitCode,Start,End,Partition,AllocTRES,ElapsedRaw"


def commands(conf: Path | None = None, deadline_s: float = DEADLINE_S) -> Run:
    """Runs Slurm's commands, with a configuration file of their own if one is named."""
    own = {name: value for name, value in os.environ.items()
           if not name.startswith(("SBATCH_", "SLURM_"))}  # fmt: skip
    conf_text = str(conf) if conf else os.environ.get("SLURM_CONF")
    if conf_text:
        own["SLURM_CONF"] = conf_text
    own["SLURM_TIME_FORMAT"] = "%s"

    def run(command: Sequence[str]) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - arguments, no shell
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=deadline_s, env=own, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"{command[0]} does not answer: {error}.",
                              hint="Is Slurm installed, and slurmctld up?") from error  # fmt: skip
        if done.returncode:
            raise Unavailable(f"{command[0]}: {done.stderr.strip()[:300]}",
                              hint="Slurm said no; see what it says.")  # fmt: skip
        return done.stdout

    return run


@dataclass(frozen=True, slots=True)
class _Waits:
    """A line of squeue."""

    number: str
    name: str
    state: str
    partition: str
    reason: str
    typed: str

    @property
    def held(self) -> bool:
        return self.state == "PENDING" and self.reason.startswith("JobHeld")


class SlurmExecutor:
    """An Executor on a Slurm cluster. `places`: its pools; `folder`: where jobs have theirs;
    `accounts`: whether a job is of its customer's account in Slurm, too (`limit` makes it);
    `runtime`: what runs container images on the cluster's nodes, None: what is found here, which
    must be there as well."""

    def __init__(
        self, places: Sequence[Place], folder: Path, run: Run, *, accounts: bool = False,
        runtime: str | None = None,
    ) -> None:  # fmt: skip
        self._places = {place.pool: place for place in places}
        self._folder, self._run, self._accounts = folder, run, accounts
        self._runtime = find_runtime() if runtime is None else runtime

    def containers(self) -> str:
        """As Executor.containers."""
        return self._runtime

    def limit(self, account: str, most: int | None, minutes: int) -> None:
        """As Fence.limit: GrpTRES and GrpTRESMins of the account, which is made where it is not
        there. Slurm lets no job begin whose longest time would exceed the minutes; it counts from
        the account's beginning where PriorityDecayHalfLife is not set, else less."""
        user = pwd.getpwuid(os.getuid()).pw_name
        for entity in (["account", account], ["user", user, f"account={account}"]):
            with contextlib.suppress(Unavailable):  # it is there already; the next command says no
                self._run(["sacctmgr", "-i", "add", *entity])
        self._run(["sacctmgr", "-i", "modify", "account", account, "set",
                   f"GrpTRES=gres/gpu={-1 if most is None else most}",
                   f"GrpTRESMins=gres/gpu={minutes}"])  # fmt: skip

    def submit(self, spec: Spec) -> None:
        """As Executor.submit. The number of accelerators is kept in the job's comment."""
        command = inside(self._runtime, spec.image, spec.command)
        if self._numbers([spec.id]).get(spec.id):
            return
        home = self._folder / spec.id
        try:
            home.mkdir(parents=True, exist_ok=True)
            script = self._folder / "run.sh"
            script.write_text(_SCRIPT, "utf-8")
        except OSError as error:
            raise Unavailable(
                f"the folder of jobs cannot be used: {error}.",
                hint="Check that it is writable and has space left.",
            ) from error
        self._run(
            ["sbatch", "--parsable", "--hold", "--no-requeue", "--job-name", spec.id,
             "--time", str(-(-spec.longest_s // 60)), "--comment", f"gang={spec.gang}",
             "--mem", "1", "--chdir", str(home), "--output", str(home / "output.txt"),
             "--export", "NIL", *([f"--account={spec.account}"] if self._accounts else []),
             str(script), *command]
        )  # fmt: skip

    def release(self, job: str, pool: str) -> None:
        """As Executor.release."""
        place = self._places.get(pool)
        if place is None:
            raise BadInput(f"there is no pool {pool}.", hint=f"One of {', '.join(self._places)}.")
        numbers = self._numbers([job]).get(job, [])
        if not numbers:
            raise NotFound(f"Slurm knows no job {job}.", hint="Submit it again.")
        for number in numbers[1:]:  # rule 1: both held, or the second would have been found
            self._run(["scancel", number])
        waits = {row.number: row for row in self._queue([job])}.get(numbers[0])
        if waits is None or not waits.held:
            return
        shown = self._run(["scontrol", "show", "job", "-o", numbers[0]])
        gang = re.search(r" Comment=gang=(\d+)", shown)
        if gang is None:
            raise BadInput(f"job {job} does not say how many accelerators it needs.",
                           hint="It was not submitted by us; take it back.")  # fmt: skip
        wanted = f"gpu:{place.kind}:{gang[1]}"
        if not waits.typed.endswith(wanted):
            self._type(numbers[0], place.partition, wanted)
        self._run(["scontrol", "release", numbers[0]])

    def _type(self, number: str, partition: str, wanted: str) -> None:
        """Rule 3. The partition first: a kind that the job's partition lacks is refused."""
        self._run(["scontrol", "update", f"JobId={number}", f"Partition={partition}"])
        try:  # as of 23.02, then as before
            self._run(["scontrol", "update", f"JobId={number}", f"TresPerNode=gres/{wanted}"])
        except Unavailable:
            self._run(["scontrol", "update", f"JobId={number}", f"TresPerNode=gres:{wanted}"])
        typed = self._run(["squeue", "-h", "-j", number, "-o", "%b"]).strip()
        if not typed.endswith(wanted):
            raise Unavailable(f"Slurm did not take the kind of job {number}: it has {typed!r}.",
                              hint="Look at the log of slurmctld.")  # fmt: skip

    def cancel(self, job: str) -> None:
        """As Executor.cancel."""
        for number in self._numbers([job]).get(job, []):
            self._run(["scancel", number])

    def look(self, jobs: Sequence[str]) -> Mapping[str, Seen]:
        """As Executor.look: the queue knows first, the accounting longest."""
        pools = {place.partition: place.pool for place in self._places.values()}
        out: dict[str, Seen] = {}
        for row in self._accounted(jobs):
            state = _STATES.get(row["State"].split()[0], "lost")
            code = int(row["ExitCode"].partition(":")[0]) if state in {"ended", "failed"} else None
            start, end = _second(row["Start"]), _second(row["End"])
            pool = pools.get(row["Partition"])
            out[row["JobName"]] = Seen(row["JobName"], state, pool, code, start, end)
        for waits in self._queue(jobs):
            state = "held" if waits.held else _STATES.get(waits.state, "lost")
            known = out.get(waits.name)
            if known is None or state in {"held", "queued", "running"}:
                pool = None if state == "held" else pools.get(waits.partition)
                start = known.start_s if known else None
                out[waits.name] = Seen(waits.name, state, pool, None, start)
        return out

    def meter(self, jobs: Sequence[str]) -> tuple[Metered, ...]:
        """As Executor.meter."""
        kinds = {(p.partition, p.kind): p.pool for p in self._places.values()}
        used: dict[tuple[str, str], int] = {}
        for row in self._accounted(jobs):
            for kind, count in _GRES.findall(row["AllocTRES"]):
                pool = kinds.get((row["Partition"], kind))
                if pool is not None:
                    key = (row["JobName"], pool)
                    used[key] = used.get(key, 0) + int(count) * int(row["ElapsedRaw"] or 0)
        return tuple(Metered(job, pool, seconds) for (job, pool), seconds in used.items())

    def room(self) -> Mapping[str, int]:
        """As Executor.room: what nodes that answer have, not what a supplier promised."""
        out = dict.fromkeys(self._places, 0)
        for line in self._run(["sinfo", "-h", "-N", "-o", "%P|%T|%G"]).splitlines():
            partition, state, gres = line.split("|", 2)
            if any(word in state.upper() for word in _DEAD) or state.endswith("*"):
                continue
            for kind, count in _TOTAL.findall(gres):
                for place in self._places.values():
                    if (place.partition, place.kind) == (partition.rstrip("*"), kind):
                        out[place.pool] += int(count)
        return out

    def _numbers(self, jobs: Sequence[str]) -> dict[str, list[str]]:
        """Slurm's numbers of jobs by our id, the oldest first; those that are over, too."""
        out: dict[str, set[str]] = {}
        for row in self._accounted(jobs):
            out.setdefault(row["JobName"], set()).add(row["JobIDRaw"])
        for waits in self._queue(jobs):
            out.setdefault(waits.name, set()).add(waits.number)
        return {name: sorted(found, key=int) for name, found in out.items()}

    def _queue(self, jobs: Sequence[str]) -> list[_Waits]:
        if not jobs:
            return []
        lines = self._run(["squeue", "-h", "-t", "all", "-n", ",".join(jobs), "-o",
                           "%i|%j|%T|%P|%r|%b"]).splitlines()  # fmt: skip
        return [_Waits(*line.split("|", 5)) for line in lines if line.count("|") >= 5]

    def _accounted(self, jobs: Sequence[str]) -> list[dict[str, str]]:
        """Rows of sacct, the oldest first, each run of a job one."""
        if not jobs:
            return []
        text = self._run(
            ["sacct", "-n", "-P", "-X", "-D", "-S", "1970-01-01", "--name", ",".join(jobs),
             "-o", _FIELDS]
        )  # fmt: skip
        names = _FIELDS.split(",")
        rows = [dict(zip(names, line.split("|"), strict=True)) for line in text.splitlines()]
        return [row for row in rows if row["JobName"] in set(jobs)]


def _second(text: str) -> int | None:
    return int(text) if text.isdigit() else None
