"""May this child use the service now? If so for how long, if not why, and when again.

It refuses to know how use is counted, and to stop what runs: whoever streams obeys `ends_ms`.

Rules
1. First consent, then the hours, then the total of the day: the first that says no is the reason.
   What is counted ahead, for reading, is not used before its time.
2. Who may begin may use the service up to `ends_ms`, if they go on without a break; an answer that
   runs by then may be finished within the profile's grace. A gap that the beginning closes has
   counted by then, so that `ends_ms` may be now: one answer, within the grace.
3. A refusal says when the next use may begin, if nothing changes.
4. A reminder is due once for each full period of use without a pause; the numbers grow, so that
   whoever shows them shows each once.

law:cn-genai-2023/art10.3
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from licet.minors.timetable import Closed, Timetable
from licet.minors.use import Usage, is_paused, mark, used_ms
from licet.minors.zone import MINUTE_MS

Why = Literal["open", "consent_missing", "daily_total"] | Closed

_DAYS_AHEAD = 15  # a week of totals of 0 and a holiday lie within
_DAYS_RUNNING = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """`ends_ms`: when use that goes on from now ends, None: not within days. `next_ms`: when use
    may begin again, None: not within two weeks, or not by time alone. `may_ask`: whether a
    guardian could give more time. `presumed`: the calendar of the year is not known."""

    allowed: bool
    why: Why
    ends_ms: int | None
    next_ms: int | None
    may_ask: bool
    pause_reminders: int
    reality_reminders: int
    presumed: bool


def decide(table: Timetable, usage: Usage, now_ms: int, *, consent: bool = True) -> Decision:
    """The decision at a moment. `consent`: False where a consent that is needed is missing."""
    zone = table.zone
    day = zone.day(now_ms)
    why: Why = "open"
    next_ms = None
    closed = table.closed(now_ms)
    if not consent:
        why = "consent_missing"
    elif closed is not None:
        why = closed
    elif _left_ms(table, usage, day, now_ms) == 0:
        why = "daily_total"
    if closed is not None or why == "daily_total":
        next_ms = _next_ms(table, usage, now_ms) if consent else None
    paused = is_paused(usage, now_ms, table.rules.use)
    streak_min = 0 if paused else usage.streak_ms // MINUTE_MS
    profile = table.profile
    return Decision(
        allowed=why == "open",
        why=why,
        ends_ms=_ends_ms(table, usage, now_ms) if why == "open" else None,
        next_ms=next_ms,
        may_ask=why in ("daily_total", "curfew", "quiet_hours") and "daily" in profile.guardian,
        pause_reminders=streak_min // profile.pause_min if profile.pause_min else 0,
        reality_reminders=streak_min // profile.reality_min if profile.reality_min else 0,
        presumed=table.is_presumed(day),
    )


def _left_ms(table: Timetable, usage: Usage, day: int, now_ms: int) -> int | None:
    total = table.total_ms(day)
    if total is None:
        return None
    return max(0, total - used_ms(usage, day, now_ms, table.zone))


def _ends_ms(table: Timetable, usage: Usage, now_ms: int) -> int | None:
    usage = mark(usage, now_ms, 0, table.rules.use, table.zone)
    at, day = now_ms, table.zone.day(now_ms)
    for _ in range(_DAYS_RUNNING):
        left = _left_ms(table, usage, day, now_ms)
        end = next((end for start, end in table.spans(day) if start <= at < end), at)
        if left is not None and at + left < end:
            return at + left
        day += 1
        if end < table.zone.start_ms(day):
            return end
        at = end
    return None


def _next_ms(table: Timetable, usage: Usage, now_ms: int) -> int | None:
    today = table.zone.day(now_ms)
    for day in range(today, today + _DAYS_AHEAD):
        if _left_ms(table, usage, day, now_ms) == 0:
            continue
        for start, end in table.spans(day):
            if end > now_ms:
                return max(start, now_ms)
    return None
