"""OpenAI's chat completions as the official client must see them: see kit.conformance."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.clients import (
    LONG,
    MODEL,
    PUZZLE,
    RECIPE,
    WALK,
    WEATHER,
    ask,
    call_of,
    finishes,
    function,
    joined,
    openai_async,
    openai_client,
    valid,
    wanted,
)


def chat_whole(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        reply = valid(client.chat.completions.create(model=MODEL, messages=ask(WALK)))
    (choice,) = reply.choices
    assert reply.object == "chat.completion"
    assert choice.message.role == "assistant"
    assert choice.message.content == WALK.text
    assert choice.finish_reason == "stop"
    assert choice.message.tool_calls is None
    usage = reply.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0


def chat_stream(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        stream = client.chat.completions.create(model=MODEL, messages=ask(RECIPE), stream=True)
        chunks = [valid(chunk) for chunk in stream]
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert not any(chunk.usage for chunk in chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert joined(chunks) == {0: RECIPE.text}
    assert finishes(chunks) == {0: ["stop"]}


def chat_stream_ends_with_usage(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        stream = client.chat.completions.create(
            model=MODEL,
            messages=ask(WALK),
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [valid(chunk) for chunk in stream]
    assert joined(chunks) == {0: WALK.text}
    assert chunks[-1].choices == []
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0
    assert not any(chunk.usage for chunk in chunks[:-1])


def chat_choices(base_url: str, api_key: str) -> None:
    messages: Any = [{"role": "user", "content": f"answer:{WALK.id} answer:{RECIPE.id}"}]
    with openai_client(base_url, api_key) as client:
        whole = valid(client.chat.completions.create(model=MODEL, messages=messages, n=3))
        chunks = list(
            client.chat.completions.create(model=MODEL, messages=messages, n=3, stream=True)
        )
    expected = {0: WALK.text, 1: RECIPE.text, 2: WALK.text}
    assert {choice.index: choice.message.content for choice in whole.choices} == expected
    assert joined(chunks) == expected
    assert finishes(chunks) == {0: ["stop"], 1: ["stop"], 2: ["stop"]}


def chat_tools(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        reply = client.chat.completions.create(
            model=MODEL, messages=ask(WEATHER), tools=[function("get_weather")]
        )
        (choice,) = valid(reply).choices
        assert choice.finish_reason == "tool_calls"
        assert choice.message.content == WEATHER.preface
        calls = choice.message.tool_calls or []
        assert [call_of(call.function) for call in calls] == wanted(WEATHER)
        assert len({call.id for call in calls}) == len(calls)
        results = [{"role": "tool", "tool_call_id": c.id, "content": "17 °C"} for c in calls]
        again = client.chat.completions.create(
            model=MODEL,
            messages=[*ask(WEATHER), choice.message.model_dump(exclude_none=True), *results],
            tools=[function("get_weather")],
        )
    assert again.choices[0].message.content == WEATHER.text
    assert again.choices[0].finish_reason == "stop"


def chat_tools_stream(base_url: str, api_key: str) -> None:
    with (
        openai_client(base_url, api_key) as client,
        client.chat.completions.stream(
            model=MODEL, messages=ask(WEATHER), tools=[function("get_weather")]
        ) as stream,
    ):
        for _ in stream:
            pass
        (choice,) = stream.get_final_completion().choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == WEATHER.preface
    calls = choice.message.tool_calls or []
    assert [call_of(call.function) for call in calls] == wanted(WEATHER)


def chat_tools_not_offered(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        for extra in ({}, {"tools": [function("get_weather")], "tool_choice": "none"}):
            reply = client.chat.completions.create(model=MODEL, messages=ask(WEATHER), **extra)
            assert reply.choices[0].message.content == WEATHER.text
            assert reply.choices[0].finish_reason == "stop"


def chat_reasoning(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        reply = client.chat.completions.create(
            model=MODEL, messages=ask(PUZZLE), reasoning_effort="low"
        )
        chunks = list(
            client.chat.completions.create(
                model=MODEL, messages=ask(PUZZLE), reasoning_effort="low", stream=True
            )
        )
        silent = client.chat.completions.create(model=MODEL, messages=ask(PUZZLE))
    extra = reply.choices[0].message.model_extra or {}
    assert extra["reasoning_content"] == PUZZLE.reasoning
    assert joined(chunks, "reasoning_content") == {0: PUZZLE.reasoning}
    assert joined(chunks) == {0: PUZZLE.text}
    assert "reasoning_content" not in (silent.choices[0].message.model_extra or {})


def chat_logprobs(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        reply = valid(
            client.chat.completions.create(
                model=MODEL, messages=ask(RECIPE), logprobs=True, top_logprobs=2
            )
        )
        chunks = list(
            client.chat.completions.create(
                model=MODEL, messages=ask(RECIPE), logprobs=True, top_logprobs=2, stream=True
            )
        )
    shown = reply.choices[0].logprobs.content
    streamed = [
        entry
        for chunk in chunks
        for choice in chunk.choices
        if choice.logprobs is not None
        for entry in choice.logprobs.content or []
    ]
    for entries in (shown, streamed):
        assert "".join(entry.token for entry in entries) == RECIPE.text
        assert all(bytes(entry.bytes).decode() == entry.token for entry in entries)
        assert all(len(entry.top_logprobs) == 2 for entry in entries)


def chat_limits(base_url: str, api_key: str) -> None:
    with openai_client(base_url, api_key) as client:
        short = client.chat.completions.create(
            model=MODEL, messages=ask(WALK), max_completion_tokens=7
        )
        stopped = client.chat.completions.create(model=MODEL, messages=ask(WALK), stop=["station"])
    assert short.choices[0].finish_reason == "length"
    assert WALK.text.startswith(short.choices[0].message.content or "-")
    assert short.usage is not None
    assert short.usage.completion_tokens == 7
    assert stopped.choices[0].finish_reason == "stop"
    assert stopped.choices[0].message.content == WALK.text.split("station")[0]


def chat_parts(base_url: str, api_key: str) -> None:
    parts = [{"type": "text", "text": "Please:"}, {"type": "text", "text": f"answer:{WALK.id}"}]
    messages: Any = [{"role": "user", "content": parts}]
    with openai_client(base_url, api_key) as client:
        reply = client.chat.completions.create(model=MODEL, messages=messages)
    assert reply.choices[0].message.content == WALK.text


def chat_async(base_url: str, api_key: str) -> None:
    async def go() -> None:
        async with openai_async(base_url, api_key) as client:
            reply, stream = await asyncio.gather(
                client.chat.completions.create(model=MODEL, messages=ask(WALK)),
                client.chat.completions.create(model=MODEL, messages=ask(LONG), stream=True),
            )
            assert valid(reply).choices[0].message.content == WALK.text
            assert joined([chunk async for chunk in stream]) == {0: LONG.text}

    asyncio.run(go())


CHECKS = (
    chat_whole,
    chat_stream,
    chat_stream_ends_with_usage,
    chat_choices,
    chat_tools,
    chat_tools_stream,
    chat_tools_not_offered,
    chat_reasoning,
    chat_logprobs,
    chat_limits,
    chat_parts,
    chat_async,
)
