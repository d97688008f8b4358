"""The licence as anybody may read it: the token, a proof that it is ours, the keys and the list.

Where an authority's desk is kept here (`licet up`) keys and lists are its own; else what this
gateway got from the authority is handed on, so that a client needs to ask nobody else.

It refuses to decide what a licence is worth.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from licet.base.trouble import BadInput, NotFound, Trouble, Unavailable
from licet.credentials.issuer import LIST_PATH
from licet.credentials.possession import prove_possession
from licet.credentials.statuslist import MEDIA_TYPE
from licet.gateway.asgi import JSON, Answer, Receive, Scope, Send, json_answer
from licet.gateway.parts import Parts

_TOKEN = (b"content-type", b"application/dc+sd-jwt")
_LIST = (b"content-type", MEDIA_TYPE.encode())
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")
_FRESH = (b"cache-control", b"no-cache")
_NEVER = (b"cache-control", b"no-store")
_FOR_EVER = (b"cache-control", b"public, max-age=604800, immutable")
_YEAR_9999_S = 253_402_300_799


async def licence(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """The licence; with `?nonce=`, a presentation by its holder (RFC 9901, section 4.3)."""
    held = parts.licensing.held
    if held is None:
        message = parts.clearance.lost() or NotFound("This gateway runs without a licence.")
        await _not_there(str(message)).send(send)
        return
    nonce = _query(scope).get("nonce")
    if nonce is None:
        await Answer(200, held.token.encode(), (_TOKEN, _FRESH, _ANY_ORIGIN)).send(send)
        return
    try:
        shown = prove_possession(
            held.token, nonce=nonce, address=parts.licensing.public_url,
            now=parts.clock.now(), key=held.key,
        )  # fmt: skip
    except BadInput as trouble:
        await _fault(400, trouble).send(send)
        return
    await Answer(200, shown.encode(), (_TOKEN, _NEVER, _ANY_ORIGIN)).send(send)


async def keys(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """The authority's keys. From a gateway they are a convenience, not a reason to trust them."""
    held = parts.licensing.held
    known = parts.issuer.keys if parts.issuer else held.keys if held else None
    if known is None:
        await _not_there("No authority's keys are known here.").send(send)
        return
    await Answer(200, known.as_jwks(), (JSON, _FRESH, _ANY_ORIGIN)).send(send)


async def status(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """The status list, now or (from the authority itself) at a past `?time=`."""
    time = _query(scope).get("time")
    try:
        if parts.issuer is not None and scope["path"] == LIST_PATH:
            if time is None:
                age = b"public, max-age=%d" % (parts.issuer.ttl_s // 6)
                token, cached = parts.issuer.status_token(parts.clock.now()), (_CACHED, age)
            else:
                token = parts.issuer.status_token_at(_moment(time), parts.clock.now())
                cached = _FOR_EVER
        else:
            token, cached = _handed_on(parts, scope["path"]), _FRESH
            if time is not None:
                await _fault(501, Unavailable("Ask the authority itself for a past time.")).send(
                    send
                )
                return
    except NotFound as trouble:
        await _fault(404, trouble).send(send)
        return
    except BadInput as trouble:
        await _fault(400, trouble).send(send)
        return
    except Trouble as trouble:
        await _fault(503, trouble).send(send)
        return
    await Answer(200, token.encode(), (_LIST, cached, _ANY_ORIGIN)).send(send)


_CACHED = b"cache-control"


def _handed_on(parts: Parts, path: str) -> str:
    """The list of our licence as we last got it."""
    listed = parts.licensing.listed
    if listed is None or urlsplit(listed.uri).path != path:
        raise NotFound("There is no such status list here.", hint="Ask the authority.")
    return listed.token


def _query(scope: Scope) -> dict[str, str]:
    text = scope.get("query_string", b"").decode("ascii", "replace")
    try:
        return {name: values[0] for name, values in parse_qs(text, max_num_fields=20).items()}
    except ValueError:
        return {}


def _moment(text: str) -> datetime:
    if not (text.isascii() and text.isdigit()) or int(text[:13]) > _YEAR_9999_S:
        raise BadInput("time is given in whole seconds since 1970.", hint="?time=1764316800")
    return datetime.fromtimestamp(int(text[:13]), UTC)


def _not_there(message: str) -> Answer:
    return _fault(404, NotFound(message))


def _fault(status_code: int, trouble: Trouble) -> Answer:
    error = {
        "message": str(trouble), "type": "invalid_request_error", "param": None,
        "code": trouble.code,
    }  # fmt: skip
    return json_answer(status_code, {"error": error}, _ANY_ORIGIN)
