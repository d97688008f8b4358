"""Minors counted in Redis or Valkey: one count under many gateways, on the server's clock.

It refuses to know the clocks of gateways.

Rules
1. One script reads the clock and counts, so that nothing comes between. It is `use.mark` once
   more, and one contract test holds both to the same answers.
2. Where days begin is worked out here, of the zone, and given along. Should the server's clock lie
   in another day, the script changes nothing and says its time, and is asked again.
3. Counts of a person end `keep_days` after the last sign by themselves; a record stays.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import date
from typing import Any

from redis.exceptions import RedisError

from licet.base.trouble import Unavailable
from licet.base.valkey import connect
from licet.minors.store import Seen
from licet.minors.use import Usage
from licet.minors.zone import DAY_MS, Zone, iso_day
from licet.rulebook.minors import UseRule

_ANSWER = """
local function answer(at)
  return {string.format('%.0f', at), redis.call('GET', KEYS[2]), redis.call('HGETALL', KEYS[1])}
end
local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_LOOK = _ANSWER + "return answer(at)"
# KEYS: use, record. ARGV: ms to read, to read at most, gap, pause, to keep; the beginnings of
# yesterday, today, tomorrow and the day after; the names of the first three; the last day to drop.
_MARK = (
    _ANSWER
    + """
local n = {}
for i = 1, 9 do n[i] = tonumber(ARGV[i]) end
local read, most, gap, pause, keep = n[1], n[2], n[3], n[4], n[5]
if at < n[7] or at >= n[8] then return {string.format('%.0f', at)} end
local known = redis.call('HMGET', KEYS[1], 'until', 'streak')
local counted, streak = tonumber(known[1] or 0), tonumber(known[2] or 0)
read = math.max(0, math.min(read, most))
if counted > at + most then counted = at end
local away = at - counted
local start = counted
if away > gap then start = at end
if away >= pause then streak = 0 end
local last = math.max(counted, at + read)
local function text(number) return string.format('%.0f', number) end
redis.call('HSET', KEYS[1], 'until', text(last), 'streak', text(streak + last - start))
local fresh = false
for i = 6, 8 do
  local used = math.min(last, n[i + 1]) - math.max(start, n[i])
  if used > 0 then
    local name = ARGV[i + 4]
    if redis.call('HINCRBY', KEYS[1], name, text(used)) == used then fresh = true end
  end
end
if fresh then
  for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
    if name:sub(1, 2) == '20' and name <= ARGV[13] then redis.call('HDEL', KEYS[1], name) end
  end
end
redis.call('PEXPIRE', KEYS[1], keep)
return answer(at)
"""
)
_PUT = """
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
return 1
"""
_TRIES = 3


class RedisStore:
    """A MinorsStore at `url` (`redis://`, `rediss://`, `valkey://`, `valkeys://`)."""

    def __init__(self, rule: UseRule, zone: Zone, url: str, *, prefix: str = "licet") -> None:
        self._rule = rule
        self._zone = zone
        self._redis = connect(url)
        self._look = self._redis.register_script(_LOOK)
        self._mark = self._redis.register_script(_MARK)
        self._put = self._redis.register_script(_PUT)
        self._prefix = prefix
        self._at_ms = 0  # the server's time, as last heard

    async def look(self, subject: str) -> Seen:
        """As MinorsStore.look."""
        return self._seen(await self._asked(self._look(keys=self._names(subject))))

    async def mark(self, subject: str, read_ms: int) -> Seen:
        """As MinorsStore.mark."""
        rule = self._rule
        fixed = [read_ms, *(1000 * s for s in (rule.reading_s_max, rule.gap_s, rule.pause_s))]
        fixed.append((rule.keep_days + 1) * DAY_MS)
        for _ in range(_TRIES):
            day = self._zone.day(self._at_ms)
            starts = [self._zone.start_ms(day + n) for n in (-1, 0, 1, 2)]
            names = [iso_day(day + n) for n in (-1, 0, 1)]
            args: list[int | str] = [*fixed, *starts, *names, iso_day(day - rule.keep_days)]
            found = await self._asked(self._mark(keys=self._names(subject), args=args))
            if len(found) > 1:
                return self._seen(found)
            self._at_ms = int(found[0])  # rule 2
        raise Unavailable("the clock of the minors' store runs wild.", hint="Set its time right.")

    async def put(self, subject: str, record: str, instead_of: str | None) -> bool:
        """As MinorsStore.put."""
        args = [record, "" if instead_of is None else instead_of]
        return bool(await self._asked(self._put(keys=self._names(subject), args=args)))

    async def forget(self, subject: str) -> None:
        """As MinorsStore.forget."""
        await self._asked(self._redis.delete(*self._names(subject)))

    def flush(self) -> None:
        """As MinorsStore.flush: nothing waits."""

    async def sweep(self, before_ms: int) -> None:
        """As MinorsStore.sweep: counts end by themselves (rule 3)."""

    async def survey(self, after: str, count: int) -> tuple[tuple[tuple[str, Seen], ...], str]:
        """As MinorsStore.survey; `after` is the cursor of the server."""
        match = f"{self._prefix}:{{*}}:minor"
        scanned = self._redis.scan(int(after or 0), match=match, count=count)
        cursor, names = await self._asked(scanned)
        subjects = [name.decode().partition("{")[2].partition("}")[0] for name in names]
        persons = [(subject, await self.look(subject)) for subject in subjects]
        return tuple(persons), str(cursor) if int(cursor) else ""

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()

    def _seen(self, found: Sequence[Any]) -> Seen:
        at, record, flat = found
        self._at_ms = int(at)
        fields = {flat[n].decode(): int(flat[n + 1]) for n in range(0, len(flat), 2)}
        until, streak = fields.pop("until", 0), fields.pop("streak", 0)
        days = {date.fromisoformat(day).toordinal(): used for day, used in fields.items()}
        usage = Usage(until, streak, days)
        return Seen(self._at_ms, None if record is None else record.decode(), usage)

    async def _asked(self, waiting: Awaitable[Any]) -> Any:
        try:
            return await waiting
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"the minors' store does not answer ({type(error).__name__}).",
                hint="Start Valkey or Redis, or correct [minors] url.",
            ) from None

    def _names(self, subject: str) -> list[str]:
        # Braces: both stand on one node of a cluster.
        stem = f"{self._prefix}:{{{subject}}}"
        return [f"{stem}:use", f"{stem}:minor"]
