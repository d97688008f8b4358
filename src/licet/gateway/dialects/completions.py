"""OpenAI's `POST /v1/completions`: one prompt or several, continued.

It refuses prompts of tokens: nobody but the model knows what they say.
"""

from __future__ import annotations

from typing import Literal

from licet.gateway.dialects.chat_reply import ChatReply
from licet.gateway.dialects.chat_texts import COMPLETIONS
from licet.gateway.dialects.choice_stream import ChoiceReader
from licet.gateway.dialects.errors import openai_error
from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.model import Ask, Told
from licet.gateway.dialects.requests import (
    ask_of,
    body_with_model,
    missing,
    open_request,
    walk_inputs,
    walk_rest,
)

_KNOWN = frozenset({"model", "prompt"})


class Completions:
    """Plain completions. Stateless."""

    name = "completions"
    family: Literal["openai", "anthropic"] = "openai"
    path = "/completions"

    def parse(self, body: bytes, *, json_depth_max: int) -> Ask:
        value, _, stream = open_request(body, json_depth_max)
        if value.get("prompt") is None:
            raise missing(value, "prompt", "a prompt", '"prompt": "…"')
        found = PromptTexts()
        walk_inputs(value["prompt"], "prompt", found)
        walk_rest(value, _KNOWN, {}, found)
        return ask_of(value, stream, body, found)

    def with_model(self, ask: Ask, model: str) -> bytes:
        return body_with_model(ask, model)

    def reader(self, ask: Ask) -> ChoiceReader:
        return ChoiceReader(ask, COMPLETIONS)

    def reply(self, body: bytes) -> ChatReply:
        return ChatReply(body, COMPLETIONS)

    def error(
        self, status: int, code: str, message: str, param: str | None = None,
        notice: Told | None = None,
    ) -> bytes:  # fmt: skip
        return openai_error(status, code, message, param, notice)
