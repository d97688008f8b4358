"""Where limits are counted: in this process by default, in Redis or Valkey by URL."""

from __future__ import annotations

from licet.base.extras import to_install
from licet.base.trouble import BadInput
from licet.base.valkey import SCHEMES
from licet.gateway.limits import Limits, LocalLimits


def open_limits(url: str, *, lease_s: float = 900.0, when_down: str = "refuse") -> Limits:
    """The counter at `memory:` or `redis://…`. Connects at the first request, not here.

    Raises BadInput for another kind of URL or another `when_down` than refuse or local.
    """
    if when_down not in ("refuse", "local"):
        raise BadInput(f"there is no when_down {when_down!r}.", hint="Write refuse or local.")
    if url == "memory:":
        return LocalLimits()
    if url.startswith(SCHEMES):
        # Imported here: the client is an extra that a single gateway does not need.
        try:
            from licet.gateway.limits_redis import RedisLimits
        except ImportError:
            raise BadInput(
                "limits in Redis need a client that is not installed.",
                hint=to_install("redis"),
            ) from None
        return RedisLimits(
            url, lease_s=lease_s, when_down="local" if when_down == "local" else "refuse"
        )
    raise BadInput(
        "the limits' url is neither memory: nor redis://.",
        hint="Write memory: for one gateway, redis://host:6379/0 for several.",
    )
