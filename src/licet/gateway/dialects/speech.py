"""OpenAI's `POST /v1/audio/speech`: a text is spoken.

It refuses to know sound. Source: OpenAI API reference, "Create speech".

Rules
1. What is spoken is published: it is judged as a prompt, and once more as an answer (`spans`).
2. The model is always asked for WAV: a mark that is heard can be put on that; the form that the
   client wants is made of it afterwards.
"""

from __future__ import annotations

from licet.gateway.dialects.frames import Span
from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.media import (
    MediaAsk,
    MediaDialect,
    is_choice,
    one_of,
    refuse_stream,
)
from licet.gateway.dialects.model import Ask, Reply, Usage
from licet.gateway.dialects.requests import (
    body_with_model,
    end_user_of,
    missing,
    open_request,
    walk_rest,
)
from licet.gateway.dialects.unreadable import Unreadable

FORMS = ("mp3", "wav", "opus", "flac")
"""What carries a label. (`aac` and `pcm` have no place for one.)"""


class Speech(MediaDialect):
    """Sound from words. Stateless."""

    name = "speech"
    path = "/audio/speech"

    def parse(self, body: bytes, *, json_depth_max: int) -> MediaAsk:
        value, model, stream = open_request(body, json_depth_max)
        refuse_stream(stream, "stream")
        refuse_stream(value.get("stream_format"), "stream_format")
        if type(value.get("input")) is not str or not value["input"].strip():
            raise missing(value, "input", "what to say", '"input": "…"')
        found = PromptTexts()
        known = frozenset(name for name, item in value.items() if is_choice(name, item))
        walk_rest(value, known, {}, found)
        form = one_of(value.get("response_format"), "response_format", FORMS, "")
        value["response_format"] = "wav"
        return MediaAsk(
            model, False, tuple(found.texts), dump(value), (), end_user_of(value),
            medium="audio", form=form,
        )  # fmt: skip

    def with_model(self, ask: Ask, model: str) -> bytes:
        return body_with_model(ask, model)

    def reply(self, body: bytes) -> Reply:
        """Raises Unreadable: sound is no text."""
        raise Unreadable("sound holds no text that could be read")


def spoken(ask: MediaAsk) -> str:
    """What is to be said."""
    said: str = load_object(ask.body)["input"]
    return said


class SpokenReply:
    """What a request has spoken, as an answer to be judged (rule 1)."""

    usage = Usage()

    def __init__(self, ask: MediaAsk) -> None:
        self.spans = (Span("0.input", spoken(ask)),)
