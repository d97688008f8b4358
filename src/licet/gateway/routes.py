"""The gateway's paths. What is not listed here is refused, or left to what stands beside us on the
same port (the portal, in `licet up`); it is never forwarded to an upstream.

It refuses to serve: `serving` and `desk` do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from licet.base.trouble import NotFound
from licet.gateway import desk, licence_desk, minors_desk
from licet.gateway.asgi import Receive, Scope, Send, header, json_answer
from licet.gateway.dialects.images import ImageEdits, Images
from licet.gateway.dialects.model import Dialect
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.dialects.speech import Speech
from licet.gateway.guardrail import guard_for_litellm
from licet.gateway.keys import Route
from licet.gateway.parts import Parts
from licet.gateway.serving import serve

JUDGED: Final[dict[str, Route]] = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completions",
    "/v1/responses": "responses",
    "/v1/messages": "messages",
    "/v1/embeddings": "embeddings",
}
MEDIA: Final[dict[str, tuple[Route, Callable[[bytes], Dialect]]]] = {
    "/v1/images/generations": ("images", lambda content_type: Images()),
    "/v1/images/edits": ("images", ImageEdits),
    "/v1/audio/speech": ("speech", lambda content_type: Speech()),
}
"""Pictures and sound: a dialect for each request, made with its content type."""
Handler = Callable[[Parts, Scope, Receive, Send], Awaitable[None]]
EXACT: Final[dict[tuple[str, str], Handler]] = {
    ("GET", "/v1/models"): desk.list_models,
    ("POST", "/v1/moderations"): desk.moderate,
    ("POST", "/beta/litellm_basic_guardrail_api"): guard_for_litellm,
    **{("POST", path): minors_desk.serve_minors for path in minors_desk.PATHS},
    ("GET", "/healthz"): desk.health,
    ("GET", "/readyz"): desk.readiness,
    ("GET", "/metrics"): desk.metrics,
    ("GET", "/"): desk.front_page,
    ("GET", "/v1/"): desk.front_page,  # here also where somebody else answers at /
    ("GET", "/.well-known/licet"): licence_desk.licence,
    ("GET", "/.well-known/jwks.json"): licence_desk.keys,
}
BELOW: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "/v1/models/", desk.show_model),
    ("GET", "/ledger/", desk.ledger),
    ("GET", "/status/", licence_desk.status),
    ("GET", "/appeal/", desk.appeal),
    ("POST", "/appeal/", desk.appeal),
)
OURS: Final = ("/v1/", "/ledger/", "/appeal/")
"""Below these nobody else answers: what is unknown there is refused, beside us or not."""


async def dispatch(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request."""
    path, method = scope["path"], scope["method"]
    route = JUDGED.get(path)
    if route is not None and method == "POST":
        await serve(parts, DIALECTS[route], route, scope, receive, send)
        return
    if path in MEDIA and method == "POST":
        media, dialect_for = MEDIA[path]
        dialect = dialect_for(header(scope, b"content-type") or b"")
        await serve(parts, dialect, media, scope, receive, send)
        return
    handler = EXACT.get(("GET" if method == "HEAD" else method, path))
    if handler is None:
        for wanted, prefix, candidate in BELOW:
            if method == wanted and path.startswith(prefix):
                handler = candidate
                break
    if handler is not None and not (path == "/" and parts.beside is not None):
        await handler(parts, scope, receive, send)
        return
    if parts.beside is not None and not path.startswith(OURS):
        await parts.beside(scope, receive, send)
        return
    await _refuse(path, method, send)


async def _refuse(path: str, method: str, send: Send) -> None:
    known = path in JUDGED or path in MEDIA or any(path == exact for _, exact in EXACT)
    trouble = NotFound(
        f"{method} {path} is not served here.",
        hint="See GET /v1/ for what is; other paths of the model are not passed on.",
    )
    status, code = (405, "method_not_allowed") if known else (404, "unknown_route")
    error = {
        "message": str(trouble), "type": "invalid_request_error", "param": None, "code": code,
    }  # fmt: skip
    await json_answer(status, {"error": error}).send(send)
