"""What the gateway answers itself: models, moderations, health, metrics, ledger, appeals.

It refuses to call an upstream.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from licet import __version__
from licet.base.ids import new_id
from licet.base.trouble import BadInput, NotFound, Trouble
from licet.gateway.admission import Denial, admit, audience_of, refuse_service, take_place
from licet.gateway.asgi import (
    JSON,
    Answer,
    Receive,
    Scope,
    Send,
    json_answer,
    read_body,
)
from licet.gateway.asgi_trouble import BodyTooLarge, ClientLeft
from licet.gateway.asking import JudgeUnavailable, judged_within
from licet.gateway.casepage import case_page
from licet.gateway.clearance import NotServed
from licet.gateway.dialects.errors import openai_error
from licet.gateway.dialects.model import PromptText
from licet.gateway.dialects.moderations import Judged, parse_moderation, render_moderation
from licet.gateway.keys import Key
from licet.gateway.metrics import CONTENT_TYPE
from licet.gateway.parts import Parts
from licet.gateway.upstream import Upstream
from licet.gateway.upstream_trouble import UpstreamTrouble
from licet.guard.policy import decide

MODELS_BYTES_MAX = 1 << 20
JUDGED_WITHIN_S = 30.0
"""How long a client of moderations waits for judges at most, whatever it sent."""
_OCTETS = (b"content-type", b"application/octet-stream")
_PLAIN = (b"content-type", b"text/plain; charset=utf-8")
_FOR_EVER = (b"cache-control", b"public, max-age=604800, immutable")
_FRESH = (b"cache-control", b"no-cache")
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")


def _denied(denial: Denial) -> Answer:
    return Answer(denial.status, openai_error(denial.status, denial.code, denial.message), (JSON,))


async def front_page(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """What is served here, for whoever comes across it."""
    media = ["images/generations", "images/edits", "audio/speech"] if parts.studio else []
    minors = ["POST /v1/minors/…"] if parts.minors else []
    await json_answer(
        200,
        {
            "name": "Licet",
            "version": __version__,
            "serves": [
                "POST /v1/chat/completions", "POST /v1/completions", "POST /v1/responses",
                "POST /v1/messages", "POST /v1/embeddings", "POST /v1/moderations",
                *(f"POST /v1/{path}" for path in media), *minors,
                "POST /beta/litellm_basic_guardrail_api",
                "GET /v1/models", "GET /healthz", "GET /readyz", "GET /metrics",
                "GET /ledger/checkpoint", "GET /ledger/tile/…", "GET /appeal/{case}",
                "GET /.well-known/licet", "GET /.well-known/jwks.json", "GET /status/…",
            ],
            "ledger": parts.log.origin,
            "bundle": parts.guard.name,
            **parts.clearance.shown,
        },
    ).send(send)  # fmt: skip


async def health(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """The process lives."""
    await json_answer(200, {"status": "ok", "version": __version__}).send(send)


async def readiness(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """The gateway can serve: 200, or 503 with what is missing; beside it how old the list of
    measures is, which keeps nobody from being served (ADR 0026)."""
    faults = parts.ready
    said: dict[str, Any] = {"status": "not ready" if faults else "ready", "missing": faults}
    if parts.measures is not None:
        said["measures"] = parts.measures.as_object()
    await json_answer(503 if faults else 200, said).send(send)


async def metrics(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """What Prometheus scrapes; 404 where the configuration turns it off."""
    if not parts.config.telemetry.metrics:
        await json_answer(404, {"error": {"message": "metrics are off", "code": "off"}}).send(send)
        return
    await Answer(200, parts.metrics.render(), ((b"content-type", CONTENT_TYPE),)).send(send)


async def ledger(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """The ledger as static resources (C2SP tlog-tiles): anybody may read it."""
    path = scope["path"].removeprefix("/ledger/")
    if path == "vkey":
        await Answer(200, f"{parts.log.vkey}\n".encode(), (_PLAIN, _FRESH, _ANY_ORIGIN)).send(send)
        return
    try:
        data = parts.log.fetch(path)
    except (NotFound, BadInput) as trouble:
        await Answer(404, f"{trouble}\n".encode(), (_PLAIN,)).send(send)
        return
    except Trouble as trouble:
        await Answer(503, f"{trouble}\n".encode(), (_PLAIN,)).send(send)
        return
    if path == "checkpoint":
        await Answer(200, data, (_PLAIN, _FRESH, _ANY_ORIGIN)).send(send)
    else:
        await Answer(200, data, (_OCTETS, _FOR_EVER, _ANY_ORIGIN)).send(send)


async def appeal(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """Where a person reads why something was stopped, and objects. law:cn-genai-2023/art15"""
    now, desk_url = parts.clock.now(), parts.appeal_desk
    await case_page(parts.cases, parts.pack, scope, receive, send, now, desk_url)


# Models


async def _models(parts: Parts, key: Key) -> list[dict[str, Any]]:
    """The models of the configuration, and those of the upstream that serves all others."""
    shown = dict(parts.clearance.shown)
    owners = {name: model.upstream for name, model in parts.config.models.items()}
    default = parts.config.default_upstream
    if default is not None:
        owners = dict.fromkeys(await _names_at(parts.upstreams[default]), default) | owners
    return [
        {"id": name, "object": "model", "created": 0, "owned_by": owner, "licet": shown}
        for name, owner in sorted(owners.items())
        if key.grant.allows_model(name)
    ]


async def _names_at(upstream: Upstream) -> list[str]:
    """The names of an upstream's models; none where it does not say."""
    try:
        reply = await upstream.send("GET", "/models", [])
        listed: Any = msgspec.json.decode(await reply.read_all(MODELS_BYTES_MAX))
    except (UpstreamTrouble, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    data = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(data, list):
        return []
    names = [one.get("id") for one in data if isinstance(one, dict)]
    return [name for name in names if isinstance(name, str) and name.isprintable()]


def _reader_of_models(parts: Parts, scope: Scope) -> Key | Denial:
    """Who may read the list: also while nobody is served, for it shows why; but nobody from
    elsewhere in a laboratory."""
    if parts.clearance.here_only and (refusal := refuse_service(parts, scope)) is not None:
        return refusal
    return admit(parts, scope, "models")


async def list_models(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """The models that the configuration names and the key opens."""
    key = _reader_of_models(parts, scope)
    if isinstance(key, Denial):
        await _denied(key).send(send)
        return
    await json_answer(200, {"object": "list", "data": await _models(parts, key)}).send(send)


async def show_model(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """One model by its name, if the key opens it."""
    key = _reader_of_models(parts, scope)
    if isinstance(key, Denial):
        await _denied(key).send(send)
        return
    name = scope["path"].removeprefix("/v1/models/")
    found = next((model for model in await _models(parts, key) if model["id"] == name), None)
    if found is None:
        denial = Denial(404, "model_not_found", f"There is no model {name!r} here.")
        await _denied(denial).send(send)
        return
    await json_answer(200, found).send(send)


# Moderations


async def moderate(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """OpenAI's moderation API, answered by our guard and, in doubt, the judges behind it; nothing
    is stored."""
    if not parts.clearance.is_open and (refusal := refuse_service(parts, scope)) is not None:
        await _denied(refusal).send(send)
        return
    key = admit(parts, scope, "moderations")
    if isinstance(key, Denial):
        await _denied(key).send(send)
        return
    place = await take_place(parts, key)
    if isinstance(place, Denial):
        await _denied(place).send(send)
        return
    try:
        server = parts.config.server
        body = await read_body(scope, receive, server.body_bytes_max)
        ask = parse_moderation(body, json_depth_max=server.json_depth_max)
        async with judged_within(parts, JUDGED_WITHIN_S):
            judged = await _judge_inputs(parts, key, ask.inputs)
        number = new_id("modr", parts.clock.now(), secrets.token_bytes)
        out = render_moderation(judged, model=ask.model, moderation_id=number)
        await Answer(200, out).send(send)
    except ClientLeft:
        return
    except BodyTooLarge as trouble:
        await _denied(Denial(413, trouble.code, str(trouble))).send(send)
    except BadInput as trouble:
        await _denied(Denial(400, "invalid_request", str(trouble))).send(send)
    except NotServed as lost:  # meanwhile: the gateway ends, or the licence was lost
        await _denied(Denial(lost.status, lost.code, lost.message)).send(send)
    except Trouble as trouble:
        await _denied(Denial(503, trouble.code, str(trouble))).send(send)
    finally:
        await parts.limits.release(key.id, place)


async def _judge_inputs(
    parts: Parts, key: Key, inputs: Sequence[Sequence[PromptText]]
) -> list[Judged]:
    """All under one bundle, or under an urgent one that came meanwhile."""
    while True:
        urgent = parts.urgent
        judged = [await _judge_input(parts, key, texts) for texts in inputs]
        if urgent == parts.urgent:
            return judged


async def _judge_input(parts: Parts, key: Key, texts: Sequence[PromptText]) -> Judged:
    """Raises JudgeUnavailable where a judge was asked in vain: no verdict is no "not flagged"."""
    found: set[str] = set()
    scores: dict[str, float] = {}
    audience = audience_of(parts, key)
    for text in texts:
        verdict = await parts.turns.finish(
            parts.guard.judge_piecemeal(text.text, "comment", audience=audience)
        )
        findings, said = list(verdict.findings), verdict.categories
        if text.text and verdict.action != "halt" and parts.guard.asks(verdict):
            assert parts.judge is not None
            answer = await parts.judge.ask(
                text.text, "comment", audience=audience, harm=verdict.harm
            )
            if answer is None:
                raise JudgeUnavailable("A judge was asked and has not answered.")
            said = answer.categories
            thresholds = parts.guard.thresholds(audience)
            findings += decide(answer, thresholds, 0, len(text.text), "judge")
        found.update(finding.category for finding in findings if finding.action == "halt")
        for category, score in said.items():
            scores[category] = max(score, scores.get(category, 0.0))
    return Judged(bool(found), frozenset(found), scores)


__all__ = [
    "appeal", "front_page", "health", "ledger", "list_models", "metrics", "moderate", "readiness",
    "show_model",
]  # fmt: skip
