"""OpenAI's other routes as the official client must see them: see kit.conformance."""

from __future__ import annotations

import asyncio
from typing import Any

import openai

from kit.clients import (
    LONG,
    MODEL,
    PUZZLE,
    RECIPE,
    TRAIN,
    WALK,
    ask,
    call_of,
    deltas,
    dot,
    openai_async,
    openai_client,
    raised,
    valid,
    wanted,
)


def completions(base_url: str, api_key: str) -> None:
    prompt = f"answer:{WALK.id}"
    with openai_client(base_url, api_key) as client:
        reply = valid(client.completions.create(model=MODEL, prompt=prompt, logprobs=1))
        chunks = list(client.completions.create(model=MODEL, prompt=prompt, stream=True))
        two = client.completions.create(model=MODEL, prompt=[prompt, f"answer:{RECIPE.id}"])
    assert reply.choices[0].text == WALK.text
    assert reply.choices[0].finish_reason == "stop"
    assert "".join(reply.choices[0].logprobs.tokens) == WALK.text
    assert "".join(c.text for chunk in chunks for c in chunk.choices) == WALK.text
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert [choice.text for choice in two.choices] == [WALK.text, RECIPE.text]


def responses_whole(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        reply = valid(client.responses.create(model=MODEL, input=f"answer:{WALK.id}"))
        listed = client.responses.create(model=MODEL, input=ask(RECIPE), max_output_tokens=5)
    assert reply.status == "completed"
    assert reply.output_text == WALK.text
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
    assert listed.status == "incomplete"
    assert listed.incomplete_details is not None
    assert listed.incomplete_details.reason == "max_output_tokens"
    assert RECIPE.text.startswith(listed.output_text)


def responses_stream(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        stream = client.responses.create(model=MODEL, input=f"answer:{WALK.id}", stream=True)
        events = [valid(event) for event in stream]
    kinds = [event.type for event in events]
    assert [kind for i, kind in enumerate(kinds) if kinds[i - 1] != kind] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(deltas(events, "response.output_text.delta")) == WALK.text
    assert next(e for e in events if e.type == "response.output_text.done").text == WALK.text
    assert events[-1].response.output_text == WALK.text


def responses_tools(base_url: str, api_key: str) -> None:
    tools: Any = [{"type": "function", "name": "search_trains", "parameters": {"type": "object"}}]
    with openai_client(base_url, api_key) as client:
        reply = valid(
            client.responses.create(model=MODEL, input=f"answer:{TRAIN.id}", tools=tools)
        )
        with client.responses.stream(
            model=MODEL, input=f"answer:{TRAIN.id}", tools=tools
        ) as stream:
            events = list(stream)
            final = stream.get_final_response()
    for whole in (reply, final):
        calls = [item for item in whole.output if item.type == "function_call"]
        assert [call_of(call) for call in calls] == wanted(TRAIN)
    streamed = "".join(deltas(events, "response.function_call_arguments.delta"))
    assert streamed == TRAIN.tool_calls[0].arguments


def responses_reasoning(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        events = list(
            client.responses.create(
                model=MODEL,
                input=f"answer:{PUZZLE.id}",
                reasoning={"effort": "low", "summary": "auto"},
                stream=True,
            )
        )
    summary = "".join(deltas(events, "response.reasoning_summary_text.delta"))
    assert summary == PUZZLE.reasoning
    response = events[-1].response
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert response.output_text == PUZZLE.text


def responses_async(base_url: str, api_key: str) -> None:
    async def go() -> None:
        async with (
            openai_async(base_url, api_key) as client,
            client.responses.stream(model=MODEL, input=f"answer:{LONG.id}") as stream,
        ):
            async for _ in stream:
                pass
            assert (await stream.get_final_response()).output_text == LONG.text

    asyncio.run(go())


def embeddings(base_url: str, api_key: str) -> None:
    texts = ["a walk by the river", "a walk along the river", "铁路与火车票"]
    with openai_client(base_url, api_key) as client:
        packed = client.embeddings.create(model=MODEL, input=texts, dimensions=256)
        floats = client.embeddings.create(
            model=MODEL, input=texts, dimensions=256, encoding_format="float"
        )
    first, near, far = (entry.embedding for entry in valid(floats).data)
    for a, b in zip(packed.data, floats.data, strict=True):
        assert max(abs(x - y) for x, y in zip(a.embedding, b.embedding, strict=True)) < 1e-6
    assert len(first) == 256
    assert abs(dot(first, first) - 1.0) < 1e-6
    assert dot(first, near) > dot(first, far)


def models(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        listed = [valid(model) for model in client.models.list()]
    assert MODEL in {model.id for model in listed}


def errors(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        for call in (
            lambda: client.chat.completions.create(model=MODEL, messages=[]),
            lambda: client.responses.create(model=MODEL, input=[]),
        ):
            error = raised(openai.BadRequestError, call)
            assert error.status_code == 400
            assert isinstance(error.body, dict)
            assert error.body["message"]


CHECKS = (
    completions,
    responses_whole,
    responses_stream,
    responses_tools,
    responses_reasoning,
    responses_async,
    embeddings,
    models,
    errors,
)
