"""Requests of every dialect: what is none is refused, and nothing but one name is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.gateway.dialects.json_strict import load, with_member
from licet.gateway.dialects.model import Ask
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.dialects.unreadable import Unreadable


def _parse(name: str, **body: Any) -> Ask:
    return DIALECTS[name].parse(json.dumps({"model": "m", **body}).encode(), json_depth_max=64)


def _user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


@pytest.mark.parametrize("name", ["completions", "embeddings"])
def test_tokens_are_refused_for_they_cannot_be_judged(name: str) -> None:
    field = "prompt" if name == "completions" else "input"
    for given_ in ([1, 2, 3], [[1, 2], [3]]):
        with pytest.raises(Unreadable, match="cannot be judged") as caught:
            _parse(name, **{field: given_})
        assert caught.value.where == field


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": 1, "content": "hi"}]}, "messages[0].role"),
        ({"messages": _user(7)}, "messages[0].content"),
        ({"messages": _user("hi"), "stream": "yes"}, "stream"),
        ({"messages": _user("hi"), "model": 3}, "model"),
        ({"messages": _user("hi"), "model": ""}, "model"),
    ],
)
@pytest.mark.parametrize("name", ["chat", "messages"])
def test_a_wrong_request_is_refused_with_its_place(
    name: str, body: dict[str, Any], where: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        _parse(name, **body)
    assert caught.value.where == where
    assert where in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"not json",
        b'{"model":"m","messages":[{"role":"user","content":"\xff"}]}',
        b'{"model":"m","temperature":NaN,"messages":[{"role":"user","content":"x"}]}',
        b'{"model":"m","temperature":1e999,"messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"model":"m","messages":[{"role":"user","content":"x"}],"messages":[]}',
        b'{"model":"m","messages":[{"role":"user","content":"x","content":"y"}]}',
        b'{"model":"m","messages":[{"role":"user","c\\u006fntent":"x","content":"y\\u003a:"}]}',
        b'{"model":"m","x":' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"model":"m","x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"model":"m","x":[' + b"[]," * 300_000 + b"[]]}",
        b'"' + b'\\"' * 200_000 + b"[" * 100,
    ],
    ids=range(13),
)
def test_what_two_parsers_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        DIALECTS["chat"].parse(body, json_depth_max=64)
    assert caught.value.message


def test_brackets_inside_texts_do_not_nest() -> None:
    ask = _parse("chat", messages=_user('[{"' * 500))
    assert ask.texts[0].text == '[{"' * 500


def test_lone_surrogates_are_judged_as_they_are() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"a\\ud83d"}]}'
    ask = DIALECTS["chat"].parse(body, json_depth_max=64)
    assert ask.texts[0].text == "a\ud83d"
    assert ask.body == body


@pytest.mark.parametrize(
    "members",
    [
        {"safety_identifier": "u1", "user": "u2"},
        {"user": "u1"},
        {"metadata": {"user_id": "u1"}},
    ],
)
def test_the_clients_reference_for_its_user_is_found(members: dict[str, Any]) -> None:
    assert _parse("chat", messages=_user("hi"), **members).end_user == "u1"


def test_only_the_models_name_is_changed() -> None:
    body = (
        b'{ "x" : {"model":"in","y":["model"]}, "z":"\\"model\\":\\"no\\"",'
        b' "mod\\u0065l" :  "o\\"ld" , "messages":[{"role":"user","content":"1e2"}], "n":1.0 }'
    )
    chat = DIALECTS["chat"]
    ask = chat.parse(body, json_depth_max=64)
    assert ask.model == 'o"ld'
    assert chat.with_model(ask, "新") == body.replace(b'"o\\"ld"', '"新"'.encode())
    assert chat.with_model(ask, ask.model) is body


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(
    """model messages role content type text input prompt tools function arguments stream source
    data image_url system metadata user choices delta index tool_calls logprobs usage error item
    part output response output_index content_index summary_index content_block message
    finish_reason sequence_number""".split()  # noqa: SIM905
)
_types = st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "response.output_text.delta",
        "response.output_text.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.content_part.done",
        "response.completed",
        "tool_use",
        "user",
    ]
)
like_ours = st.recursive(
    _json | _types,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=5),
    max_leaves=10,
)


def test_a_type_may_be_any_json_value() -> None:
    part = {"source": {"type": []}, "type": {}, "input": {"type": [], "input": {"a": 1}}}
    assert _parse("messages", messages=_user([part])).texts == ()


@pytest.mark.parametrize("name", sorted(DIALECTS))
@settings(max_examples=40, deadline=None)
@given(st.dictionaries(_names, like_ours, max_size=6), st.booleans())
def test_any_json_is_read_or_refused(name: str, value: dict[str, Any], whole: bool) -> None:
    if whole:
        value = {"model": "m", "input": value, "messages": [{"role": "user", "content": [value]}]}
    try:
        ask = DIALECTS[name].parse(json.dumps(value).encode(), json_depth_max=16)
    except BadInput:
        return
    assert all(text.text for text in ask.texts)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for dialect in DIALECTS.values():
        with pytest.raises(BadInput):
            dialect.parse(body, json_depth_max=16)


@settings(max_examples=80, deadline=None)
@given(_json, st.sampled_from([None, 1, " "]), st.booleans())
def test_decoding_agrees_with_the_standard_library(
    value: Any, indent: Any, ascii_only: bool
) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert load(data) == json.loads(data)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), _json, max_size=5), st.text(), st.sampled_from([None, 1]))
def test_one_member_is_replaced_and_no_other(
    value: dict[str, Any], model: str, indent: Any
) -> None:
    body = json.dumps(value | {"model": "old"}, indent=indent).encode()
    assert json.loads(with_member(body, "model", model)) == value | {"model": model}
