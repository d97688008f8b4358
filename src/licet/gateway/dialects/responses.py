"""OpenAI's `POST /v1/responses`: where text stands in it, and how it says "filtered".

It refuses to know what is asked of the other members: they pass. What `previous_response_id` or
`conversation` name was judged when it was sent; it is not fetched again.
"""

from __future__ import annotations

from typing import Literal

from licet.gateway.dialects.errors import openai_error
from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.model import Ask, Role, Told
from licet.gateway.dialects.requests import (
    ask_of,
    body_with_model,
    missing,
    open_request,
    walk_inputs,
    walk_rest,
)
from licet.gateway.dialects.responses_reply import ResponsesReply
from licet.gateway.dialects.responses_stream import ResponsesReader

_KNOWN = frozenset({"model", "input", "previous_response_id"})
_ROLES: dict[str, Role] = {
    "instructions": "system",
    "tools": "system",
    "text": "system",
    "prompt": "user",
}
_INSTEAD = ("prompt", "previous_response_id", "conversation")
"""Members that can stand in for `input`."""


class Responses:
    """The Responses API. Stateless."""

    name = "responses"
    family: Literal["openai", "anthropic"] = "openai"
    path = "/responses"

    def parse(self, body: bytes, *, json_depth_max: int) -> Ask:
        value, _, stream = open_request(body, json_depth_max)
        found = PromptTexts()
        instructions = value.get("instructions")
        if type(instructions) is str:
            found.walk(instructions, "instructions", "system")
        if value.get("input") is not None:
            walk_inputs(value["input"], "input", found, messages=True)
        elif not any(value.get(name) for name in _INSTEAD):
            raise missing(value, "input", "an input", '"input": "…"')
        known = _KNOWN | {"instructions"} if type(instructions) is str else _KNOWN
        walk_rest(value, known, _ROLES, found)
        return ask_of(value, stream, body, found)

    def with_model(self, ask: Ask, model: str) -> bytes:
        return body_with_model(ask, model)

    def reader(self, ask: Ask) -> ResponsesReader:
        return ResponsesReader(ask)

    def reply(self, body: bytes) -> ResponsesReply:
        return ResponsesReply(body)

    def error(
        self, status: int, code: str, message: str, param: str | None = None,
        notice: Told | None = None,
    ) -> bytes:  # fmt: skip
        return openai_error(status, code, message, param, notice)
