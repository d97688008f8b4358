"""A judge on a real loopback socket, with whatever faults it is told to have, and answers of every
kind of judge.

    async with judging(verdict(violence=0.99)) as server:
        scores = await remote(server.url).ask("text", "reply")

The answers are written by hand from each model's documentation (its module in
`licet/gateway/judges` names it), in the form in which vLLM serves them; none is from a real model.
"""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import AbstractAsyncContextManager
from typing import Any

from kit.upstream import Peer, Script, Server, serving


def verdict(flags: dict[str, bool] | None = None, **scores: float) -> bytes:
    """A body as OpenAI's endpoint gives it. What scores 0.5 or more is flagged, unless `flags`
    says; `__` in a name stands for `/`, `_` for `-`."""
    return verdicts(_result(flags, scores))


def verdicts(*results: dict[str, Any]) -> bytes:
    """The same for several texts."""
    return json.dumps({"id": "modr-1", "model": "fake", "results": list(results)}).encode()


def _result(flags: dict[str, bool] | None, scores: dict[str, float]) -> dict[str, Any]:
    named = {name.replace("__", "/").replace("_", "-"): at for name, at in scores.items()}
    flags = {name: at >= 0.5 for name, at in named.items()} if flags is None else flags
    return {"flagged": any(flags.values()), "categories": flags, "category_scores": named}


def result(**scores: float) -> dict[str, Any]:
    """One text's part of `verdicts`."""
    return _result(None, scores)


def chat(text: str | None, *tokens: tuple[str, dict[str, float]], finish: str = "stop") -> bytes:
    """A body of `/chat/completions`. `tokens`: each with the probabilities of its candidates."""
    choice: dict[str, Any] = {
        "index": 0, "finish_reason": finish, "stop_reason": None,
        "message": {"role": "assistant", "content": text, "tool_calls": []}, "logprobs": None,
    }  # fmt: skip
    if tokens:
        choice["logprobs"] = {
            "content": [
                {
                    "token": token, "logprob": math.log(found[token]), "bytes": [*token.encode()],
                    "top_logprobs": [
                        {"token": one, "logprob": math.log(at), "bytes": [*one.encode()]}
                        for one, at in found.items()
                    ],
                }
                for token, found in tokens
            ]
        }  # fmt: skip
    answer = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "fake",
        "choices": [choice], "usage": {"prompt_tokens": 300, "completion_tokens": 5},
    }  # fmt: skip
    return json.dumps(answer).encode()


def completions(*found: dict[str, float]) -> bytes:
    """A body of `/completions` for as many prompts, one token each: what is likeliest was said."""
    choices = [
        {
            "index": index, "text": max(tops, key=tops.__getitem__), "finish_reason": "length",
            "logprobs": {
                "tokens": [max(tops, key=tops.__getitem__)], "text_offset": [0],
                "top_logprobs": [{token: math.log(at) for token, at in tops.items()}],
            },
        }
        for index, tops in enumerate(found)
    ]  # fmt: skip
    return json.dumps({"object": "text_completion", "choices": choices}).encode()


def http(body: bytes, status: str = "200 OK") -> bytes:
    """A whole answer as it stands on the wire."""
    return b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        status.encode(),
        len(body),
        body,
    )


def judging(*answers: bytes, wait_s: float = 0.0) -> AbstractAsyncContextManager[Server]:
    """A judge that gives these bodies in turn, the last again and again, each after `wait_s`.

    A body that begins with `HTTP/` goes out as it is.
    """
    asked = 0

    async def script(peer: Peer) -> None:
        nonlocal asked
        while True:
            await peer.request()
            answer = answers[min(asked, len(answers) - 1)]
            asked += 1
            await asyncio.sleep(wait_s)
            await peer.send(answer if answer.startswith(b"HTTP/") else http(answer))

    judge: Script = script
    return serving(judge)


def asked_of(server: Server) -> list[dict[str, Any]]:
    """The JSON bodies that the judge was sent, in order."""
    return [json.loads(request.body) for request in server.requests]
