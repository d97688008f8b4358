"""How a key stands in a row, the same in every SQL store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from licet.base.trouble import Corrupt, NotFound
from licet.gateway.keys import Grant, Key

SELECT = "SELECT id, name, prefix, digest, created, revoked, access FROM api_key"


def encode_grant(grant: Grant) -> str:
    """A grant as the JSON that is stored: sorted, so that equal grants are equal text."""
    fields = {
        "routes": sorted(grant.routes),
        "models": list(grant.models),
        "rate_per_minute": grant.rate_per_minute,
        "concurrency_max": grant.concurrency_max,
        "audience": grant.audience,
        "upstreams": list(grant.upstreams),
    }
    return msgspec.json.encode(fields).decode()


def decode_key(row: tuple[Any, ...]) -> Key:
    """A key from its row, as `SELECT` gives it. Raises Corrupt for what cannot be read."""
    key_id, name, prefix, digest, created, revoked, access = row
    try:
        grant = msgspec.json.decode(access, type=Grant)
        made = _moment(created)
        ended = _moment(revoked) if revoked else None
    except (msgspec.DecodeError, ValueError) as error:
        raise Corrupt(
            f"key {key_id} cannot be read: {error}.",
            hint="Revoke it by hand (delete its row) and create another.",
        ) from error
    return Key(key_id, name, prefix, bytes(digest), made, ended, grant)


def no_such_key(key_id: str) -> NotFound:
    return NotFound(f"there is no key {key_id!r}.", hint="`licet keys list` shows every key's id.")


def _moment(value: str | datetime) -> datetime:
    """A stored moment in UTC; one without a zone was written by hand and is taken as UTC."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
