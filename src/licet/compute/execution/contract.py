"""What whoever runs jobs promises: submitted held, typed, released, seen, metered.

It refuses to know who is paid, and which job should run.

Rules
1. A job is submitted held, under an id of ours. The same id again finds the same job; nothing runs
   by being submitted.
2. A job is released onto one pool, with the pool's kind of accelerator in the request: there is no
   way to ask for accelerators without a kind.
3. A job has a longest time, and ends by it.
4. What is metered is whole accelerator-seconds by pool, as the scheduler saw them, never rounded
   down to hours or to weights.
5. A job with an image runs in a container of it, or is refused when it is submitted.
6. Whoever runs jobs and does not answer raises Unavailable within DEADLINE_S; one asks again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from licet.base.trouble import BadInput

DEADLINE_S = 20.0
State = Literal["held", "queued", "running", "ended", "failed", "timed_out", "cancelled", "lost"]
OVER: frozenset[State] = frozenset({"ended", "failed", "timed_out", "cancelled", "lost"})
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
LONGEST_S = 30 * 86_400
ARGUMENTS_MAX = 64


@dataclass(frozen=True, slots=True)
class Spec:
    """A job as it is to run: `command` and its arguments, in the folder of the job; `gang`
    accelerators of the pool's kind at once; `longest_s` until it is ended; in a container of
    `image`, empty: in none."""

    id: str
    account: str
    command: tuple[str, ...]
    gang: int
    longest_s: int
    image: str = ""

    def __post_init__(self) -> None:
        for what in (self.id, self.account):
            if not _ID.fullmatch(what):
                raise BadInput(f"{what!r} is no name.",
                               hint="Small letters, digits and hyphens, 61 at most.")  # fmt: skip
        if not 1 <= len(self.command) <= ARGUMENTS_MAX or "\0" in "".join(self.command):
            raise BadInput("A command has 1 to 64 parts.", hint="Put the rest into a script.")
        if self.gang < 1 or not 1 <= self.longest_s <= LONGEST_S:
            raise BadInput("A job has accelerators and a longest time, 30 days at most.",
                           hint="Say how many, and for how long.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A pool as whoever runs jobs knows it: its name there and its kind of accelerator."""

    pool: str
    partition: str
    kind: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A job as it is: `code` its exit code where it has one; moments in seconds since 1970."""

    id: str
    state: State
    pool: str | None = None
    code: int | None = None
    start_s: int | None = None
    end_s: int | None = None


@dataclass(frozen=True, slots=True)
class Metered:
    """What a job used on a pool: whole seconds times accelerators."""

    id: str
    pool: str
    accelerator_s: int


class Executor(Protocol):
    """Runs jobs. One contract test holds every implementation to it."""

    def containers(self) -> str:
        """The program that runs container images; empty: images are refused."""
        ...

    def submit(self, spec: Spec) -> None:
        """Take a job, held. The same again changes nothing. Raises BadInput for an image where
        nothing runs images."""
        ...

    def release(self, job: str, pool: str) -> None:
        """Let a held job run on a pool as soon as there is room. Once it is released, again
        changes nothing. Raises NotFound, and BadInput for a pool that is not there."""
        ...

    def cancel(self, job: str) -> None:
        """End a job, or take it back. One that is over stays as it ended."""
        ...

    def look(self, jobs: Sequence[str]) -> Mapping[str, Seen]:
        """Jobs as they are now; one that is not known is not in the answer."""
        ...

    def meter(self, jobs: Sequence[str]) -> tuple[Metered, ...]:
        """What jobs used, one line for each pool and job; of one that runs, so far."""
        ...

    def room(self) -> Mapping[str, int]:
        """Accelerators of each pool that are there and work, taken or not."""
        ...


class Fence(Protocol):
    """Holds an account's limits where jobs run, behind ours."""

    def limit(self, account: str, most: int | None, minutes: int) -> None:
        """No more than `most` accelerators at once (None: any), no more than so many
        accelerator-minutes in all since the account began."""
        ...
