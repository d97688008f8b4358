"""LiteLLM's generic guardrail API, as its server: somebody else's gateway asks what ours thinks.

    POST /beta/litellm_basic_guardrail_api
    {"input_type": "request" | "response", "texts": […], "structured_messages": […], "images": […],
     "tools": […], "tool_calls": […], "model": …, "request_data": {…}, …}

    {"action": "NONE", "stream_holdback_chars": […]}
    {"action": "BLOCKED", "blocked_reason": "…"}

It refuses to know how a text is judged. It never rewrites a text (`GUARDRAIL_INTERVENED`).

Rules
1. Every text of `texts` is judged, and whatever else a person or a model wrote: messages, tools
   and their calls. Who wrote a text of `texts` is read from the messages; a user, where they do
   not say.
2. Members that this module does not know are passed over: they come and go with LiteLLM's
   versions, and none of them is shown to a model.

Source: docs.litellm.ai, "Generic Guardrail API"; litellm 1.108 to 1.110,
`types/proxy/guardrails/guardrail_hooks/generic_guardrail_api.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from licet.gateway.dialects.frames import Span
from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.model import Notice, PromptText, Role, Told, Usage
from licet.gateway.dialects.requests import missing, wrong

InputType = Literal["request", "response"]


class GuardrailAsk(msgspec.Struct, frozen=True):
    """What LiteLLM asks about: a request to a model, or (a beginning of) its answer."""

    input_type: InputType
    texts: tuple[PromptText, ...]
    """All that is to be judged; the first `count` are those of `texts`."""
    count: int
    images: tuple[str, ...]
    """Places of what is not text."""
    model: str
    end_user: str | None


class GuardrailReply:
    """A model's answer, as `WholeAnswer` judges one. It is stopped or not: nothing is cut."""

    __slots__ = ("spans", "usage")

    def __init__(self, spans: tuple[Span, ...]) -> None:
        self.spans = spans
        self.usage = Usage()

    def render(self, texts: Sequence[str], notice: Notice) -> bytes:
        """The answer that stops it."""
        return blocked(notice)


def parse_guardrail(body: bytes, *, json_depth_max: int) -> GuardrailAsk:
    """Reads a question. Raises Unreadable (a BadInput) for what is none."""
    value = load_object(body, depth_max=json_depth_max)
    input_type = value.get("input_type")
    if input_type not in ("request", "response"):
        raise missing(value, "input_type", '"request" or "response"', '"input_type": "request"')
    given, images = _listed(value, "texts"), _listed(value, "images")
    if not all(type(text) is str for text in given):
        raise wrong(given, "texts", "a list of strings")
    rest = PromptTexts()
    writer: Role = "user" if input_type == "request" else "assistant"
    rest.walk(value.get("structured_messages"), "structured_messages", writer, shown=True)
    roles = _roles_of(rest.texts)
    texts = [
        PromptText(f"texts[{at}]", roles.get(text, writer), text) for at, text in enumerate(given)
    ]
    rest.walk(value.get("tool_calls"), "tool_calls", "assistant")
    rest.walk(value.get("tools"), "tools", "system")
    known = set(given)
    texts += [text for text in rest.texts if text.kind == "json" or text.text not in known]
    model = value.get("model")
    return GuardrailAsk(
        input_type=input_type, texts=tuple(texts), count=len(given),
        images=(*(f"images[{at}]" for at in range(len(images))), *rest.images),
        model=model if type(model) is str else "", end_user=_end_user(value.get("request_data")),
    )  # fmt: skip


def reply_of(ask: GuardrailAsk) -> GuardrailReply:
    """The texts of an answer, as spans."""
    return GuardrailReply(tuple(Span(text.where, text.text, text.kind) for text in ask.texts))


def passed(holdback: Sequence[int] = ()) -> bytes:
    """Nothing stands in the way. `holdback`: characters at the end of each text that may still
    become a match, to be withheld by who streams."""
    said: dict[str, Any] = {"action": "NONE"}
    return dump(said | ({"stream_holdback_chars": list(holdback)} if holdback else {}))


def turned_away(message: str, told: Told) -> bytes:
    """The answer for a user whom a measure holds back."""
    return dump({"action": "BLOCKED", "blocked_reason": message, "licet": told.as_object()})


def blocked(notice: Notice) -> bytes:
    """It is stopped, with everything that a person must be told. law:cn-genai-2023/art15"""
    reason = " ".join(notice.reason[lang] for lang in sorted(notice.reason, reverse=True))
    said = f"{reason} Case {notice.case}: {notice.appeal}"
    return dump({"action": "BLOCKED", "blocked_reason": said, "licet": notice.as_object()})


def not_judged(where: str) -> bytes:
    """What is not text is not let through unjudged."""
    said = f"{where}: pictures, sound and files cannot be judged here."
    return dump({"action": "BLOCKED", "blocked_reason": said})


def _roles_of(texts: Sequence[PromptText]) -> dict[str, Role]:
    """Who wrote each text; where several did, whose text is judged by its meaning."""
    roles: dict[str, Role] = {}
    for text in texts:
        if text.role in ("user", "tool") or text.text not in roles:
            roles[text.text] = text.role
    return roles


def _listed(value: dict[str, Any], name: str) -> list[Any]:
    given = value.get(name)
    if given is not None and type(given) is not list:
        raise wrong(given, name, "a list")
    return given or []


def _end_user(data: Any) -> str | None:
    """LiteLLM's reference for the person whom the caller serves."""
    given = data.get("user_api_key_end_user_id") if type(data) is dict else None
    return given if type(given) is str and given else None
