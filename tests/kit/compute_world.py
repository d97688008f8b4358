"""Whoever runs jobs, as a fake that documents the contract, and parts that break off on purpose.

Rules
1. The world goes on when a desk is cut off: a `World` outlives the desks that call it.
2. A job that is released and has room runs at once, for `took_s`; how it ends can be told before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from licet.base.trouble import NotFound, Unavailable
from licet.compute.execution.contract import OVER, Metered, Seen, Spec, State


@dataclass(slots=True)
class World:
    """An executor in memory. `ends`: how a name ends, else `ended`; `ran`: every run; `runtime`:
    what runs container images."""

    pools: dict[str, int]
    took_s: int = 100
    runtime: str = ""
    ends: dict[str, State] = field(default_factory=dict)
    runs_on: set[str] = field(default_factory=set)  # names that do not end by themselves
    ran: list[str] = field(default_factory=list)
    specs: dict[str, Spec] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)

    def containers(self) -> str:
        return self.runtime

    def submit(self, spec: Spec) -> None:
        if spec.id not in self.specs:
            self.specs[spec.id] = spec
            self.seen[spec.id] = Seen(spec.id, "held")

    def release(self, job: str, pool: str) -> None:
        if job not in self.specs:
            raise NotFound(f"no job {job}", hint="")
        if self.seen[job].state != "held":
            return
        self.ran.append(job)
        state = "running" if job in self.runs_on else self.ends.get(job, "ended")
        end = None if state == "running" else self.took_s
        self.seen[job] = Seen(job, state, pool, 0, 0, end)

    def cancel(self, job: str) -> None:
        seen = self.seen.get(job)
        if seen is not None and seen.state not in OVER:
            self.seen[job] = Seen(job, "cancelled", seen.pool, None, seen.start_s, self.took_s)

    def look(self, jobs: Sequence[str]) -> Mapping[str, Seen]:
        return {job: self.seen[job] for job in jobs if job in self.seen}

    def meter(self, jobs: Sequence[str]) -> tuple[Metered, ...]:
        return tuple(
            Metered(job, seen.pool, (seen.end_s or self.took_s) * self.specs[job].gang)
            for job in jobs
            if (seen := self.seen.get(job)) is not None and seen.pool and seen.start_s is not None
        )

    def room(self) -> Mapping[str, int]:
        return dict(self.pools)


class Scissors:
    """Counts calls of all parts that it wraps, and cuts one off: before it is done, or after."""

    def __init__(self, at: int, after: bool) -> None:
        self.calls, self._at, self._after = 0, at, after

    def wrap(self, part: Any) -> Any:
        """The part, with every public method counted."""
        return _Cut(part, self)

    def call(self, method: Any, given: Any, more: Any) -> Any:
        self.calls += 1
        cut = self.calls == self._at
        if cut and not self._after:
            raise Unavailable("cut off before", hint="")
        done = method(*given, **more)
        if cut:
            raise Unavailable("cut off after", hint="")
        return done


class _Cut:
    def __init__(self, part: Any, scissors: Scissors) -> None:
        self._part, self._scissors = part, scissors

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._part, name)
        return lambda *given, **more: self._scissors.call(method, given, more)
