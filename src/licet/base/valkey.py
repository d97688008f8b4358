"""A connection to Valkey or Redis with bounded waits.

It refuses to know what is kept there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

SCHEMES = ("redis://", "rediss://", "valkey://", "valkeys://")

_WAIT_S = 0.25
_CONNECTIONS_MAX = 64


def connect(url: str, *, tries: int = 2) -> Redis:
    """A client for `url`. Connects at the first call; no try waits for more than a quarter of a
    second. What is tried again may have been done before.

    Raises ImportError where the extra `redis` is not installed.
    """
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    url = url.replace("valkeys://", "rediss://", 1).replace("valkey://", "redis://", 1)
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS_MAX,
        timeout=_WAIT_S,
        socket_timeout=_WAIT_S,
        socket_connect_timeout=_WAIT_S,
        # One more try, at once: a pooled connection may have been closed while idle.
        retry=Retry(NoBackoff(), tries - 1),
    )
    return Redis.from_pool(pool)
