"""Limits counted in Redis or Valkey: one count under many gateways.

It refuses to know keys, HTTP and this machine's clock: the server's clock is the one that all
gateways share.

Rules
1. One script, so that check and count are one step whatever other gateways do.
2. A place is a lease that ends by itself: a gateway that died gives its places back within
   `lease_s`, which must be longer than the longest exchange.
3. What Redis could not be told is told with the next question about the same key: a place that was
   given back meanwhile, and one of which nobody knows whether it was given. Else a key would be
   locked out for `lease_s` by a moment's silence.
4. A name that was told so is void for `lease_s`: a question that arrives when nobody waits for its
   answer any more takes no place. So whoever asks again asks under a new name.
5. Redis is down: `refuse` (the default) raises Unavailable, `local` counts in this process, so
   that N gateways together may let N times as much through.
"""

from __future__ import annotations

import secrets
from typing import Literal, cast

from redis.exceptions import RedisError

from licet.base.trouble import Unavailable
from licet.base.valkey import connect
from licet.gateway.limits import Allowance, Allowed, Limited, LocalLimits

WhenDown = Literal["refuse", "local"]

OWED_MAX = 10_000
"""So many places are remembered to be given back; what is beyond ends by itself (rule 2)."""
PAID_MAX = 100
"""So many of them go along with one question."""

TRIES = 2
"""A pooled connection may have been closed while it was idle."""

# KEYS: places, names that are void, bucket. ARGV: lease (ms), name of the lease, rate per minute,
# places at most, names that are void from now on (rules 3 and 4).
# Times are whole microseconds: a double holds them exactly.
_VOID = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local lease_ms, lease = tonumber(ARGV[1]), ARGV[2]
local rate, most = tonumber(ARGV[3]), tonumber(ARGV[4])
for i = 5, #ARGV do
  redis.call('ZREM', KEYS[1], ARGV[i])
  redis.call('ZADD', KEYS[2], now + lease_ms * 1000, ARGV[i])
end
if #ARGV >= 5 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  redis.call('PEXPIRE', KEYS[2], lease_ms)
end
"""
_TAKE = (
    _VOID
    + """
if most > 0 then
  if redis.call('ZSCORE', KEYS[2], lease) then return {'concurrency', 1000000} end
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  if redis.call('ZCARD', KEYS[1]) >= most then return {'concurrency', 1000000} end
end
if rate > 0 then
  local full_at = tonumber(redis.call('GET', KEYS[3]) or 0)
  full_at = math.max(full_at, now) + math.floor(60000000 / rate)
  if full_at - now > 60000000 then return {'rate', full_at - now - 60000000} end
  local stay_ms = math.max(1, math.ceil((full_at - now) / 1000))
  redis.call('SET', KEYS[3], string.format('%.0f', full_at), 'PX', stay_ms)
end
if most > 0 then
  redis.call('ZADD', KEYS[1], now + lease_ms * 1000, lease)
  redis.call('PEXPIRE', KEYS[1], lease_ms)
end
return {'', 0}
"""
)
_GIVE_BACK = _VOID + "redis.call('ZREM', KEYS[1], lease)"


class RedisLimits:
    """Limits at `url` (`redis://`, `rediss://`, `valkey://`, `valkeys://`)."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "licet",
        lease_s: float = 900.0,
        when_down: WhenDown = "refuse",
    ) -> None:
        self._redis = connect(url, tries=1)  # rule 4
        self._take = self._redis.register_script(_TAKE)
        self._give_back = self._redis.register_script(_GIVE_BACK)
        self._prefix = prefix
        self._lease_ms = int(lease_s * 1000)
        self._when_down = when_down
        self._local = LocalLimits()
        self._owed: dict[str, list[str]] = {}  # by key, the leases to be given back (rule 3)
        self._owed_count = 0

    async def take(self, key_id: str, allowance: Allowance, now_s: float) -> Allowed | Limited:
        """As Limits.take; `now_s` is used only while Redis is down and `local` was chosen."""
        if not allowance.rate_per_minute and not allowance.concurrency_max:
            return Allowed()
        silence = ""
        for _ in range(TRIES):
            try:
                return await self._ask(key_id, allowance)
            except (RedisError, OSError, TimeoutError) as error:
                silence = type(error).__name__
        if self._when_down == "local":
            answer = self._local.decide(key_id, allowance, now_s)
            return Allowed("local") if isinstance(answer, Allowed) else answer
        raise Unavailable(
            f"the store of limits does not answer ({silence}).",
            hint="Start Redis, correct [limits] url, or choose [limits] when_down.",
        )

    async def _ask(self, key_id: str, allowance: Allowance) -> Allowed | Limited:
        """One question, under a name of its own. Raises what the client does."""
        lease, owed = secrets.token_hex(8), self._pay(key_id)
        rate, most = allowance.rate_per_minute, allowance.concurrency_max
        try:
            which, wait_us = await self._take(
                keys=self._names(key_id), args=[self._lease_ms, lease, rate, most, *owed]
            )
        except BaseException:
            self._owe(key_id, [*owed, lease] if most else owed)
            raise
        if which:
            kind = cast(Literal["rate", "concurrency"], which.decode())
            return Limited(wait_us / 1e6, kind)
        return Allowed(lease if most else "")

    async def release(self, key_id: str, allowed: Allowed) -> None:
        if allowed.lease == "local":
            self._local.end(key_id)
        elif allowed.lease:
            owed = self._pay(key_id)
            try:
                await self._give_back(
                    keys=self._names(key_id), args=[self._lease_ms, allowed.lease, 0, 0, *owed]
                )
            except (RedisError, OSError, TimeoutError):
                self._owe(key_id, [*owed, allowed.lease])

    async def close(self) -> None:
        await self._redis.aclose()

    def _owe(self, key_id: str, leases: list[str]) -> None:
        leases = leases[: OWED_MAX - self._owed_count]
        if leases:
            self._owed.setdefault(key_id, []).extend(leases)
            self._owed_count += len(leases)

    def _pay(self, key_id: str) -> list[str]:
        """What is owed of a key, or a part of it; whoever fails to say it owes it again."""
        owed = self._owed.pop(key_id, [])
        if len(owed) > PAID_MAX:
            self._owed[key_id] = owed[PAID_MAX:]
        paid = owed[:PAID_MAX]
        self._owed_count -= len(paid)
        return paid

    def _names(self, key_id: str) -> list[str]:
        # Braces: all stand on one node of a cluster.
        stem = f"{self._prefix}:{{{key_id}}}"
        return [f"{stem}:places", f"{stem}:void", f"{stem}:rate"]
