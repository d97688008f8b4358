"""Where minors are counted: in one SQLite file, in PostgreSQL, in Redis or Valkey; by URL."""

from __future__ import annotations

from pathlib import Path

from licet.base.clock import Clock
from licet.base.extras import to_install
from licet.base.trouble import BadInput
from licet.base.valkey import SCHEMES
from licet.minors.store import MinorsStore, SteadyClock
from licet.minors.store_local import LocalStore
from licet.minors.zone import Zone
from licet.rulebook.minors import UseRule


def open_store(url: str, rule: UseRule, zone: Zone, clock: Clock) -> MinorsStore:
    """The store at `memory:`, `sqlite:PATH`, `postgresql://…` or `redis://…`.

    `clock` is that of a local store; the others have their own. Raises BadInput for another kind
    of URL, Conflict where another process has the file, Unavailable where nothing answers.
    """
    if url == "memory:":
        return LocalStore(rule, zone, SteadyClock(clock).at_ms)
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:"))
        return LocalStore(rule, zone, SteadyClock(clock).at_ms, path)
    # Imported here: the drivers are extras that a single gateway does not need.
    try:
        if url.startswith(("postgresql://", "postgres://")):
            from licet.minors.store_postgres import PostgresStore

            return PostgresStore(rule, zone, url)
        if url.startswith(SCHEMES):
            from licet.minors.store_redis import RedisStore

            return RedisStore(rule, zone, url)
    except ImportError:
        raise BadInput(
            "minors in PostgreSQL or Redis need a client that is not installed.",
            hint=to_install("redis" if url.startswith(SCHEMES) else "postgres"),
        ) from None
    raise BadInput(
        "the minors' url is neither memory:, sqlite:, postgresql:// nor redis://.",
        hint="Write sqlite:/path/to/minors.db for one gateway, redis://host:6379/0 for several.",
    )
