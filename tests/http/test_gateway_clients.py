"""The official clients before the gateway: nothing changes for them but that unlawful text ends.

Every check that the built-in upstream passes by itself must pass through the gateway too; and
where an answer is stopped, each client must see what it is made to see, with the case readable.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from kit.bundles import RULES
from kit.clients import (
    ANSWERS,
    MODEL,
    anthropic_async,
    anthropic_client,
    ask,
    ask_anthropic,
    finishes,
    joined,
    openai_async,
    openai_client,
    raised,
)
from kit.conformance import CHECKS, Check
from kit.gateway import Served, running_gateway
from licet.base.ids import case_mark
from licet.ledger.entry import parse_entry

CALL = ANSWERS["en-bank-call"]
UNLAWFUL = sorted(answer.id for answer in ANSWERS.values() if answer.unlawful)
REFUSED: Any = [{"role": "user", "content": "Tell me of the purple walrus."}]
_CASE = re.compile(r"LC-[0-9]{8}-[0-9A-Z]{8,}")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_gateway(tmp_path_factory.mktemp("home"), rules=RULES) as served:
        yield served


def notice_of(value: Any) -> dict[str, Any]:
    """The `licet` object that a client's own model holds; checked for what a person needs."""
    licet = (value.model_extra or {})["licet"]
    assert _CASE.fullmatch(licet["case"])
    assert licet["appeal"].endswith(licet["case"])
    assert licet["category"]
    assert licet["rule"]
    assert licet["reason"]["zh"]
    assert licet["reason"]["en"]
    return licet


def test_all_checks_are_run() -> None:
    assert len(CHECKS) >= 27


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_official_client_sees_no_gateway(check: Check, served: Served) -> None:
    check(served.url, served.key)


@pytest.mark.parametrize("name", UNLAWFUL)
def test_a_chat_ends_where_its_text_turns_unlawful(name: str, served: Served) -> None:
    answer = ANSWERS[name]
    with openai_client(served.url, served.key) as client:
        asked: Any = {"model": MODEL, "messages": ask(answer), "reasoning_effort": "low"}
        whole = client.chat.completions.create(**asked)
        chunks = list(client.chat.completions.create(**asked, stream=True))
    assert whole.choices[0].finish_reason == "content_filter"
    assert finishes(chunks) == {0: ["content_filter"]}
    notice_of(whole)
    notice_of(chunks[-1])
    for text in (whole.choices[0].message.content or "", joined(chunks).get(0, "")):
        assert answer.text.startswith(text)
    thought = joined(chunks, "reasoning_content").get(0, "")
    assert len(thought) < len(answer.reasoning) or len(text) < len(answer.text)


def test_a_completion_ends_with_content_filter(served: Served) -> None:
    prompt = f"answer:{CALL.id}"
    with openai_client(served.url, served.key) as client:
        whole = client.completions.create(model=MODEL, prompt=prompt)
        chunks = list(client.completions.create(model=MODEL, prompt=prompt, stream=True))
    assert whole.choices[0].finish_reason == "content_filter"
    assert chunks[-1].choices[0].finish_reason == "content_filter"
    notice_of(whole)
    notice_of(chunks[-1])
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text


def test_a_response_is_incomplete(served: Served) -> None:
    prompt = f"answer:{CALL.id}"
    with openai_client(served.url, served.key) as client:
        whole = client.responses.create(model=MODEL, input=prompt)
        with client.responses.stream(model=MODEL, input=prompt) as stream:
            last = list(stream)[-1]
    assert last.type == "response.incomplete"
    for response in (whole, last.response):
        assert response.status == "incomplete"
        assert response.incomplete_details.reason == "content_filter"
        assert CALL.text.startswith(response.output_text)
        notice_of(response)


def test_a_message_ends_as_a_refusal(served: Served) -> None:
    asked: Any = {"model": MODEL, "max_tokens": 4096, "messages": ask_anthropic(CALL)}
    with anthropic_client(served.url, served.key) as client:
        whole = client.messages.create(**asked)
        raw = list(client.messages.create(**asked, stream=True))
        with client.messages.stream(**asked) as stream:
            final = stream.get_final_message()
    assert whole.stop_reason == final.stop_reason == "refusal"
    assert [event.type for event in raw[-2:]] == ["message_delta", "message_stop"]
    notice_of(whole)
    notice_of(raw[-2])
    assert whole.content[0].text == final.content[0].text
    assert CALL.text.startswith(whole.content[0].text)


def test_async_clients_see_the_same_ends(served: Served) -> None:
    async def go() -> None:
        async with openai_async(served.url, served.key) as gpt:
            stream = await gpt.chat.completions.create(
                model=MODEL, messages=ask(CALL), stream=True
            )
            chunks = [chunk async for chunk in stream]
            assert finishes(chunks) == {0: ["content_filter"]}
            notice_of(chunks[-1])
        async with anthropic_async(served.url, served.key) as claude:
            async with claude.messages.stream(
                model=MODEL, max_tokens=4096, messages=ask_anthropic(CALL)
            ) as events:
                final = await events.get_final_message()
            assert final.stop_reason == "refusal"

    asyncio.run(go())


@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_prompt_is_a_bad_request_with_its_case(stream: bool, served: Served) -> None:
    with openai_client(served.url, served.key) as client:
        error = raised(
            openai.BadRequestError,
            lambda: client.chat.completions.create(model=MODEL, messages=REFUSED, stream=stream),
        )
    assert error.code == "content_filter"
    assert error.param == "messages[0].content"
    assert _CASE.search(error.message)
    with anthropic_client(served.url, served.key) as claude:
        refusal = raised(
            anthropic.BadRequestError,
            lambda: claude.messages.create(
                model=MODEL, max_tokens=9, messages=REFUSED, stream=stream
            ),
        )
    assert refusal.body["type"] == "error"
    assert _CASE.search(refusal.body["error"]["message"])
    assert "licet" in str(refusal.body)


def test_other_routes_refuse_prompts_too(served: Served) -> None:
    text = REFUSED[0]["content"]
    with openai_client(served.url, served.key) as client:
        for call in (
            lambda: client.completions.create(model=MODEL, prompt=text),
            lambda: client.responses.create(model=MODEL, input=text),
            lambda: client.responses.create(model=MODEL, input="hi", instructions=text),
            lambda: client.embeddings.create(model=MODEL, input=[text]),
        ):
            assert raised(openai.BadRequestError, call).code == "content_filter"
        flagged = client.moderations.create(input=["a green otter", text])
    assert [result.flagged for result in flagged.results] == [False, True]


def test_every_case_that_a_client_was_given_is_on_record(served: Served) -> None:
    with openai_client(served.url, served.key) as client:
        whole = client.chat.completions.create(model=MODEL, messages=ask(CALL))
    case = notice_of(whole)["case"]
    log = served.gateway.log
    entries = [parse_entry(body) for body in served.call(lambda: log.entries(0, log.size))]
    recorded = {entry.pub["case"] for entry in entries if "case" in entry.pub}
    assert case_mark(case) in recorded, "the record holds the mark of the number, not the number"
    assert served.gateway.parts.cases.find(case).rule == notice_of(whole)["rule"]
