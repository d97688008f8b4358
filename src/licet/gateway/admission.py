"""Who may ask what: key, limits, route and model, before anything is judged.

It refuses to know sockets. A "no" is a Denial, worded for the one who asks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import msgspec

from licet.base.trouble import Unavailable
from licet.gateway.asgi import Scope, header
from licet.gateway.config import UpstreamConfig
from licet.gateway.dialects.model import Told
from licet.gateway.keys import Key, KeyDenied, Route
from licet.gateway.limits import Allowance, Allowed, Limited
from licet.gateway.measures import Notice
from licet.gateway.parts import Parts
from licet.guard.guarding import AUDIENCE

_BEARER: Final = b"bearer "


@dataclass(frozen=True, slots=True)
class Denial:
    """A request that goes no further. `code` is stable; `message` says what to do, `told` what the
    person is told besides."""

    status: int
    code: str
    message: str
    retry_after_s: float = 0.0
    told: Told | None = None


class Target(msgspec.Struct, frozen=True):
    """Where a request goes: the upstream, and the model's name there."""

    upstream: UpstreamConfig
    model: str


_DENIED: Final = {
    "missing": "No API key was given: send `Authorization: Bearer licet_…` (or `x-api-key`).",
    "malformed": "This is not an API key of this gateway (they begin with `licet_`).",
    "unknown": "This API key is not known here.",
    "revoked": "This API key has been revoked: ask the operator for another.",
    "unavailable": "API keys cannot be checked just now: try again in a moment.",
}


def presented_key(scope: Scope) -> str:
    """The key text of a request, "" without one."""
    value = header(scope, b"authorization")
    if value is not None and value[:7].lower() == _BEARER:
        return value[7:].strip().decode("latin-1")
    return (header(scope, b"x-api-key") or b"").decode("latin-1")


def refuse_service(parts: Parts, scope: Scope) -> Denial | None:
    """Why nobody, or not this one, is served; None where he may be."""
    refusal = parts.clearance.refuse(scope)
    if refusal is None:
        return None
    parts.metrics.not_licensed(parts.clearance.state)
    return Denial(refusal.status, refusal.code, refusal.message)


def admit(parts: Parts, scope: Scope, route: Route) -> Key | Denial:
    """The key that the request came with, if it opens this route."""
    found = parts.keyring.find(presented_key(scope))
    if isinstance(found, KeyDenied):
        parts.metrics.key_denied(found.reason)
        status = 503 if found.reason == "unavailable" else 401
        code = "keys_unavailable" if status == 503 else "invalid_api_key"
        return Denial(status, code, _DENIED[found.reason])
    if route not in found.grant.routes:
        parts.metrics.key_denied("route")
        return Denial(403, "route_not_allowed", f"This API key does not open {route}.")
    return found


def audience_of(parts: Parts, key: Key) -> str:
    """Whose thresholds hold for who comes with a key: what it names, else the configuration's."""
    named = key.grant.audience
    return parts.config.guard.audience if named == AUDIENCE else named


async def take_place(parts: Parts, key: Key) -> Allowed | Denial:
    """A place for one request of a key, within its limits."""
    allowance, grant = parts.default_allowance, key.grant
    rate, at_once = grant.rate_per_minute, grant.concurrency_max
    if rate is not None or at_once is not None:
        allowance = Allowance(
            allowance.rate_per_minute if rate is None else rate,
            allowance.concurrency_max if at_once is None else at_once,
        )
    try:
        answer = await parts.limits.take(key.id, allowance, parts.clock.monotonic())
    except Unavailable as trouble:
        return Denial(503, "limits_unavailable", str(trouble))
    if isinstance(answer, Limited):
        parts.metrics.limited(answer.which)
        wait_s = max(1, math.ceil(answer.retry_after_s))
        what = "requests a minute" if answer.which == "rate" else "requests at the same time"
        return Denial(
            429,
            "rate_limit_exceeded",
            f"This API key has reached its limit of {what}: try again in {wait_s} s.",
            answer.retry_after_s,
        )
    return answer


async def under_measure(parts: Parts, end_user: str | None) -> Notice | Denial | None:
    """The measure that binds a user who is served nevertheless, or why they are not; None for
    everybody else."""
    if parts.measures is None or end_user is None:
        return None
    notice = parts.measures.of(end_user)
    if notice is None:
        return None
    try:
        no = await parts.measures.turn_away(notice)
    except Unavailable as trouble:
        return Denial(503, "limits_unavailable", str(trouble))
    return Denial(no.status, no.code, no.message, no.retry_after_s, notice) if no else notice


def route_model(parts: Parts, key: Key, model: str, family: str) -> Target | Denial:
    """Where a model's requests go, for a key and an API family (`openai`, `anthropic`)."""
    config = parts.config
    known = config.models.get(model)
    name = known.upstream if known else config.default_upstream
    if not key.grant.allows_model(model):
        parts.metrics.key_denied("model")
        return Denial(403, "model_not_allowed", f"This API key does not open the model {model!r}.")
    if name is None:
        return Denial(404, "model_not_found", f"There is no model {model!r} here: see /v1/models.")
    upstream = config.find_upstream(name)
    if not key.grant.allows_upstream(name):
        parts.metrics.key_denied("model")
        return Denial(403, "model_not_allowed", f"This API key does not open the model {model!r}.")
    if family not in upstream.dialects:
        return Denial(
            400, "dialect_not_served", f"The model {model!r} does not speak this API ({family})."
        )
    return Target(upstream, known.model if known and known.model else model)
