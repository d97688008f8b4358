"""Anthropic's `POST /v1/messages`: where text stands in it, and how it says "filtered".

It refuses to know what is asked of the other members: they pass.
"""

from __future__ import annotations

from typing import Literal

from licet.gateway.dialects.errors import anthropic_error
from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.messages_reply import MessagesReply
from licet.gateway.dialects.messages_stream import MessagesReader
from licet.gateway.dialects.model import Ask, Role, Told
from licet.gateway.dialects.requests import (
    ask_of,
    body_with_model,
    open_request,
    walk_messages,
    walk_rest,
)

_KNOWN = frozenset({"model", "messages"})
_ROLES: dict[str, Role] = {"system": "system", "tools": "system", "output_config": "system"}


class Messages:
    """Anthropic messages. Stateless."""

    name = "messages"
    family: Literal["openai", "anthropic"] = "anthropic"
    path = "/messages"

    def parse(self, body: bytes, *, json_depth_max: int) -> Ask:
        value, _, stream = open_request(body, json_depth_max)
        found = PromptTexts()
        system = value.get("system")
        if type(system) is str:
            found.walk(system, "system", "system")
            known = _KNOWN | {"system"}
        else:
            known = _KNOWN
        walk_messages(value.get("messages"), "messages", found)
        walk_rest(value, known, _ROLES, found)
        return ask_of(value, stream, body, found)

    def with_model(self, ask: Ask, model: str) -> bytes:
        return body_with_model(ask, model)

    def reader(self, ask: Ask) -> MessagesReader:
        return MessagesReader(ask)

    def reply(self, body: bytes) -> MessagesReply:
        return MessagesReply(body)

    def error(
        self, status: int, code: str, message: str, param: str | None = None,
        notice: Told | None = None,
    ) -> bytes:  # fmt: skip
        return anthropic_error(status, code, message, param, notice)
