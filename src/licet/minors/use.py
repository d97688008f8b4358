"""How long a person has used a service: signs of life in, time by day out.

It refuses to know limits, devices and gateways.

Rules
1. A sign of life is a moment, and for how long there is something to read after it. Use is all the
   time that signs cover, and the time between two of them where it is at most `gap_s`.
2. Time is counted once, however many devices, tabs and gateways give signs in it.
3. Signs come in the order of one clock: that of the store which counts. A sign that comes a little
   early counts nothing twice. If that clock was set back by more than there can be to read, what
   was counted stays counted and counting begins anew.
4. Use over midnight is divided between the days.
5. A pause is `pause_s` without use; the streak is what was used since the last one.

law:cn-genai-2023/art10.3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from licet.minors.zone import Zone
from licet.rulebook.minors import UseRule


@dataclass(frozen=True, slots=True)
class Usage:
    """What is known of a person's use. `until_ms`: counted up to here, which lies ahead while
    there is something to read. `days`: milliseconds by day, the last `keep_days` of them."""

    until_ms: int = 0
    streak_ms: int = 0
    days: Mapping[int, int] = field(default_factory=dict)


UNUSED = Usage()


def mark(usage: Usage, at_ms: int, read_ms: int, rule: UseRule, zone: Zone) -> Usage:
    """The usage after a sign of life at `at_ms` with `read_ms` to read, at most the rule's."""
    read_ms = max(0, min(read_ms, rule.reading_s_max * 1000))
    until = usage.until_ms
    if until > at_ms + rule.reading_s_max * 1000:
        until = at_ms  # rule 3
    away_ms = at_ms - until
    start = at_ms if away_ms > rule.gap_s * 1000 else until
    streak = 0 if away_ms >= rule.pause_s * 1000 else usage.streak_ms
    end = max(until, at_ms + read_ms)
    days = usage.days
    if end > start:
        days = _added(days, start, end, zone)
        if len(days) > len(usage.days):
            first = zone.day(at_ms) - rule.keep_days
            days = {day: used for day, used in days.items() if day > first}
    return Usage(end, streak + end - start, days)


def used_ms(usage: Usage, day: int, now_ms: int, zone: Zone) -> int:
    """What was used of a day up to a moment: without what is counted ahead of it."""
    used = usage.days.get(day, 0)
    if usage.until_ms > now_ms:
        ahead = min(usage.until_ms, zone.start_ms(day + 1)) - max(now_ms, zone.start_ms(day))
        used -= max(0, ahead)
    return max(0, used)


def is_paused(usage: Usage, now_ms: int, rule: UseRule) -> bool:
    """Whether the last use lies a pause or more behind (rule 5)."""
    return now_ms - usage.until_ms >= rule.pause_s * 1000


def reading_ms(characters: int, rule: UseRule) -> int:
    """How long an answer of so many characters is read, within the rule's bound."""
    wanted = characters * 60_000 // rule.reading_characters_per_minute
    return min(wanted, rule.reading_s_max * 1000)


def _added(days: Mapping[int, int], start: int, end: int, zone: Zone) -> dict[int, int]:
    """`days` with the time from `start` to `end`, each day its part."""
    out = dict(days)
    day = zone.day(start)
    while start < end:
        upto = min(end, zone.start_ms(day + 1))
        out[day] = out.get(day, 0) + upto - start
        start, day = upto, day + 1
    return out
