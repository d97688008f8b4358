"""OpenAI's `POST /v1/chat/completions`: where text stands in it, and how it says "filtered".

It refuses to know what is asked of the other members: they pass.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from licet.gateway.dialects.chat_reply import ChatReply
from licet.gateway.dialects.chat_texts import CHAT
from licet.gateway.dialects.choice_stream import ChoiceReader
from licet.gateway.dialects.errors import openai_error
from licet.gateway.dialects.json_texts import ROLES, PromptTexts
from licet.gateway.dialects.model import Ask, PromptText, Role, Told
from licet.gateway.dialects.requests import (
    ask_of,
    body_with_model,
    open_request,
    walk_messages,
    walk_rest,
)

_KNOWN: Final = frozenset({"model", "messages"})
_ROLES: Final[dict[str, Role]] = {
    "tools": "system",
    "functions": "system",
    "response_format": "system",
    "prediction": "assistant",
}
_PLACES: Final = tuple(f"messages[{at}].content" for at in range(64))


class Chat:
    """Chat completions. Stateless."""

    name = "chat"
    family: Literal["openai", "anthropic"] = "openai"
    path = "/chat/completions"

    def parse(self, body: bytes, *, json_depth_max: int) -> Ask:
        value, _, stream = open_request(body, json_depth_max)
        found = PromptTexts()
        messages = value.get("messages")
        texts = _plain_texts(messages)
        if texts is None:
            walk_messages(messages, "messages", found)
        else:
            found.texts = texts
        walk_rest(value, _KNOWN, _ROLES, found)
        return ask_of(value, stream, body, found)

    def with_model(self, ask: Ask, model: str) -> bytes:
        return body_with_model(ask, model)

    def reader(self, ask: Ask) -> ChoiceReader:
        return ChoiceReader(ask, CHAT)

    def reply(self, body: bytes) -> ChatReply:
        return ChatReply(body, CHAT)

    def error(
        self, status: int, code: str, message: str, param: str | None = None,
        notice: Told | None = None,
    ) -> bytes:  # fmt: skip
        return openai_error(status, code, message, param, notice)


def _plain_texts(messages: Any) -> list[PromptText] | None:
    """The texts where every message is a plain role and content, as nearly all are."""
    if type(messages) is not list or not 0 < len(messages) <= len(_PLACES):
        return None
    texts = []
    try:
        for place, message in zip(_PLACES, messages, strict=False):
            content, role = message["content"], ROLES[message["role"]]
            if type(content) is not str or len(message) != 2:
                return None
            texts.append(PromptText(place, role, content))
    except (KeyError, TypeError):
        return None
    return texts
