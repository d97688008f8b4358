"""The replay upstream as an ASGI application: routes, pace, disconnects, counters.

It refuses to know the gateway, and asks for no key: it is served on the loopback, beside it.

Rules
1. A stream is generated as it is sent: when the client has gone nothing more is generated, and
   the tokens that remain are counted as saved.
2. Every body is bounded; every refusal has the form of the dialect that asked.
3. A whole (not streamed) reply waits one pace, so that a demo need not wait for the reading.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import msgspec

from licet.base.clock import Clock, SystemClock, rfc3339
from licet.base.ids import Chance
from licet.base.trouble import BadInput, NotFound, TooMuch, Trouble
from licet.gateway.replay import (
    chat,
    completions,
    embeddings,
    messages,
    pictures,
    responses,
    speech,
)
from licet.gateway.replay.answer import Answer
from licet.gateway.replay.choose import choose
from licet.gateway.replay.turn import Ask, Said, Stamp, Step, perform

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")

BODY_BYTES_MAX = 8 * 1024 * 1024
EDITS = "/v1/images/edits"
MODELS = ("replay", "replay-embedding", pictures.MODEL, speech.MODEL)

_STATUS = {"unavailable": 503, "bad_input": 400, "not_found": 404, "too_much": 413}
_KIND = {
    400: "invalid_request_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
}


@dataclass(slots=True)
class Stats:
    """What this upstream has done. `tokens_saved` were never generated: the client had gone."""

    requests: int = 0
    streams_open: int = 0
    streams_completed: int = 0
    streams_aborted: int = 0
    tokens_generated: int = 0
    tokens_saved: int = 0


class MethodRefused(BadInput):
    """The route exists, but not for this method."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """A reply ready to go: whole, as a value; as steps with their tokens in all; or as a file
    that takes time to make."""

    value: Any = None
    make: Callable[[], bytes | dict[str, Any]] | None = None
    media_type: bytes = b"application/json"
    steps: Iterator[Step] | None = None
    tokens: int = 0


class ReplayApp:
    """Speaks as an OpenAI- and Anthropic-compatible model that recites `answers`, a token each
    `pace_ms`. `stats` counts; `GET /replay/stats` and `GET /replay/answers` show."""

    def __init__(
        self,
        answers: Sequence[Answer],
        pace_ms: float = 15,
        chance: Chance = secrets.token_bytes,
        clock: Clock | None = None,
    ) -> None:
        if not answers:
            raise BadInput("a replay upstream needs answers", hint="See load_answers().")
        self.answers = tuple(answers)
        self.stats = Stats()
        self._pace_s = pace_ms / 1000
        self._base_url = ""
        self._turn = asyncio.Lock()  # of the painter: a large picture takes hundreds of megabytes
        self._chance = chance
        self._clock = clock or SystemClock()
        self._posts: dict[str, Callable[[dict[str, Any]], _Reply]] = {
            "/v1/chat/completions": self._chat,
            "/v1/completions": self._completions,
            "/v1/responses": self._responses,
            "/v1/messages": self._messages,
            "/v1/embeddings": self._embeddings,
            "/v1/images/generations": self._pictures,
            "/v1/audio/speech": self._speech,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            try:
                await self._serve(scope, receive, send)
            except Trouble as trouble:
                await _send_json(send, *_refusal(trouble, scope))

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if server := scope.get("server"):
            self._base_url = f"http://{server[0]}:{server[1]}"
        post = self._posts.get(path)
        if path == EDITS and method == "POST":
            await self._edit(scope, receive, send)
            return
        if path == pictures.PATH:
            query = scope.get("query_string", b"")
            painted = await self._made(lambda: pictures.paint_url(query))
            await _send_bytes(send, painted, b"image/png")
            return
        if post is None:
            value = self._page(path, dict(scope["headers"]))
            if method not in {"GET", "HEAD"}:
                raise MethodRefused(hint=f"Send GET {path}.")
            await _send_json(send, 200, value)
            return
        if method != "POST":
            raise MethodRefused(hint=f"Send POST {path}.")
        body = await _read(receive)
        if body is None:
            return
        self.stats.requests += 1
        reply = post(_object(body))
        if reply.make is not None:
            made = await self._made(reply.make)
            data = made if isinstance(made, bytes) else msgspec.json.encode(made)
            await _send_bytes(send, data, reply.media_type)
            return
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            if reply.steps is not None:
                await self._stream(reply.steps, reply.tokens, gone, send)
            elif await self._rest(gone):
                self.stats.tokens_generated += reply.tokens
                await _send_json(send, 200, reply.value)
            else:
                self.stats.tokens_saved += reply.tokens
        finally:
            gone.cancel()

    async def _stream(
        self, steps: Iterator[Step], tokens: int, gone: asyncio.Future[None], send: Send
    ) -> None:
        generated, whole = 0, False
        self.stats.streams_open += 1
        try:
            await send(_head(200, b"text/event-stream; charset=utf-8"))
            for step in steps:
                if step.tokens and not await self._rest(gone):
                    return
                generated += step.tokens
                self.stats.tokens_generated += step.tokens
                await send({"type": "http.response.body", "body": step.data, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            whole = True
        finally:
            self.stats.streams_open -= 1
            self.stats.streams_completed += whole
            self.stats.streams_aborted += not whole
            self.stats.tokens_saved += tokens - generated

    async def _rest(self, gone: asyncio.Future[None]) -> bool:
        """Waits one pace; False as soon as the client has gone."""
        if self._pace_s > 0:
            await asyncio.wait({gone}, timeout=self._pace_s)
        else:
            await asyncio.sleep(0)
        return not gone.done()

    def _stamp(self) -> Stamp:
        created_s = int(self._clock.now().timestamp())
        return Stamp(created_s, lambda prefix: prefix + self._chance(12).hex())

    def _perform(self, ask: Ask) -> tuple[Said, ...]:
        return tuple(
            perform(choose(ask.message, self.answers, index), ask) for index in range(ask.choices)
        )

    def _chat(self, body: dict[str, Any]) -> _Reply:
        ask = chat.parse(body)
        turns = self._perform(ask)
        if ask.stream:
            return _Reply(steps=chat.stream(ask, turns, self._stamp()), tokens=_tokens(turns))
        return _Reply(chat.render(ask, turns, self._stamp()), tokens=_tokens(turns))

    def _completions(self, body: dict[str, Any]) -> _Reply:
        asks = completions.parse(body)
        turns = [said for ask in asks for said in self._perform(ask)]
        ask, stamp = asks[0], self._stamp()
        if ask.stream:
            return _Reply(steps=completions.stream(ask, turns, stamp), tokens=_tokens(turns))
        return _Reply(completions.render(ask, turns, stamp), tokens=_tokens(turns))

    def _responses(self, body: dict[str, Any]) -> _Reply:
        request = responses.parse(body)
        said = self._perform(request.ask)[0]
        if request.ask.stream:
            steps = responses.stream(request, said, self._stamp())
            return _Reply(steps=steps, tokens=said.tokens)
        return _Reply(responses.render(request, said, self._stamp()), tokens=said.tokens)

    def _messages(self, body: dict[str, Any]) -> _Reply:
        ask = messages.parse(body)
        said = self._perform(ask)[0]
        if ask.stream:
            return _Reply(steps=messages.stream(ask, said, self._stamp()), tokens=said.tokens)
        return _Reply(messages.render(ask, said, self._stamp()), tokens=said.tokens)

    def _embeddings(self, body: dict[str, Any]) -> _Reply:
        return _Reply(embeddings.render(embeddings.parse(body)))

    def _pictures(self, body: dict[str, Any]) -> _Reply:
        ask, created_s = pictures.parse(body), int(self._clock.now().timestamp())
        return _Reply(make=lambda: pictures.render(ask, created_s, self._base_url))

    def _speech(self, body: dict[str, Any]) -> _Reply:
        ask = speech.parse(body)
        return _Reply(make=lambda: speech.speak(ask), media_type=b"audio/wav")

    async def _edit(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        self.stats.requests += 1
        content_type = dict(scope["headers"]).get(b"content-type", b"")
        ask = pictures.parse_edit(body, content_type)
        created_s = int(self._clock.now().timestamp())
        made = await self._made(lambda: pictures.render(ask, created_s, self._base_url))
        await _send_json(send, 200, made)

    async def _made(self, make: Callable[[], T]) -> T:
        """What takes time to make, in a thread, one at a time."""
        async with self._turn:
            return await asyncio.to_thread(make)

    def _page(self, path: str, headers: dict[bytes, bytes]) -> Any:
        if path == "/v1/models":
            return self._models(anthropic=b"anthropic-version" in headers)
        if path == "/replay/stats":
            return asdict(self.stats)
        if path == "/replay/answers":
            return [
                {"id": a.id, "lang": a.lang, "title": a.title, "unlawful": a.unlawful}
                for a in self.answers
            ]
        raise NotFound(f"no such route: {path}")

    def _models(self, *, anthropic: bool) -> dict[str, Any]:
        now = self._clock.now()
        if not anthropic:
            created_s = int(now.timestamp())
            owned = {"object": "model", "created": created_s, "owned_by": "licet"}
            return {"object": "list", "data": [{"id": name, **owned} for name in MODELS]}
        form = {"type": "model", "created_at": rfc3339(now), "lifecycle": "active"}
        data = [{"id": name, "display_name": name, **form} for name in MODELS]
        return {"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}


def replay_app(
    answers: Sequence[Answer],
    pace_ms: float = 15,
    chance: Chance = secrets.token_bytes,
    clock: Clock | None = None,
) -> ReplayApp:
    """An ASGI application that recites `answers`, a token each `pace_ms` (0: as fast as it goes).

    Raises BadInput where there are no answers.
    """
    return ReplayApp(answers, pace_ms, chance, clock)


def _tokens(turns: Iterable[Said]) -> int:
    return sum(said.tokens for said in turns)


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"the body is not a JSON object: {error}") from None


def _refusal(trouble: Trouble, scope: Message) -> tuple[int, dict[str, Any]]:
    """The status and the error body of the dialect that asked."""
    status = 405 if isinstance(trouble, MethodRefused) else _STATUS.get(trouble.code, 500)
    kind = _KIND.get(status, "api_error")
    if scope["path"].startswith("/v1/messages"):
        return status, {"type": "error", "error": {"type": kind, "message": str(trouble)}}
    error = {"message": str(trouble), "type": kind, "param": None, "code": trouble.code}
    return status, {"error": error}


async def _read(receive: Receive) -> bytes | None:
    """The request's body; None if the client went before its end. Raises TooMuch over 8 MiB."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_BYTES_MAX:
            raise TooMuch(f"the body is over {BODY_BYTES_MAX} bytes")
        if not message.get("more_body", False):
            return b"".join(parts)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _live(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def _head(status: int, content_type: bytes, length: int | None = None) -> Message:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-cache")]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _send_bytes(send: Send, body: bytes, media_type: bytes) -> None:
    await send(_head(200, media_type, len(body)))
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _send_json(send: Send, status: int, value: Any) -> None:
    body = msgspec.json.encode(value)
    await send(_head(status, b"application/json", len(body)))
    await send({"type": "http.response.body", "body": body, "more_body": False})
