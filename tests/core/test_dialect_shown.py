"""What a model shows beside text in an answer is found, whatever the API calls it; what it quotes
or hands to a tool is not taken for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from licet.gateway.dialects.chat import Chat
from licet.gateway.dialects.messages import Messages
from licet.gateway.dialects.model import Ask
from licet.gateway.dialects.responses import Responses
from licet.gateway.dialects.shown import refuse_shown, refuse_shown_whole
from licet.gateway.dialects.unreadable import Unlooked
from licet.gateway.sse import SseEvent

PNG = "data:image/png;base64,iVBORw0KGgo="


def chat(message: Any, name: str = "message") -> dict[str, Any]:
    return {"choices": [{"index": 0, name: message}], "usage": {"audio_tokens": 0}}


SHOWN = [
    chat({"content": "See.", "images": [{"type": "image_url", "image_url": {"url": PNG}}]}),
    chat({"content": [{"type": "image_url", "image_url": "https://x.example/a.png"}]}),
    chat({"content": [{"type": "image", "url": "https://x.example/a.png"}]}),
    chat({"content": None, "audio": {"id": "a", "data": "UklGRg==", "transcript": "Hello."}}),
    chat({"content": "", "images": [{"image_url": {"url": PNG}}]}, "delta"),
    chat({"parts": [{"inline_data": {"mime_type": "image/png", "data": "iVBORw0KGgo="}}]}),
    {"output": [{"type": "image_generation_call", "result": "iVBORw0KGgo="}]},
    {"type": "response.image_generation_call.partial_image", "partial_image_b64": "iVBORw0="},
    {"type": "response.audio.delta", "delta": "UklGRg=="},
    {"type": "response.output_audio.delta", "delta": "UklGRg=="},
    {"content": [{"type": "image", "source": {"type": "base64", "data": "iVBORw0KGgo="}}]},
    {"type": "content_block_start", "index": 0,
     "content_block": {"type": "image", "source": {"type": "url", "url": "https://x.example/"}}},
]  # fmt: skip
NOT_SHOWN = [
    chat({"content": "An image and audio: data:image/png;base64,"}),
    chat({"content": "See.", "audio": None, "images": []}),
    chat({"tool_calls": [{"function": {"name": "draw", "arguments": '{"image_url": "x"}'}}]}),
    chat({"content": "…", "annotations": [{"type": "url_citation", "url": "https://x/a.png"}]}),
    {"content": [{"type": "tool_use", "name": "draw", "input": {"image_url": PNG}}]},
    {"content": [{"type": "search_result", "source": "https://x.example/image.png"}]},
    {"output": [{"type": "image_generation_call", "status": "failed", "result": None}]},
    {"output": [{"type": "message", "content": [{"type": "output_text", "text": "image"}]}]},
    {"type": "response.audio_transcript.delta", "delta": "Hello."},
]


@pytest.mark.parametrize("value", SHOWN, ids=json.dumps)
@pytest.mark.parametrize("escaped", [False, True], ids=["plain", "escaped"])
def test_what_is_shown_is_found(value: dict[str, Any], escaped: bool) -> None:
    data = json.dumps(value)
    if escaped:
        data = data.replace("image", "\\u0069mage").replace("audio", "\\u0061udio")
    with pytest.raises(Unlooked, match="nobody has looked at"):
        refuse_shown(data.encode(), value)
    with pytest.raises(Unlooked):
        refuse_shown_whole(data.encode())


@pytest.mark.parametrize("value", NOT_SHOWN, ids=json.dumps)
def test_what_is_not_is_not(value: dict[str, Any]) -> None:
    refuse_shown(json.dumps(value).encode(), value)


STREAMED = [
    (Chat(), SHOWN[4]),
    (Messages(), SHOWN[11]),
    (Responses(), SHOWN[7]),
]


@pytest.mark.parametrize(("dialect", "value"), STREAMED, ids=lambda it: getattr(it, "name", ""))
def test_a_stream_shows_nothing_unless_the_operator_lets_it(
    dialect: Chat | Messages | Responses, value: dict[str, Any]
) -> None:
    data = json.dumps(value).encode()
    event = SseEvent(b"data: " + data + b"\n\n", b"", data)
    with pytest.raises(Unlooked):
        dialect.reader(Ask("m", True, (), b"{}")).read(event)
    dialect.reader(Ask("m", True, (), b"{}", takes_media=True)).read(event)
