"""Generated text that says so: at its start, at its end, or in a header for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import msgspec
import openai
import pytest

from kit.clients import ANSWERS, MODEL, ask, ask_anthropic
from kit.gateway import Served, running_gateway
from kit.labels import RULES as LABELS
from licet.gateway.dialects.marking import TextMark
from licet.gateway.dialects.registry import DIALECTS
from licet.labels.marks.text import is_marked

WALK, CALL = ANSWERS["en-river-walk"], ANSWERS["en-bank-call"]
WORDS = "[AI-generated]"
MARK = {"start": f"{WORDS}\n", "end": f"\n{WORDS}"}


@pytest.fixture(scope="module", params=["start", "end"])
def served(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    more = f'[labels]\ntext = "{request.param}"\nlanguage = "en"\n'
    with running_gateway(tmp_path_factory.mktemp("home"), more=more) as served:
        served.notes.append(request.param)
        yield served


@pytest.fixture
def gpt(served: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client:
        yield client


def marked(served: Served, text: str, place: str = "") -> str:
    place = place or served.notes[0]
    return MARK["start"] + text if place == "start" else text + MARK["end"]


def test_a_chat_is_marked_once_streamed_or_not(gpt: openai.OpenAI, served: Served) -> None:
    asked: Any = {"model": MODEL, "messages": ask(WALK)}
    whole = gpt.chat.completions.create(**asked).choices[0].message.content
    chunks = gpt.chat.completions.create(**asked, stream=True, n=2)
    texts = {0: "", 1: ""}
    for chunk in chunks:
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert whole == texts[0] == marked(served, WALK.text)
    assert is_marked(texts[1], LABELS)


def test_a_completion_is(gpt: openai.OpenAI, served: Served) -> None:
    asked: Any = {"model": MODEL, "prompt": f"answer:{WALK.id}"}
    whole = gpt.completions.create(**asked).choices[0].text
    streamed = "".join(
        choice.text for chunk in gpt.completions.create(**asked, stream=True)
        for choice in chunk.choices
    )  # fmt: skip
    assert whole == streamed == marked(served, WALK.text)


def test_a_response_is_at_its_start(gpt: openai.OpenAI, served: Served) -> None:
    asked: Any = {"model": MODEL, "input": f"answer:{WALK.id}"}
    whole = gpt.responses.create(**asked)
    with gpt.responses.stream(**asked) as stream:
        events = list(stream)
        final = stream.get_final_response()
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    (done,) = (event.text for event in events if event.type == "response.output_text.done")
    wanted = marked(served, WALK.text, "start")
    assert whole.output_text == said == done == final.output_text == wanted


def test_a_message_is(served: Served) -> None:
    asked: Any = {"model": MODEL, "max_tokens": 4096, "messages": ask_anthropic(WALK)}
    with anthropic.Anthropic(base_url=served.root, api_key=served.key, max_retries=0) as claude:
        whole = claude.messages.create(**asked)
        with claude.messages.stream(**asked) as stream:
            final = stream.get_final_message()
    texts = ["".join(b.text for b in m.content if b.type == "text") for m in (whole, final)]
    assert texts[0] == texts[1] == marked(served, WALK.text)


def test_a_halted_answer_is_marked_too(gpt: openai.OpenAI) -> None:
    asked: Any = {"model": MODEL, "messages": ask(CALL)}
    whole = gpt.chat.completions.create(**asked)
    assert whole.choices[0].finish_reason == "content_filter"
    assert is_marked(whole.choices[0].message.content or "", LABELS)
    chunks = list(gpt.chat.completions.create(**asked, stream=True))
    text = "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)
    assert chunks[-1].choices[0].finish_reason == "content_filter"
    assert is_marked(text, LABELS)
    assert "licet" in (chunks[-1].model_extra or {})


def test_json_bears_its_mark_in_the_header_alone(gpt: openai.OpenAI) -> None:
    made = gpt.chat.completions.with_raw_response.create(
        model=MODEL, messages=ask(WALK), response_format={"type": "json_object"}
    )
    assert made.parse().choices[0].message.content == WALK.text
    assert made.headers["licet-label"].startswith('generated;zh=%"%e6%9c%ac')


def test_an_interface_is_told_and_the_text_left_alone(tmp_path: Path) -> None:
    more = '[labels]\ntext = "interface"\n'
    with (
        running_gateway(tmp_path, more=more) as served,
        openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client,
    ):
        made = client.chat.completions.with_raw_response.create(model=MODEL, messages=ask(WALK))
    assert made.parse().choices[0].message.content == WALK.text
    assert (
        'en=%"this%20content%20was%20generated%20by%20ai"' in made.headers["licet-label"].lower()
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"choices": 1}', b'{"choices": [{}]}'])
@pytest.mark.parametrize("dialect", ["chat", "messages", "responses", "embeddings"])
def test_what_cannot_be_read_is_left_to_whoever_reads_it(dialect: str, body: bytes) -> None:
    chat = msgspec.json.encode({"model": "m", "messages": [{"role": "user", "content": "a"}]})
    asked = DIALECTS["chat"].parse(chat, json_depth_max=64)
    assert TextMark(WORDS, "start").whole(dialect, asked, body) == body
