"""LiteLLM's guardrail API: what is read out of a question, and what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.litellm import conversation, question, tool_call
from licet.base.trouble import BadInput
from licet.gateway.dialects.guardrail import (
    GuardrailAsk,
    blocked,
    parse_guardrail,
    passed,
    reply_of,
)
from licet.gateway.dialects.model import Notice


def parse(asked: dict[str, Any]) -> GuardrailAsk:
    return parse_guardrail(json.dumps(asked).encode(), json_depth_max=64)


def said(ask: GuardrailAsk) -> list[tuple[str, str, str]]:
    return [(text.where, text.role, text.text) for text in ask.texts]


def test_who_wrote_a_text_is_read_from_the_messages() -> None:
    ask = parse(conversation(("system", "Be brief."), ("assistant", "Yes?"), ("user", "Hello.")))
    assert said(ask) == [
        ("texts[0]", "system", "Be brief."),
        ("texts[1]", "assistant", "Yes?"),
        ("texts[2]", "user", "Hello."),
    ]
    assert (ask.model, ask.end_user, ask.count) == ("mock", "end-user-7", 3)


def test_a_text_that_a_person_wrote_too_is_judged_as_a_persons() -> None:
    ask = parse(conversation(("assistant", "Say it."), ("user", "Say it.")))
    assert [role for _, role, _ in said(ask)] == ["user", "user"]


def test_a_text_that_no_message_holds_is_a_persons() -> None:
    assert said(parse(question("request", "Hello."))) == [("texts[0]", "user", "Hello.")]
    assert said(parse(question("response", "Hello."))) == [("texts[0]", "assistant", "Hello.")]


def test_what_stands_beside_the_texts_is_judged_as_well() -> None:
    asked = question(
        "request", "Hello.",
        structured_messages=[
            {"role": "user", "content": [{"type": "text", "text": "Hello."}], "name": "a b"},
            {"role": "assistant", "tool_calls": [tool_call("find", '{"q":"tea"}')]},
        ],
        tools=[{"type": "function", "function": {"name": "find", "description": "Finds it."}}],
        tool_calls=[tool_call("find", '{"q":"milk"}')],
    )  # fmt: skip
    ask = parse(asked)
    found = {(text.role, text.text, text.kind) for text in ask.texts}
    assert {
        ("user", "Hello.", "text"), ("user", "a b", "text"), ("assistant", '{"q":"tea"}', "json"),
        ("assistant", '{"q":"milk"}', "json"), ("system", "Finds it.", "text"),
    } <= found  # fmt: skip
    assert [text.text for text in ask.texts].count("Hello.") == 1
    assert ask.count == 1


def test_images_are_found_wherever_they_stand() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    message = {"role": "user", "content": [part]}
    assert parse(question("request", "a", images=["AA=="])).images == ("images[0]",)
    assert parse(question("request", "a", structured_messages=[message])).images == (
        "structured_messages[0].content[0]",
    )


def test_members_of_other_versions_are_passed_over() -> None:
    ask = parse(question("response", "Fine.", new_member={"deep": [1, "text"]}))
    assert said(ask) == [("texts[0]", "assistant", "Fine.")]
    least = parse_guardrail(b'{"input_type":"request","texts":["a"]}', json_depth_max=8)
    assert (least.model, least.end_user, least.images) == ("", None, ())


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[]", "object"),
        (b'{"texts":["a"]}', "input_type"),
        (b'{"input_type":"both","texts":["a"]}', "input_type"),
        (b'{"input_type":"request","texts":"a"}', "texts"),
        (b'{"input_type":"request","texts":[1]}', "texts"),
        (b'{"input_type":"request","texts":[null]}', "texts"),
        (b'{"input_type":"request","images":{}, "texts":[]}', "images"),
        (b'{"input_type":"request","texts":["a"],"texts":["b"]}', "texts"),
    ],
)
def test_what_is_no_question_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_guardrail(body, json_depth_max=64)


@given(st.sampled_from(["request", "response"]), st.lists(st.text()))
def test_every_text_is_judged(input_type: str, texts: list[str]) -> None:
    ask = parse(question(input_type, *texts))
    assert [text.text for text in ask.texts[: ask.count]] == texts
    if input_type == "response":
        assert [span.text for span in reply_of(ask).spans] == texts


def test_a_stop_tells_everything_that_a_person_must_be_told() -> None:
    notice = Notice("LC-1", "violence", "op.1", {"zh": "不行。", "en": "No."}, "https://x/LC-1")
    body = json.loads(blocked(notice))
    assert body["action"] == "BLOCKED"
    assert body["blocked_reason"] == "不行。 No. Case LC-1: https://x/LC-1"
    assert body["licet"]["rule"] == "op.1"


def test_nothing_is_rewritten() -> None:
    assert json.loads(passed()) == {"action": "NONE"}
    assert json.loads(passed([0, 4])) == {"action": "NONE", "stream_holdback_chars": [0, 4]}
