"""Jobs as processes of this machine, for one that has no scheduler: accelerators are counted only.

It refuses to be a scheduler: what is released first and has room runs first, nothing is preempted.

Rules
1. Everything known of a job is in files of its folder; whoever opens it later knows as much.
   Processes live in sessions of their own, and go on when we are killed.
2. A job starts once: the folder `run` is made by one caller, and never removed. One that was cut
   off between this and its process is lost, not started again: the link `run/pid` is made once,
   by the process, or by whoever gave it up, and then a process born late ends before it begins.
3. A pool never has more running than it has accelerators, whoever asks at the same time.
4. A process is ended at its longest time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from licet.base.clock import Clock, SystemClock
from licet.base.trouble import BadInput, NotFound, Unavailable
from licet.compute.execution.container import JOB_PATH, find_runtime, inside
from licet.compute.execution.contract import DEADLINE_S, OVER, Metered, Seen, Spec

BIRTH_S = 10  # a process that has not said its number by then was never born
SUPERVISE = """\
date +%s >run/started && ln -sT $$ run/pid || exit 0
timeout --kill-after=5 "$0" "$@" >>output.txt 2>&1 </dev/null
code=$?
date +%s >run/ended
echo $code >code.new && mv code.new run/code
"""
_TIMED_OUT = 124
_NEVER = "never"


class LocalExecutor:
    """An Executor on this machine. `pools`: accelerators of each pool, made up or real; `runtime`:
    what runs container images, None: what is found here."""

    def __init__(
        self, pools: Mapping[str, int], folder: Path, clock: Clock | None = None,
        runtime: str | None = None,
    ) -> None:  # fmt: skip
        self._pools, self._folder = dict(pools), folder
        self._runtime = find_runtime() if runtime is None else runtime
        self._clock = clock or SystemClock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _unavailable(error) from error

    def containers(self) -> str:
        """As Executor.containers."""
        return self._runtime

    def submit(self, spec: Spec) -> None:
        """As Executor.submit."""
        spec = replace(spec, command=inside(self._runtime, spec.image, spec.command), image="")
        home = self._folder / spec.id
        with self._alone():
            if (home / "spec.json").exists():
                return
            home.mkdir(mode=0o700, exist_ok=True)
            (home / "spec.new").write_bytes(msgspec.json.encode(spec))
            (home / "spec.new").replace(home / "spec.json")

    def release(self, job: str, pool: str) -> None:
        """As Executor.release."""
        spec = self._spec(job)
        if spec is None:
            raise NotFound(f"there is no job {job}.", hint="Submit it again.")
        if self._pools.get(pool, 0) < spec.gang:
            raise BadInput(f"pool {pool} is not there or too small.",
                           hint=f"One of {', '.join(self._pools)}.")  # fmt: skip
        with self._alone():
            home = self._folder / job
            if not (home / "pool").exists():
                (home / "pool.new").write_text(f"{self._now()} {pool}")
                (home / "pool.new").replace(home / "pool")
            self._start_waiting()

    def cancel(self, job: str) -> None:
        """As Executor.cancel."""
        seen = self._seen(job)
        if seen is None or seen.state in OVER:
            return
        with self._alone():
            (self._folder / job / "cancelled").touch()
            pid = _pid(self._folder / job / "run")
            if pid is not None and self._lives(job, pid):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(int(pid), signal.SIGTERM)

    def look(self, jobs: Sequence[str]) -> Mapping[str, Seen]:
        """As Executor.look; starts what waits and has room."""
        with self._alone():
            self._start_waiting()
        found = ((job, self._seen(job)) for job in jobs)
        return {job: seen for job, seen in found if seen is not None}

    def meter(self, jobs: Sequence[str]) -> tuple[Metered, ...]:
        """As Executor.meter."""
        out = []
        for job in jobs:
            seen, spec = self._seen(job), self._spec(job)
            if seen is None or spec is None or seen.start_s is None or seen.pool is None:
                continue
            until = self._now() if seen.end_s is None else seen.end_s
            seconds = min(max(0, until - seen.start_s), spec.longest_s + BIRTH_S)
            out.append(Metered(job, seen.pool, seconds * spec.gang))
        return tuple(out)

    def room(self) -> Mapping[str, int]:
        """As Executor.room."""
        return dict(self._pools)

    def _start_waiting(self) -> None:
        """Start what is released and has room, in order of release. Called alone."""
        free, waiting = dict(self._pools), list[tuple[int, str, str, Spec]]()
        for home in sorted(self._folder.iterdir()):
            spec, seen = self._spec(home.name), self._seen(home.name)
            if spec is None or seen is None or seen.pool is None:
                continue
            if seen.state == "running":
                free[seen.pool] = free.get(seen.pool, 0) - spec.gang
            elif seen.state == "queued":
                at = int((home / "pool").read_text().split()[0])
                waiting.append((at, spec.id, seen.pool, spec))
        for _, job, pool, spec in sorted(waiting, key=lambda one: one[:2]):
            if spec.gang <= free.get(pool, 0):
                free[pool] -= spec.gang
                self._start(job, spec)

    def _start(self, job: str, spec: Spec) -> None:
        home = self._folder / job
        try:
            (home / "run").mkdir()
        except FileExistsError:
            return
        try:  # setsid leaves it a child of nobody here: it goes on without us
            subprocess.run(  # noqa: S603 - arguments of whom we serve
                ["/usr/bin/setsid", "--fork", "/bin/sh", "-c", SUPERVISE, str(spec.longest_s),
                 *spec.command],
                cwd=home, check=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={"PATH": JOB_PATH, "LICET_JOB": str(home)},
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise _unavailable(error) from error

    def _seen(self, job: str) -> Seen | None:
        home = self._folder / job
        if not (home / "spec.json").exists():
            return None
        pool = (home / "pool").read_text().split()[1] if (home / "pool").exists() else None
        run, cancelled = home / "run", (home / "cancelled").exists()
        # In this order: a process writes `ended`, then `code`, then is gone. Whoever finds it gone
        # and no code after that knows that there will be none.
        pid = _pid(run)
        alive = pid is not None and self._lives(job, pid)
        code = _number(run / "code")
        start, end = _number(run / "started"), _number(run / "ended")
        if code is not None:
            state = ("cancelled" if cancelled else "timed_out" if code == _TIMED_OUT
                     else "failed" if code else "ended")  # fmt: skip
            return Seen(job, state, pool, code, start, end)  # type: ignore[arg-type]
        if not run.exists():
            waits = "cancelled" if cancelled else "held" if pool is None else "queued"
            return Seen(job, waits, pool)  # type: ignore[arg-type]
        if alive or (pid is None and not self._given_up(run)):
            return Seen(job, "running", pool, None, start)
        return Seen(job, "cancelled" if cancelled else "lost", pool, None, start, end or start)

    def _given_up(self, run: Path) -> bool:
        """Rule 2, of a run without a process: whether there will be none."""
        if self._now() - int(run.stat().st_mtime) <= BIRTH_S:
            return False
        try:
            os.symlink(_NEVER, run / "pid")
        except FileExistsError:
            return False  # born just now
        return True

    def _spec(self, job: str) -> Spec | None:
        path = self._folder / job / "spec.json"
        return msgspec.json.decode(path.read_bytes(), type=Spec) if path.exists() else None

    def _lives(self, job: str, pid: str) -> bool:
        """Whether a process of that number is this job's, and no zombie."""
        try:
            made = Path(f"/proc/{pid}/environ").read_bytes()
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return f"LICET_JOB={self._folder / job}\0".encode() in made and state != "Z"

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with (self._folder / ".lock").open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise _unavailable(error) from error


def _pid(run: Path) -> str | None:
    """The process that runs, None: not born yet."""
    try:
        return os.readlink(run / "pid")
    except OSError:
        return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"the folder of jobs cannot be used: {error}.",
                       hint="Check that it is writable and has space left.")  # fmt: skip
