"""OpenAI's `POST /v1/embeddings`: texts go in, numbers come out.

What goes in is judged; numbers hold no text, so an answer passes byte for byte. It refuses inputs
of tokens: nobody but the model knows what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from licet.base.trouble import BadInput
from licet.gateway.dialects.choice_stream import usage_of
from licet.gateway.dialects.errors import openai_error
from licet.gateway.dialects.frames import Span
from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.model import Ask, Notice, Reader, Told
from licet.gateway.dialects.requests import (
    ask_of,
    body_with_model,
    missing,
    open_request,
    walk_inputs,
    walk_rest,
)
from licet.gateway.dialects.unreadable import Unreadable

_KNOWN = frozenset({"model", "input"})


class _Counted(msgspec.Struct):
    usage: dict[str, Any] | None = None


_decode_counts = msgspec.json.Decoder(_Counted).decode


class Embeddings:
    """Embeddings. Stateless."""

    name = "embeddings"
    family: Literal["openai", "anthropic"] = "openai"
    path = "/embeddings"

    def parse(self, body: bytes, *, json_depth_max: int) -> Ask:
        value, _, stream = open_request(body, json_depth_max)
        if stream:
            raise Unreadable("embeddings are not streamed", where="stream", hint="Leave it out.")
        if value.get("input") is None:
            raise missing(value, "input", "an input", '"input": "…"')
        found = PromptTexts()
        walk_inputs(value["input"], "input", found)
        walk_rest(value, _KNOWN, {}, found)
        return ask_of(value, False, body, found)

    def with_model(self, ask: Ask, model: str) -> bytes:
        return body_with_model(ask, model)

    def reader(self, ask: Ask) -> Reader:
        """Raises BadInput: there is no such stream, and `parse` lets nobody ask for one."""
        raise BadInput("embeddings are not streamed")

    def reply(self, body: bytes) -> EmbeddingsReply:
        return EmbeddingsReply(body)

    def error(
        self, status: int, code: str, message: str, param: str | None = None,
        notice: Told | None = None,
    ) -> bytes:  # fmt: skip
        return openai_error(status, code, message, param, notice)


class EmbeddingsReply:
    """Numbers. Raises Unreadable where `body` is not JSON."""

    spans: tuple[Span, ...] = ()

    def __init__(self, body: bytes) -> None:
        try:
            if not body.isascii():
                body.decode()  # what is not counted is not decoded, but must be UTF-8 all the same
            counted = _decode_counts(body)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise Unreadable(f"it is not an answer with embeddings: {error}") from None
        self._body = body
        self.usage = usage_of(counted.usage or {}, "prompt_tokens", "completion_tokens")

    def render(self, texts: Sequence[str], notice: Notice) -> bytes:
        """The answer as it came: it has no text to cut."""
        return self._body
