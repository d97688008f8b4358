"""Verifies persons and reports their comings and goings, whatever the service does meanwhile.

It refuses to keep what is not needed: a name and a number are used for one call and forgotten, of
a day of birth the thresholds are kept (an age signal), and `pi` is sealed.

Rules
1. What happens to a person while the service gives no answer is the operator's setting: `refuse`
   (they wait) or `as_minor` (they use the service under the strictest band). There is no default.
2. A pending check is asked after, more and more seldom, for two days; then the person is told
   that it failed and may begin anew.
3. A report is kept before the caller goes on, and leaves with the next batch of 128 at most. What
   the service did not take is sent again until it is taken; what an outage made too late is sent
   all the same, and counted as late; what the service says will never do is set aside, not lost.
4. Where an answer was lost a report is sent twice: session, kind and time say that it is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from licet.base.clock import Clock
from licet.minors.realname.driver import Act, Driver
from licet.minors.realname.outbox import Outbox, Row
from licet.minors.realname.protocol import (
    BATCH_MAX,
    CODES,
    QUERY_WITHIN_S,
    REPORT_WITHIN_S,
    Fault,
    Outcome,
    Pending,
    Unverified,
    Verified,
    ages_of,
)
from licet.minors.signal import AgeSignal
from licet.rulebook.minors import MinorsRules

OnOutage = Literal["refuse", "as_minor"]
Standing = Literal["verified", "pending", "unverified", "refuse", "as_minor", "correct_number"]
SIGNAL_DAYS = 180
SOURCE = "real-name-service"
FIRST_QUERY_S = 60
QUERY_S_MAX = 3_600
RETRY_S = 2
RETRY_S_MAX = 15
"""Far below REPORT_WITHIN_S: an outage that ends in time makes no report late."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a person. `signal` is there once they are verified; `fault` says why not."""

    standing: Standing
    signal: AgeSignal | None = None
    fault: Fault | None = None


class RealNameDesk:
    """Verifies and reports for one provider. `subject` is a keyed digest of 32 characters, which
    is what the service knows a person of ours by."""

    def __init__(
        self,
        driver: Driver,
        outbox: Outbox,
        rules: MinorsRules,
        clock: Clock,
        on_outage: OnOutage,
        note: Callable[[Fault], None] = lambda fault: None,
    ) -> None:
        self._driver = driver
        self._outbox = outbox
        self._rules = rules
        self._clock = clock
        self._on_outage = on_outage
        self._note = note
        self._resting_until = float("-inf")
        self._rest_s = RETRY_S

    async def verify(self, subject: str, name: str, id_number: str) -> Verification:
        """Ask who a person is. Name and number go no further than this call."""
        outcome = await self._driver.check(subject, name, id_number)
        if isinstance(outcome, Fault) and outcome.code == 2004:  # we asked before
            outcome = await self._driver.query(subject)
        return self._became(subject, outcome, first=True)

    async def follow_up(self) -> dict[str, Verification]:
        """Ask after what is pending and due: whoever's matter is settled now, by subject."""
        now = self._now_s()
        settled = {}
        for subject, since_s in self._outbox.due(now):
            if now - since_s >= QUERY_WITHIN_S:
                self._outbox.settle(subject)
                settled[subject] = Verification("unverified")
                continue
            became = self._became(subject, await self._driver.query(subject), first=False)
            if became.standing in ("verified", "unverified"):
                settled[subject] = became
            else:
                wait_s = min(QUERY_S_MAX, max(FIRST_QUERY_S, (now - since_s) // 2))
                self._outbox.wait(subject, now + wait_s)
        return settled

    def came(self, subject: str, visit: str) -> None:
        """Somebody verified began to use the service. `visit` is ours for it."""
        self._keep(subject, visit, online=True)

    def left(self, subject: str, visit: str) -> None:
        """They ended."""
        self._keep(subject, visit, online=False)

    async def send(self) -> int:
        """Send what waits, in batches; how many were taken. Call it every second or so."""
        taken = 0
        while self._clock.monotonic() >= self._resting_until:
            rows = self._outbox.waiting(BATCH_MAX)
            if not rows:
                break
            answer = await self._driver.report(
                [Act(n, r.session, r.online, r.at_s, r.pi) for n, r in enumerate(rows, 1)]
            )
            if isinstance(answer, Fault):
                self._rest(answer)
                break
            taken += self._took(rows, answer)
            if any(CODES.get(code, ("again", ""))[0] != "item" for code in answer.values()):
                self._rest(Fault(3001, "again", CODES[3001][1]))
                break
            self._rest_s = RETRY_S
        return taken

    def _took(self, rows: list[Row], refused: dict[int, int]) -> int:
        now = self._now_s()
        taken = [row for n, row in enumerate(rows, 1) if n not in refused]
        late = sum(now - row.at_s > REPORT_WITHIN_S for row in taken)
        never = [
            (row.id, refused[n])
            for n, row in enumerate(rows, 1)
            if n in refused and CODES.get(refused[n], ("again", ""))[0] == "item"
        ]
        self._outbox.took([row.id for row in taken], late, never)
        for _, code in never:
            self._note(Fault(code, "item", CODES[code][1]))
        return len(taken)

    def _rest(self, fault: Fault) -> None:
        self._note(fault)
        self._resting_until = self._clock.monotonic() + self._rest_s
        self._rest_s = min(RETRY_S_MAX, self._rest_s * 2)

    def _keep(self, subject: str, visit: str, *, online: bool) -> None:
        session = hashlib.sha256(f"{subject}\n{visit}".encode()).hexdigest()[:32]
        self._outbox.keep(subject, session, self._now_s(), online=online)

    def _became(self, subject: str, outcome: Outcome, *, first: bool) -> Verification:
        now = self._now_s()
        if isinstance(outcome, Verified):
            self._outbox.verified(subject, outcome.pi)
            return Verification("verified", self._signal(outcome.pi))
        if isinstance(outcome, Unverified):
            self._outbox.settle(subject)
            return Verification("unverified")
        if isinstance(outcome, Pending):
            if first:
                self._outbox.pending(subject, now, now + FIRST_QUERY_S)
            return Verification("pending")
        if outcome.kind == "person":
            return Verification("correct_number", fault=outcome)
        self._note(outcome)
        return Verification(self._on_outage, fault=outcome)

    def _signal(self, pi: str) -> AgeSignal:
        now = datetime.fromtimestamp(self._now_s(), UTC)
        today = now.astimezone(ZoneInfo(self._rules.time_zone)).date()
        over, under = ages_of(pi, today, self._rules.thresholds)
        issued_ms = int(now.timestamp() * 1000)
        # Until the next threshold at the latest a person is as old as they are said to be; the
        # protective side of that is to ask again after half a year.
        expires_ms = issued_ms + int(timedelta(days=SIGNAL_DAYS).total_seconds() * 1000)
        return AgeSignal("real_name_service", "high", over, under, issued_ms, expires_ms, SOURCE)

    def _now_s(self) -> int:
        return int(self._clock.now().timestamp())
