"""The writer: entries from many threads, committed in groups by one.

Refuses to know what entries mean and what their senders do with the answer.

1. `submit` costs its caller about a microsecond: it appends to a queue. The commit, and the
   call of `done`, happen on the writer's own thread.
2. A group is committed when `batch_max` entries wait, when the first has waited `wait_ms`, or
   at once where an entry is urgent.
3. `done(index)` is called after the entry is durable, `done(trouble)` where that is not known.
   Acknowledged is durable; not acknowledged may or may not be kept.
4. The first failed commit makes the writer unhealthy: everything that waits is answered with
   the Trouble and `submit` refuses. From then on it tries, with pauses that grow, to commit an
   entry of its own (`ledger.resumed`), and is healthy again when that entry is durable.
   So a gap is itself on record, and health is never a guess. Operators read of both in the log,
   once each.
5. Corrupt is final: evidence that contradicts itself is for people to look at.
6. The queue is bounded: at `backlog_max` waiting entries `submit` raises TooMuch.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread

from licet.base.clock import Clock, rfc3339
from licet.base.trouble import BadInput, Corrupt, TooMuch, Trouble, Unavailable
from licet.ledger.entry import Value, as_id, make_entry
from licet.ledger.log import Log
from licet.ledger.tiles import ENTRY_BYTES_MAX

Done = Callable[[int | Trouble], None]
_Waiting = tuple[bytes, Done | None]

_log = logging.getLogger("licet.ledger.writer")

PAUSE_FIRST_S = 0.1
PAUSE_LAST_S = 5.0


class Writer:
    """Group commit for one Log. Takes the Log over: nobody else appends while it lives.

    `wait_ms` is how long an entry may wait for company. `done` callbacks run on the writer's
    thread (in a race with its end, on the submitter's), must be quick and must not raise;
    RuntimeError alone is forgiven: that is what an event loop says that has been closed.
    """

    def __init__(
        self,
        log: Log,
        clock: Clock,
        *,
        batch_max: int = 512,
        wait_ms: int = 20,
        backlog_max: int = 20_000,
        pause_s: float = PAUSE_FIRST_S,
    ) -> None:
        self._log = log
        self._clock = clock
        self._batch_max = batch_max
        self._wait_s = wait_ms / 1000
        self._backlog_max = backlog_max
        self._pause_s = pause_s
        self._queue: deque[_Waiting] = deque()
        self._group: deque[_Waiting] = deque()  # taken off the queue and not yet answered
        self._wake = Event()
        self._idle = False
        self._urgent = False
        self._closing = False
        self._failure: Trouble | None = None
        self._failed_at: datetime | None = None
        self._lost = 0
        self._pause_now_s = pause_s
        self._ended = False
        self._thread = Thread(target=self._run, name="licet-ledger", daemon=True)
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """False from the first failed commit until one succeeds again, and once closed."""
        return self._failure is None and not self._closing and not self._ended

    @property
    def failure(self) -> Trouble | None:
        """Why the writer is not healthy."""
        return self._failure

    @property
    def backlog(self) -> int:
        """How many entries wait."""
        return len(self._queue)

    def submit(self, entry: bytes, done: Done | None = None, *, urgent: bool = False) -> None:
        """Hand an entry in; `done` is told its index once it is durable, or the Trouble.

        Raises BadInput where it is longer than 65,535 bytes, TooMuch where the backlog is
        full, Unavailable while the writer is not healthy or closed: nothing is kept then.
        """
        queue = self._queue
        if self._refuses():
            raise self._refusal()
        if len(queue) >= self._backlog_max:
            raise TooMuch(
                f"{self._backlog_max} ledger entries wait to be written",
                hint="The disk is slower than the traffic: see ledger lag in the metrics.",
            )
        if len(entry) > ENTRY_BYTES_MAX:
            raise BadInput(f"an entry has at most {ENTRY_BYTES_MAX} bytes")
        queue.append((entry, done))
        if urgent:
            self._urgent = True
            self._wake.set()
        elif self._idle or (len(queue) >= self._batch_max and not self._wake.is_set()):
            self._wake.set()
        if self._refuses():
            self._rescue()

    def close(self, deadline_s: float) -> bool:
        """Refuse new entries, commit those that wait, stop. True where all were committed.

        What is not committed after `deadline_s` seconds is answered with Unavailable. The
        log itself stays open: whoever opened it closes it.
        """
        self._closing = True
        self._wake.set()
        self._thread.join(deadline_s)
        drained = not self._thread.is_alive() and not self._queue and self._failure is None
        self._answer_all(self._refusal())
        return drained

    def _refuses(self) -> bool:
        return self._closing or self._failure is not None

    def _rescue(self) -> None:
        """The writer failed or closed between the check and the append: somebody must answer."""
        if self._ended:
            self._answer_all(self._refusal())
        else:
            self._wake.set()

    def _run(self) -> None:
        try:
            while not (self._closing and not self._queue):
                if self._failure is not None:
                    self._try_again()
                elif self._gather():
                    self._commit()
        except BaseException as error:
            # Ours is broken, not the world: no entry may be taken any more.
            self._failure = Unavailable(f"the ledger's writer died of {type(error).__name__}")
            raise
        finally:
            self._ended = True  # before the last answers: a later straggler sees it
            self._answer_group(self._refusal())
            self._answer_all(self._refusal())

    def _gather(self) -> bool:
        """Wait until a group is due (rule 2). False where there is nothing to write."""
        self._wake.clear()
        self._idle = True
        if not self._queue and not self._closing:
            self._wake.wait()
        self._idle = False
        self._wake.clear()
        if not self._due():
            self._wake.wait(self._wait_s)
        return bool(self._queue)

    def _due(self) -> bool:
        return self._urgent or self._closing or len(self._queue) >= self._batch_max

    def _commit(self) -> None:
        urgent, self._urgent = self._urgent, False
        group = self._group = deque(self._take(self._batch_max))
        if urgent and self._queue:
            self._urgent = True
        try:
            indices = self._log.append([entry for entry, _ in group], self._clock.now())
        except Trouble as trouble:
            self._fail(trouble)
            return
        for index in indices:
            _, done = group.popleft()
            if done is not None:
                _tell(done, index)

    def _fail(self, trouble: Trouble) -> None:
        self._failed_at = self._clock.now()
        self._lost = len(self._group)
        self._pause_now_s = self._pause_s
        self._failure = trouble
        self._answer_group(trouble)
        self._answer_all(self._refusal())
        _log.error("the ledger cannot be written, and takes no entries: %s", trouble)

    def _try_again(self) -> None:
        """Rule 4: pause, then commit an entry that says so."""
        failure = self._failure
        assert failure is not None
        assert self._failed_at is not None
        self._pause()
        if self._closing or isinstance(failure, Corrupt):
            return
        now = self._clock.now()
        pub: dict[str, Value] = {
            "since": rfc3339(self._failed_at),
            "cause": as_id(failure.code),
            "lost": self._lost,
        }
        try:
            self._log.append([make_entry("ledger.resumed", now, pub)], now)
        except Trouble as trouble:
            self._failure = trouble
            if isinstance(trouble, Corrupt):
                _log.error("the ledger stays closed until somebody has looked at it: %s", trouble)
            return
        self._failure = None
        _log.warning("the ledger is written again; entries lost meanwhile: %d", self._lost)

    def _pause(self) -> None:
        """Wait before the next attempt, answering stragglers (see `_rescue`) meanwhile."""
        until = self._clock.monotonic() + self._pause_now_s
        self._pause_now_s = min(2 * self._pause_now_s, PAUSE_LAST_S)
        while True:
            self._wake.clear()
            self._answer_all(self._refusal())
            left = until - self._clock.monotonic()
            if self._closing or left <= 0:
                return
            self._wake.wait(left)

    def _take(self, most: int) -> list[_Waiting]:
        """Up to `most` entries off the queue, which others may be emptying too."""
        taken: list[_Waiting] = []
        with contextlib.suppress(IndexError):
            while len(taken) < most:
                taken.append(self._queue.popleft())
        return taken

    def _answer_group(self, trouble: Trouble) -> None:
        """Tell those whose entries were taken and may or may not be kept."""
        while self._group:
            _, done = self._group.popleft()
            if done is not None:
                _tell(done, trouble)

    def _answer_all(self, trouble: Trouble) -> None:
        """Tell everybody who waits that it will not be written."""
        for _, done in self._take(len(self._queue)):
            self._lost += 1
            if done is not None:
                _tell(done, trouble)

    def _refusal(self) -> Trouble:
        """A new exception each time: one that is raised again and again grows by a traceback."""
        failure = self._failure
        if failure is None:
            return Unavailable("the ledger's writer is closed")
        return Unavailable(f"the ledger cannot be written: {failure.message}", hint=failure.hint)


def _tell(done: Done, answer: int | Trouble) -> None:
    # RuntimeError: the event loop that asked is gone; the entry's fate is settled without it.
    with contextlib.suppress(RuntimeError):
        done(answer)
