"""One OpenAI-compatible endpoint, asked one question at a time.

It refuses to know which questions, and what an answer amounts to.

Rules
1. A question ends within `deadline_s`, retries and pauses included; a reply has a limit in bytes.
2. Refusals of the service itself (HTTP 400 or 403 with `content_filter`, `finish_reason:
   content_filter`) are answers.
3. 408, 409, 429, 5xx and broken connections are tried again, with pauses that grow and are drawn
   by `rng`; `Retry-After` is heard. Any other status is for people to look at and ends the run.
4. The same item bears the same `Idempotency-Key` each time.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx2
import msgspec

from licet.assess.journal import Answer
from licet.base.trouble import BadInput, TooMuch, Unavailable

REPLY_BYTES_MAX = 4 << 20
PAUSE_FIRST_S, PAUSE_LAST_S = 0.5, 20.0
FILTERED = "content_filter"
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to ask and how. `url` is what stands before /chat/completions (`https://…/v1`);
    `key` is sent and shown nowhere."""

    url: str
    model: str
    key: str = ""
    tokens_max: int = 512
    temperature: float = 0.0
    system: str = ""
    tries: int = 5
    deadline_s: float = 120.0

    def shown(self) -> dict[str, Any]:
        """What a journal keeps of it."""
        return {
            "url": self.url,
            "model": self.model,
            "tokens_max": self.tokens_max,
            "temperature": self.temperature,
            "system": self.system,
        }


class Endpoint:
    """A target with connections to it. Use as an async context."""

    def __init__(self, target: Target, rng: random.Random, connections: int) -> None:
        if not target.url.startswith(("http://", "https://")):
            raise BadInput(f"{target.url!r} is no address.", hint="Write https://host/v1.")
        self._target = target
        self._rng = rng
        headers = {"authorization": f"Bearer {target.key}"} if target.key else {}
        self._client = httpx2.AsyncClient(
            headers=headers,
            timeout=httpx2.Timeout(target.deadline_s, connect=min(10.0, target.deadline_s)),
            limits=httpx2.Limits(max_connections=connections),
            follow_redirects=False,
        )

    async def __aenter__(self) -> Endpoint:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def ask(self, item: str, text: str) -> Answer:
        """The answer to a question. Raises Unavailable where none comes in time, BadInput where
        the endpoint does not take such questions, TooMuch where a reply is too long."""
        try:
            async with asyncio.timeout(self._target.deadline_s):
                return await self._ask(item, text)
        except TimeoutError:
            raise Unavailable(
                f"{self._target.url} gave no answer in {self._target.deadline_s:g} s.",
                hint="Run the same command again to go on; --deadline gives it longer.",
            ) from None

    async def _ask(self, item: str, text: str) -> Answer:
        trouble = ""
        for turn in range(self._target.tries):
            if turn:
                await asyncio.sleep(self._pause_s(turn))
            try:
                status, body, pause = await self._post(item, text)
            except httpx2.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
                continue
            if status not in _AGAIN:
                return self._read(item, status, body)
            trouble = f"it answers {status}"
            if pause:
                await asyncio.sleep(min(pause, PAUSE_LAST_S))
        raise Unavailable(
            f"{self._target.url}: {trouble}, {self._target.tries} times.",
            hint="Run the same command again when it answers: what was answered is kept.",
        )

    async def _post(self, item: str, text: str) -> tuple[int, bytes, float]:
        messages = [{"role": "user", "content": text}]
        if self._target.system:
            messages.insert(0, {"role": "system", "content": self._target.system})
        body = {
            "model": self._target.model,
            "messages": messages,
            "max_tokens": self._target.tokens_max,
            "temperature": self._target.temperature,
        }
        url = self._target.url.rstrip("/") + "/chat/completions"
        headers = {"idempotency-key": f"licet-{item}"}
        async with self._client.stream("POST", url, json=body, headers=headers) as reply:
            data = bytearray()
            async for piece in reply.aiter_bytes():
                data += piece
                if len(data) > REPLY_BYTES_MAX:
                    raise TooMuch(f"{url} gives more than {REPLY_BYTES_MAX} bytes.")
            given = reply.headers.get("retry-after", "")
            return reply.status_code, bytes(data), float(given) if given.isdecimal() else 0.0

    def _read(self, item: str, status: int, data: bytes) -> Answer:
        try:
            body = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError:
            body = {}
        if status == httpx2.codes.OK:
            return _answer(item, body, self._target.url)
        error = body.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        if code == FILTERED:
            return Answer(item, "", True, 0, 0)
        said = (
            error.get("message")
            if isinstance(error, dict)
            else data[:200].decode("utf-8", "replace")
        )
        raise BadInput(
            f"{self._target.url} answers {status}: {said}",
            hint="Check address, key and model; LICET_ASSESS_KEY holds the key.",
        )

    def _pause_s(self, turn: int) -> float:
        longest = min(PAUSE_LAST_S, PAUSE_FIRST_S * 2 ** (turn - 1))
        return self._rng.uniform(longest / 2, longest)


def _answer(item: str, body: dict[str, Any], url: str) -> Answer:
    try:
        choice = body["choices"][0]
        text, finish = choice["message"].get("content"), choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        hint = "Is this what stands before /chat/completions?"
        raise BadInput(f"{url} does not answer as chat completions do.", hint=hint) from None
    usage = body.get("usage") or {}
    tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    counted = [count if isinstance(count, int) else 0 for count in tokens]
    reply = text if isinstance(text, str) else ""
    return Answer(item, reply, finish == FILTERED, counted[0], counted[1])
