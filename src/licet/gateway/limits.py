"""How often and how much at once a key may ask: the arithmetic, and its form for one process.

Two limits a key: requests per minute (a token bucket that holds one minute's worth) and requests
at the same time. `limits_redis` keeps the same promise for many gateways together.

It refuses to know keys, HTTP and clocks: time is given, in monotonic seconds.

Rules
1. A refusal takes nothing: neither a token nor a place.
2. A limit of 0 is no limit.
3. Who was allowed gives the place back once, with the Allowed that it got.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

import msgspec

MINUTE_S: Final = 60.0
_ROUNDING_S: Final = 1e-6
"""Sums of 60/rate miss 60 by less than this; a client must not pay for it."""
BUSY_RETRY_S: Final = 1.0  # nobody knows when another request of the key will end


class Allowance(msgspec.Struct, frozen=True):
    """What one key may do; 0 is no limit."""

    rate_per_minute: int = 0
    concurrency_max: int = 0


@dataclass(frozen=True, slots=True)
class Allowed:
    """Go ahead, and give the place back. `lease` names the place where it is kept elsewhere."""

    lease: str = ""


@dataclass(frozen=True, slots=True)
class Limited:
    """Not now. `retry_after_s` is when a request could pass, if no other comes before it."""

    retry_after_s: float
    which: Literal["rate", "concurrency"]


class Limits(Protocol):
    """Counts requests by key. One contract test holds every implementation to it."""

    async def take(self, key_id: str, allowance: Allowance, now_s: float) -> Allowed | Limited:
        """A token and a place for one request, or neither. Raises Unavailable (fails closed)."""
        ...

    async def release(self, key_id: str, allowed: Allowed) -> None:
        """Give the place back; never raises for a store that is down."""
        ...

    async def close(self) -> None: ...


def decide_rate(full_at_s: float, rate_per_minute: int, now_s: float) -> tuple[float, float]:
    """(new `full_at_s`, seconds to wait): a token bucket kept as one number.

    `full_at_s` is when the bucket will be full again if nothing more is taken (the theoretical
    arrival time of GCRA, ITU-T I.371, with a burst of one minute). Wait 0 means taken.
    """
    then_s = max(full_at_s, now_s) + MINUTE_S / rate_per_minute
    wait_s = then_s - now_s - MINUTE_S
    if wait_s > _ROUNDING_S:
        return full_at_s, wait_s
    return then_s, 0.0


class _Meter:
    """What is known of one key."""

    __slots__ = ("full_at_s", "running")

    def __init__(self) -> None:
        self.full_at_s = float("-inf")
        self.running = 0


_ALLOWED: Final = Allowed()
_BUSY: Final = Limited(BUSY_RETRY_S, "concurrency")


class LocalLimits:
    """Limits counted in this process. Memory: some 150 bytes for each key that was ever used."""

    def __init__(self) -> None:
        self._meters: dict[str, _Meter] = {}

    async def take(self, key_id: str, allowance: Allowance, now_s: float) -> Allowed | Limited:
        return self.decide(key_id, allowance, now_s)

    def decide(self, key_id: str, allowance: Allowance, now_s: float) -> Allowed | Limited:
        """`take` for a caller that need not wait."""
        meter = self._meters.get(key_id)
        if meter is None:
            meter = self._meters[key_id] = _Meter()
        if 0 < allowance.concurrency_max <= meter.running:
            return _BUSY
        if allowance.rate_per_minute > 0:
            meter.full_at_s, wait_s = decide_rate(
                meter.full_at_s, allowance.rate_per_minute, now_s
            )
            if wait_s:
                return Limited(wait_s, "rate")
        meter.running += 1
        return _ALLOWED

    async def release(self, key_id: str, allowed: Allowed) -> None:
        self.end(key_id)

    def end(self, key_id: str) -> None:
        """`release` for a caller that need not wait."""
        meter = self._meters[key_id]
        if meter.running == 0:
            raise RuntimeError(f"{key_id} gave back a place that it did not hold")
        meter.running -= 1

    async def close(self) -> None:
        self._meters.clear()
