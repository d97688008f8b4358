"""Requests of every dialect: every text is found with its place, its writer and its kind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from licet.gateway.dialects.model import Ask
from licet.gateway.dialects.registry import DIALECTS

BAD = "a sentence that must be judged"
IMAGE = "data:image/png;base64,iVBORw0KGgo="


def _parse(name: str, **body: Any) -> Ask:
    return DIALECTS[name].parse(json.dumps({"model": "m", **body}).encode(), json_depth_max=64)


def _user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


CHAT: list[tuple[dict[str, Any], str, str, str]] = [
    ({"messages": _user(BAD)}, "messages[0].content", "user", "text"),
    (
        {"messages": [{"role": "developer", "content": BAD}]},
        "messages[0].content",
        "system",
        "text",
    ),
    (
        {"messages": [{"role": "assistant", "content": BAD}]},
        "messages[0].content",
        "assistant",
        "text",
    ),
    (
        {"messages": [{"role": "tool", "tool_call_id": "c", "content": BAD}]},
        "messages[0].content",
        "tool",
        "text",
    ),
    (
        {"messages": _user([{"type": "text", "text": BAD}])},
        "messages[0].content[0].text",
        "user",
        "text",
    ),
    (
        {"messages": _user([{"type": "new_kind", "words": [BAD]}])},
        "messages[0].content[0].words[0]",
        "user",
        "text",
    ),
    (
        {"messages": [{"role": "assistant", "content": None, "refusal": BAD}]},
        "messages[0].refusal",
        "assistant",
        "text",
    ),
    (
        {"messages": [{"role": "user", "name": BAD, "content": ""}]},
        "messages[0].name",
        "user",
        "text",
    ),
    (
        {
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "id": "c",
                            "type": "function",
                            "function": {"name": "f", "arguments": BAD},
                        }
                    ],
                }
            ]
        },
        "messages[0].tool_calls[0].function.arguments",
        "assistant",
        "json",
    ),
    (
        {
            "messages": _user("hi"),
            "tools": [{"type": "function", "function": {"name": "f", "description": BAD}}],
        },
        "tools[0].function.description",
        "system",
        "text",
    ),
    (
        {
            "messages": _user("hi"),
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "f",
                        "parameters": {"properties": {"city": {"type": "string", "enum": [BAD]}}},
                    },
                }
            ],
        },
        "tools[0].function.parameters.properties.city.enum[0]",
        "system",
        "text",
    ),
    (
        {"messages": _user("hi"), "functions": [{"name": "f", "parameters": {BAD: {}}}]},
        "functions[0].parameters.?",
        "system",
        "text",
    ),
    (
        {
            "messages": _user("hi"),
            "response_format": {"type": "json_schema", "json_schema": {"description": BAD}},
        },
        "response_format.json_schema.description",
        "system",
        "text",
    ),
    (
        {"messages": _user("hi"), "prediction": {"type": "content", "content": BAD}},
        "prediction.content",
        "assistant",
        "text",
    ),
    (
        {"messages": _user("hi"), "documents": [{"title": "t", "text": BAD}]},
        "documents[0].text",
        "user",
        "text",
    ),
    ({"messages": _user("hi"), "Messages": _user(BAD)}, "Messages[0].content", "user", "text"),
]
COMPLETIONS = [
    ({"prompt": BAD}, "prompt", "user", "text"),
    ({"prompt": ["hi", BAD]}, "prompt[1]", "user", "text"),
    ({"prompt": "hi", "suffix": BAD}, "suffix", "user", "text"),
]
MESSAGES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"messages": _user("hi"), "system": BAD}, "system", "system", "text"),
    (
        {"messages": _user("hi"), "system": [{"type": "text", "text": BAD}]},
        "system[0].text",
        "system",
        "text",
    ),
    (
        {"messages": _user([{"type": "tool_result", "tool_use_id": "t", "content": BAD}])},
        "messages[0].content[0].content",
        "tool",
        "text",
    ),
    (
        {
            "messages": _user(
                [{"type": "tool_result", "tool_use_id": "t", "content": [{"text": BAD}]}]
            )
        },
        "messages[0].content[0].content[0].text",
        "tool",
        "text",
    ),
    (
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": BAD, "signature": "EqQB"}],
                }
            ]
        },
        "messages[0].content[0].thinking",
        "assistant",
        "text",
    ),
    (
        {
            "messages": _user(
                [
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": BAD},
                        "title": "t",
                    }
                ]
            )
        },
        "messages[0].content[0].source.data",
        "user",
        "text",
    ),
    (
        {"messages": _user([{"type": "search_result", "content": [{"text": BAD}]}])},
        "messages[0].content[0].content[0].text",
        "tool",
        "text",
    ),
    (
        {"messages": _user("hi"), "tools": [{"name": "f", "input_schema": {"title": BAD}}]},
        "tools[0].input_schema.title",
        "system",
        "text",
    ),
]
RESPONSES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"input": BAD}, "input", "user", "text"),
    ({"input": "hi", "instructions": BAD}, "instructions", "system", "text"),
    (
        {"input": _user([{"type": "input_text", "text": BAD}])},
        "input[0].content[0].text",
        "user",
        "text",
    ),
    (
        {"input": [{"type": "function_call_output", "call_id": "c", "output": BAD}]},
        "input[0].output",
        "tool",
        "text",
    ),
    (
        {"input": [{"type": "function_call", "name": "f", "call_id": "c", "arguments": BAD}]},
        "input[0].arguments",
        "assistant",
        "json",
    ),
    (
        {"input": [{"type": "reasoning", "id": "r", "summary": [{"text": BAD}]}]},
        "input[0].summary[0].text",
        "assistant",
        "text",
    ),
    (
        {"prompt": {"id": "p", "variables": {"topic": BAD}}},
        "prompt.variables.topic",
        "user",
        "text",
    ),
    (
        {"input": "hi", "text": {"format": {"type": "json_schema", "description": BAD}}},
        "text.format.description",
        "system",
        "text",
    ),
]
TABLE = [
    (name, *row)
    for name, rows in [
        ("chat", CHAT),
        ("completions", COMPLETIONS),
        ("messages", MESSAGES),
        ("responses", RESPONSES),
        ("embeddings", [({"input": BAD}, "input", "user", "text")]),
    ]
    for row in rows
]


@pytest.mark.parametrize(("name", "body", "where", "role", "kind"), TABLE)
def test_every_text_is_found_at_its_place(
    name: str, body: dict[str, Any], where: str, role: str, kind: str
) -> None:
    ask = _parse(name, **body)
    (found,) = [text for text in ask.texts if text.text == BAD]
    assert (found.where, found.role, found.kind) == (where, role, kind)


def test_a_tools_decoded_arguments_are_one_text_with_their_names() -> None:
    use = {"type": "tool_use", "id": "t", "name": "f", "input": {"id": BAD, "keys too": 1}}
    ask = _parse("messages", messages=[{"role": "assistant", "content": [use]}])
    (found,) = ask.texts
    assert (found.where, found.kind) == ("messages[0].content[0].input", "json")
    assert json.loads(found.text) == use["input"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("chat", {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}}),
        ("chat", {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}),
        ("chat", {"type": "file", "file": {"file_id": "file-1"}}),
        ("responses", {"type": "input_image", "image_url": IMAGE, "detail": "auto"}),
        ("responses", {"type": "input_file", "file_data": "JVBERi0="}),
        (
            "messages",
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"},
            },
        ),
        ("messages", {"type": "document", "source": {"type": "url", "url": "https://x.example"}}),
    ],
)
def test_parts_that_are_no_text_are_named(name: str, part: dict[str, Any]) -> None:
    field = "input" if name == "responses" else "messages"
    ask = _parse(name, **{field: _user([part])})
    assert ask.images == (f"{field}[0].content[0]",)
    assert ask.texts == ()


@pytest.mark.parametrize(
    ("name", "part", "data"),
    [
        ("chat", {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
         "iVBORw0KGgo="),
        ("responses", {"type": "input_image", "image_url": IMAGE}, "iVBORw0KGgo="),
        ("messages", {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                                  "data": "iVBO"}}, "iVBO"),
    ],
)  # fmt: skip
def test_a_picture_in_the_message_is_given_to_be_looked_at(
    name: str, part: dict[str, Any], data: str
) -> None:
    field = "input" if name == "responses" else "messages"
    ask = _parse(name, **{field: _user([part])})
    assert [(p.where, p.data) for p in ask.pictures] == [(f"{field}[0].content[0]", data)]
    assert ask.images == (f"{field}[0].content[0]",)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        {"type": "image_url", "image_url": {"url": IMAGE, "url2": "https://x.example/a.png"}},
        {"type": "image_url", "image_url": {"url": IMAGE}, "file_id": "file-1"},
        {"type": "image_url", "image_url": {"url": IMAGE.replace("image/png", "text/html")}},
        {"type": "image_url", "image_url": {"url": IMAGE},
         "source": {"type": "url", "url": "https://x.example/a.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf",
                                        "data": "JVBE"}},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        {"type": "image_generation_call", "id": "i", "result": "iVBO"},
    ],
)  # fmt: skip
def test_what_is_more_or_other_than_one_picture_is_not(part: dict[str, Any]) -> None:
    ask = _parse("chat", messages=_user([part]))
    assert (ask.images, ask.pictures) == (("messages[0].content[0]",), ())


@pytest.mark.parametrize(
    ("name", "more", "where"),
    [
        ("chat", {"modalities": ["text", "audio"]}, "modalities"),
        ("chat", {"audio": {"voice": "alloy", "format": "wav"}}, "audio"),
        ("responses", {"tools": [{"type": "image_generation"}]}, "tools[0]"),
        ("chat", {"modalities": ["text"], "audio": None}, None),
    ],
)
def test_what_a_conversation_is_to_make_that_is_no_text_is_named(
    name: str, more: dict[str, Any], where: str | None
) -> None:
    field = "input" if name == "responses" else "messages"
    ask = _parse(name, **{field: _user("Hi")}, **more)
    assert ask.images == ((where,) if where else ())


def test_a_part_behind_a_picture_is_no_hiding_place() -> None:
    other = {"image_url": {"url": "https://x.example/a.png"}}
    part = {"type": "image_url", "image_url": {"url": IMAGE}, "extra": other}
    ask = _parse("chat", messages=_user([part]))
    place = "messages[0].content[0]"
    assert (len(ask.pictures), ask.images) == (1, (place, f"{place}.extra"))


def test_a_tools_parameter_named_like_an_image_is_none() -> None:
    schema = {"properties": {"image_url": {"type": "string"}, "file_id": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    assert _parse("chat", messages=_user("hi"), tools=[tool]).images == ()


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": BAD}},
        {"type": BAD, "text": "x"},
        {"type": "text", "text": "x", "id": BAD},
        {"type": "file", "file": {"file_data": BAD}},
        {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": BAD}},
    ],
)
def test_a_sentence_where_a_mark_belongs_is_a_text(part: dict[str, Any]) -> None:
    assert BAD in [text.text for text in _parse("chat", messages=_user([part])).texts]
