"""Events as JSON and back: what a store keeps, what two installations send each other.

It refuses to know stores and the network.

Rules
1. `event_from_json(event_as_json(e)) == e`, to the microsecond.
2. What comes from outside is checked for shape before anything is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.trouble import BadInput
from licet.cases.model import Event

_KEYS = {"kind", "actor", "role", "at", "data"}


def event_as_json(event: Event) -> dict[str, Any]:
    """The event as a JSON object; its moment in UTC."""
    return {
        "kind": event.kind,
        "actor": event.actor,
        "role": event.role,
        "at": event.at.astimezone(UTC).isoformat(),
        "data": dict(event.data),
    }


def event_from_json(value: object) -> Event:
    """The event in a JSON object. Raises BadInput where it is none."""
    if not isinstance(value, Mapping) or set(value) != _KEYS:
        raise BadInput("this is no event.", hint=f"An event has {', '.join(sorted(_KEYS))}.")
    words = [value["kind"], value["actor"], value["role"], value["at"]]
    if not all(isinstance(word, str) and word for word in words):
        raise BadInput("this is no event.", hint="kind, actor, role and at are texts.")
    if not isinstance(value["data"], Mapping):
        raise BadInput("this is no event.", hint="data is an object.")
    try:
        at = datetime.fromisoformat(value["at"])
    except ValueError:
        raise BadInput(f"{value['at']!r} is no moment.", hint="Write it as RFC 3339.") from None
    if at.tzinfo is None:
        raise BadInput(f"{value['at']!r} has no time zone.", hint="Write it as RFC 3339.")
    return Event(value["kind"], value["actor"], value["role"], at, dict(value["data"]))


def event_digest(event: Event) -> str:
    """SHA-256 over the event's canonical form (RFC 8785): what a ledger entry names."""
    return sha256_hex(canonical_json(event_as_json(event)))
