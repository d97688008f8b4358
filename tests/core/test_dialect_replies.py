"""Whole answers, errors and moderations: what is stopped is cut out, and the rest stays valid."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from anthropic.types import Message
from openai.types import Completion, ModerationCreateResponse
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from kit.dialects import NOTICE
from licet.base.trouble import BadInput
from licet.gateway.dialects.model import Reply, Usage
from licet.gateway.dialects.moderations import (
    Judged,
    parse_moderation,
    render_moderation,
)
from licet.gateway.dialects.registry import DIALECTS


def _reply(name: str, value: Any) -> Reply:
    return DIALECTS[name].reply(json.dumps(value).encode())


def _cut(name: str, value: Any, **texts: str) -> dict[str, Any]:
    """The answer rendered with the texts of some channels replaced."""
    reply = _reply(name, value)
    known = {span.channel: span.text for span in reply.spans}
    assert texts.keys() <= known.keys(), known
    out = reply.render([(known | texts)[span.channel] for span in reply.spans], NOTICE)
    value = json.loads(out)
    assert value["licet"] == NOTICE.as_object()
    return dict(value)


def _chat(*messages: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": at,
                "message": {"role": "assistant", **message},
                "finish_reason": "stop",
                **choice,
            }
            for at, message in enumerate(messages)
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    }


def _call(at: int, arguments: str) -> dict[str, Any]:
    return {
        "id": f"call_{at}",
        "type": "function",
        "function": {"name": "f", "arguments": arguments},
    }


CHANNELS = [
    (
        "chat",
        _chat(
            {
                "content": "a",
                "refusal": "b",
                "reasoning_content": "c",
                "tool_calls": [_call(0, "{}"), _call(1, '{"x":1}')],
                "audio": {"id": "au", "data": "UklG", "transcript": "d"},
                "new": {"field": "e"},
            },
            {"content": [{"type": "text", "text": "f"}]},
        ),
        {
            "0.content": "a",
            "0.refusal": "b",
            "0.reasoning_content": "c",
            "0.tool.0.name": "f",
            "0.tool.0.arguments": "{}",
            "0.tool.1.name": "f",
            "0.tool.1.arguments": '{"x":1}',
            "0.audio.transcript": "d",
            "0.new.field": "e",
            "1.content[0].text": "f",
        },
    ),
    (
        "completions",
        {"object": "text_completion", "choices": [{"index": 0, "text": "a", "logprobs": None}]},
        {"0.text": "a"},
    ),
    (
        "messages",
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "a", "signature": "EqQB"},
                {"type": "text", "text": "b"},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"city": "c"}},
            ],
        },
        {"0.thinking": "a", "1.text": "b", "2.name": "f", "2.input": '{"city":"c"}'},
    ),
    (
        "responses",
        {
            "object": "response",
            "instructions": "not said by the model",
            "output": [
                {
                    "type": "reasoning",
                    "id": "r",
                    "summary": [{"type": "summary_text", "text": "a"}],
                },
                {
                    "type": "message",
                    "id": "m",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "b", "annotations": []}],
                },
                {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"},
                {"type": "image_generation_call", "id": "i", "result": "iVBORw0KGgo="},
            ],
        },
        {
            "0.summary[0].text": "a",
            "1.content[0].text": "b",
            "2.name": "f",
            "2.arguments": "{}",
        },
    ),
]


@pytest.mark.parametrize(("name", "value", "texts"), CHANNELS)
def test_every_text_of_an_answer_is_found(
    name: str, value: dict[str, Any], texts: dict[str, str]
) -> None:
    assert {span.channel: span.text for span in _reply(name, value).spans} == texts


@pytest.mark.parametrize(("name", "value", "texts"), CHANNELS)
def test_a_fully_cut_answer_holds_none_of_its_texts(
    name: str, value: dict[str, Any], texts: dict[str, str]
) -> None:
    out = _cut(name, value, **dict.fromkeys(texts, ""))
    again = DIALECTS[name].reply(json.dumps(out | {"licet": None}).encode())
    assert [span for span in again.spans if span.text] == []


def test_only_the_choice_that_was_cut_ends_with_content_filter() -> None:
    value = _chat({"content": "good"}, {"content": "good bad"}, logprobs={"content": []})
    value["choices"][1]["logprobs"] = {"content": [{"token": "good bad"}]}
    out = _cut("chat", value, **{"1.content": "good "})
    assert [choice["finish_reason"] for choice in out["choices"]] == ["stop", "content_filter"]
    assert out["choices"][1]["message"]["content"] == "good "
    assert out["choices"][1]["logprobs"] is None
    assert ChatCompletion.model_validate(out).choices[0].message.content == "good"


def test_an_answer_stopped_outside_its_choices_ends_them_all() -> None:
    out = _cut("chat", _chat({"content": "good"}) | {"words": "bad"}, **{"x.words": ""})
    assert out["choices"][0]["finish_reason"] == "content_filter"


def test_half_a_tool_call_is_taken_out() -> None:
    calls = {"content": None, "tool_calls": [_call(0, '{"a":1}'), _call(1, '{"b":"bad"}')]}
    out = _cut("chat", _chat(calls), **{"0.tool.1.arguments": '{"b":"'})
    assert [call["id"] for call in out["choices"][0]["message"]["tool_calls"]] == ["call_0"]
    out = _cut("chat", _chat({"tool_calls": [_call(0, "12")]}), **{"0.tool.0.arguments": "1"})
    assert "tool_calls" not in out["choices"][0]["message"]


def test_a_cut_transcript_takes_its_sound_with_it() -> None:
    audio = {"id": "au", "data": "UklG", "transcript": "good bad"}
    out = _cut("chat", _chat({"audio": audio}), **{"0.audio.transcript": "good"})
    assert "audio" not in out["choices"][0]["message"]


def test_a_cut_completion_stays_one() -> None:
    value = {"id": "c", "object": "text_completion", "created": 1, "model": "m"}
    choice = {"index": 0, "text": "good bad", "logprobs": None, "finish_reason": "length"}
    out = _cut("completions", value | {"choices": [choice]}, **{"0.text": "good"})
    assert Completion.model_validate(out).choices[0].finish_reason == "content_filter"


def test_a_cut_message_is_a_refusal() -> None:
    value = {
        "id": "msg",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "think bad", "signature": "EqQB"},
            {"type": "text", "text": "say bad", "citations": [{"type": "char_location"}]},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"a": "bad"}},
            {"type": "text", "text": "bad"},
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 5},
    }
    reply = _reply("messages", value)
    assert reply.usage == Usage(3, 5)
    odd = DIALECTS["messages"].reply(
        json.dumps({"content": [], "usage": {"note": "a sentence of the server's"}}).encode()
    )
    assert [span.text for span in odd.spans] == ["a sentence of the server's"]
    texts = [span.text.partition("bad")[0] for span in reply.spans]
    out = Message.model_validate(json.loads(reply.render(texts, NOTICE)))
    assert out.stop_reason == "refusal"
    assert [block.type for block in out.content] == ["thinking", "text"]
    thinking, text = out.content
    assert thinking.type == "thinking"
    assert thinking.signature == ""
    assert text.type == "text"
    assert text.citations is None


def test_a_cut_response_is_incomplete() -> None:
    value = {
        "id": "resp",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": "completed",
        "output": [
            {
                "type": "message",
                "id": "m",
                "role": "assistant",
                "status": "completed",
                "content": [
                    {
                        "type": "output_text",
                        "text": "say bad",
                        "annotations": [
                            {
                                "type": "url_citation",
                                "title": "t",
                                "url": "https://x.example",
                                "start_index": 4,
                                "end_index": 7,
                            }
                        ],
                    }
                ],
            },
            {"type": "function_call", "name": "f", "call_id": "c", "arguments": '{"a":"bad"}'},
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    cut = {"0.content[0].text": "say ", "1.arguments": '{"a":"'}
    out = Response.model_validate(_cut("responses", value, **cut))
    assert out.status == "incomplete"
    assert out.incomplete_details
    assert out.incomplete_details.reason == "content_filter"
    assert out.output_text == "say "
    assert [item.type for item in out.output] == ["message"]


def test_embeddings_pass_byte_for_byte() -> None:
    body = b'{"object":"list","data":[{"embedding":[1e-9, 2.50]}],"usage":{"prompt_tokens":3}}'
    reply = DIALECTS["embeddings"].reply(body)
    assert reply.spans == ()
    assert reply.usage == Usage(prompt_tokens=3)
    assert reply.render((), NOTICE) == body


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"a":1,"a":2', b'"\xff"'])
def test_an_answer_that_is_none_is_refused(name: str, body: bytes) -> None:
    with pytest.raises(BadInput):
        DIALECTS[name].reply(body)


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 502, 503, 504, 529])
def test_errors_have_the_form_of_their_api(name: str, status: int) -> None:
    dialect = DIALECTS[name]
    value = json.loads(dialect.error(status, "content_filter", "No.", "input", NOTICE))
    error = value["error"]
    assert (error["code"], error["message"], error["param"]) == ("content_filter", "No.", "input")
    assert error["type"].endswith(("_error", "_too_large"))
    assert value["licet"] == error["licet"] == NOTICE.as_object()
    assert value.get("type") == ("error" if dialect.family == "anthropic" else None)
    assert b"licet" not in dialect.error(status, "x", "No.")


def test_the_official_clients_find_the_notice_in_an_error() -> None:
    def client(name: str) -> httpx2.Client:
        body = DIALECTS[name].error(400, "content_filter", "No.", "messages[0]", NOTICE)
        return httpx2.Client(
            transport=httpx2.MockTransport(lambda _: httpx2.Response(400, content=body))
        )

    with client("chat") as http, pytest.raises(openai.BadRequestError) as refused:
        openai.OpenAI(api_key="k", http_client=http).models.list()
    assert refused.value.code == "content_filter"
    assert refused.value.param == "messages[0]"
    assert refused.value.body["licet"]["case"] == NOTICE.case  # type: ignore[index]
    with client("messages") as http, pytest.raises(anthropic.BadRequestError) as stopped:
        anthropic.Anthropic(api_key="k", http_client=http).models.list()
    assert stopped.value.body["licet"]["case"] == NOTICE.case  # type: ignore[index]


@pytest.mark.parametrize(
    ("given", "texts", "images"),
    [
        ("a", [["a"]], [[]]),
        (["a", "b"], [["a"], ["b"]], [[], []]),
        (
            [
                {"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": "https://x.example/i.png"}},
            ],
            [["a"]],
            [["input[1]"]],
        ),
    ],
)
def test_a_moderation_has_one_result_for_each_input(
    given: Any, texts: list[list[str]], images: list[list[str]]
) -> None:
    ask = parse_moderation(json.dumps({"input": given}).encode(), json_depth_max=64)
    assert [[text.text for text in one] for one in ask.inputs] == texts
    assert [list(one) for one in ask.images] == images


@pytest.mark.parametrize("body", [b"{}", b'{"input":[]}', b'{"input":[1]}', b'{"input":7}'])
def test_a_moderation_of_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="input"):
        parse_moderation(body, json_depth_max=64)


@pytest.mark.parametrize(
    ("ours", "official"),
    [
        ("sexual", {"sexual"}),
        ("hate", {"hate"}),
        ("discrimination.gender", {"hate"}),
        ("harassment", {"harassment"}),
        ("self_harm", {"self-harm"}),
        ("violence", {"violence"}),
        ("cyber", {"illicit"}),
        ("illegal_activity", {"illicit"}),
        ("weapons", {"illicit", "illicit/violent"}),
        ("terrorism", {"illicit", "illicit/violent", "violence"}),
        ("privacy", set()),
    ],
)
def test_our_categories_count_as_openais(ours: str, official: set[str]) -> None:
    judged = Judged(True, frozenset({ours}), {ours: 0.75})
    out = json.loads(render_moderation([judged], model="m", moderation_id="modr-1"))
    ModerationCreateResponse.model_validate(out)
    (result,) = out["results"]
    assert {name for name, found in result["categories"].items() if found} == official
    assert {name for name, score in result["category_scores"].items() if score} == official
    assert result["flagged"]
    assert result["licet"]["categories"] == [ours]
    names = result["categories"].keys()
    assert names == result["category_scores"].keys()
    assert names == result["category_applied_input_types"].keys()
    assert len(names) == 13
