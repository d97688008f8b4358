"""A service that is assessed: chat completions that count who asks what, and err as they are told.

    with serve(Assessed(say)) as root: …

It refuses to know banks; `say` is given the question.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

Said = tuple[int, dict[str, Any]]


def reply(text: str, finish: str = "stop") -> Said:
    """An answer in the form of chat completions."""
    usage = {"prompt_tokens": 7, "completion_tokens": 11}
    choice = {"message": {"content": text}, "finish_reason": finish}
    return 200, {"choices": [choice], "usage": usage}


def error(status: int, code: str = "", message: str = "no") -> Said:
    """A refusal in the form of OpenAI's errors."""
    return status, {"error": {"code": code, "message": message}}


class Assessed:
    """`say` answers a question; before it, `faults` are given, one a request, then none. `asked`
    counts each question, `keys` the Idempotency-Keys, `most` the requests under way at once."""

    def __init__(
        self, say: Callable[[str], Said], faults: Iterable[Said] = (), pause_s: float = 0.0
    ) -> None:
        self._say = say
        self._faults = iter(faults)
        self._pause_s = pause_s
        self._now = 0
        self.asked: Counter[str] = Counter()
        self.keys: dict[str, set[str]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.most = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            body = await _body(receive)
            asked = msgspec.json.decode(body, type=dict[str, Any])
            question = asked["messages"][-1]["content"]
            self.bodies.append(asked)
            self.asked[question] += 1
            key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
            self.keys.setdefault(question, set()).add(key)
            if self._pause_s:
                await asyncio.sleep(self._pause_s)
            status, value = next(self._faults, None) or self._say(question)
        finally:
            self._now -= 1
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": msgspec.json.encode(value)})

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            phase = (await receive())["type"].removeprefix("lifespan.")
            await send({"type": f"lifespan.{phase}.complete"})
            if phase == "shutdown":
                return


async def _body(receive: Any) -> bytes:
    data = b""
    while True:
        part = await receive()
        data += part.get("body", b"")
        if not part.get("more_body"):
            return data
