"""One text under all rules of a role, as it comes.

It refuses to know what rules mean and what is done about a hit.

Rules
1. `free` characters are beyond suspicion for every part.
2. `hit` is set once no part can still find something that would come first: of all findings that
   halt, the one with the smallest key (`licet.guard.conditions`) counts, however the text is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from licet.guard.conditions import ConditionalWatch, Counted, order
from licet.guard.disguise.coded import CodedWatch
from licet.guard.hit import Hit
from licet.guard.lazy_dfa import Reading


class Watch:
    """A reading for what literals alone decide, and watches for what needs more."""

    __slots__ = ("_coded", "_flags", "_literals", "_watches", "free", "hit")

    def __init__(
        self, literals: Reading, watches: Sequence[ConditionalWatch] = (),
        coded: CodedWatch | None = None,
    ) -> None:  # fmt: skip
        self._literals = literals
        self._watches = list(watches)
        self._coded = coded
        self._flags: list[Hit] = []
        self.free = 0
        self.hit: Hit | None = None

    def feed(self, text: str) -> None:
        """Read on; then `free` characters are beyond suspicion, or `hit` is set."""
        literals = self._literals
        literals.feed(text)
        free = literals.free
        found = bool(literals.hits)
        coded = self._coded
        if coded is not None:
            coded.feed(text)
            if coded.hit is not None:
                found = True
            if coded.free < free:
                free = coded.free
        for watch in self._watches:
            watch.feed(text)
            found = found or watch.best is not None
            if watch.free < free:
                free = watch.free
        self.free = free
        if found:
            self._decide()

    def finish(self) -> None:
        """The text is over: what was waiting for more is decided."""
        self._literals.finish()
        for watch in self._watches:
            watch.finish()
        frees = [self._literals.free] + [watch.free for watch in self._watches]
        if self._coded is not None:
            self._coded.finish()
            frees.append(self._coded.free)
        self.free = min(frees)
        self._decide(over=True)

    @property
    def flags(self) -> list[Hit]:
        """Flagging hits of all parts that come before `hit`; one list, which may be cleared."""
        self._flags += self._literals.flags
        self._literals.flags.clear()
        if self._coded is not None:
            self._flags += self._coded.flags
            self._coded.flags.clear()
        for watch in self._watches:
            counted = watch.flags()
            self._flags += [one.hit for one in counted]
            counted.clear()
        if self.hit is not None:
            end = self.hit.end
            self._flags = [hit for hit in self._flags if hit.end <= end]
        return self._flags

    def _decide(self, *, over: bool = False) -> None:
        """Rule 2."""
        counted = [Counted(hit.end, hit) for hit in self._literals.hits]
        counted += [watch.best for watch in self._watches if watch.best is not None]
        coded = self._coded
        if coded is not None and coded.hit is not None:
            counted.append(Counted(coded.hit.end, coded.hit))
        if not counted:
            return
        first = min(counted, key=order)
        if not over:
            if self._literals.settled < first.key:
                return
            if any(watch.settled < first.key for watch in self._watches):
                return
            if coded is not None and coded.hit is None and coded.settled < first.key:
                return
        self.hit = first.hit
        # What was merely open is no match and, the text being over, never will be: it may leave.
        # What is complete and waits for its surroundings may be one.
        self.free = min([first.hit.start] + [watch.pending_from for watch in self._watches])
