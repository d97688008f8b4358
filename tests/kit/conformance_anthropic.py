"""Anthropic's messages as the official client must see them: see kit.conformance."""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic

from kit.clients import (
    LONG,
    MODEL,
    PUZZLE,
    RECIPE,
    WALK,
    WEATHER,
    anthropic_async,
    anthropic_client,
    ask_anthropic,
    raised,
    valid,
    wanted,
)


def messages_whole(base_url: str, api_key: str) -> None:
    with anthropic_client(base_url, api_key) as client:
        reply = valid(
            client.messages.create(
                model=MODEL,
                max_tokens=4096,
                system="Answer in prose.",
                messages=ask_anthropic(WALK),
            )
        )
        short = client.messages.create(model=MODEL, max_tokens=5, messages=ask_anthropic(WALK))
        stopped = client.messages.create(
            model=MODEL,
            max_tokens=4096,
            messages=ask_anthropic(WALK),
            stop_sequences=["station"],
        )
    assert [block.type for block in reply.content] == ["text"]
    assert reply.content[0].text == WALK.text
    assert (reply.role, reply.stop_reason) == ("assistant", "end_turn")
    assert reply.usage.output_tokens > 0
    assert short.stop_reason == "max_tokens"
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "station")


def messages_stream(base_url: str, api_key: str) -> None:
    with anthropic_client(base_url, api_key) as client:
        raw = client.messages.create(
            model=MODEL, max_tokens=4096, messages=ask_anthropic(RECIPE), stream=True
        )
        kinds = [valid(event).type for event in raw]
        with client.messages.stream(
            model=MODEL, max_tokens=4096, messages=ask_anthropic(RECIPE)
        ) as stream:
            text = "".join(stream.text_stream)
            final = valid(stream.get_final_message())
    assert (kinds[0], kinds[-2], kinds[-1]) == ("message_start", "message_delta", "message_stop")
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 1
    assert text == RECIPE.text
    assert final.content[0].text == RECIPE.text
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens > 1


def messages_tools(base_url: str, api_key: str) -> None:
    tools: Any = [{"name": "get_weather", "input_schema": {"type": "object"}}]
    with anthropic_client(base_url, api_key) as client:
        reply = client.messages.create(
            model=MODEL, max_tokens=4096, messages=ask_anthropic(WEATHER), tools=tools
        )
        with client.messages.stream(
            model=MODEL, max_tokens=4096, messages=ask_anthropic(WEATHER), tools=tools
        ) as stream:
            final = stream.get_final_message()
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "17 °C"}
            for block in reply.content
            if block.type == "tool_use"
        ]
        turns: Any = [
            *ask_anthropic(WEATHER),
            {"role": "assistant", "content": reply.model_dump(exclude_none=True)["content"]},
            {"role": "user", "content": results},
        ]
        again = client.messages.create(model=MODEL, max_tokens=4096, messages=turns, tools=tools)
    for message in (reply, final):
        assert valid(message).stop_reason == "tool_use"
        assert [block.type for block in message.content] == ["text", "tool_use", "tool_use"]
        calls = [(b.name, b.input) for b in message.content if b.type == "tool_use"]
        assert calls == wanted(WEATHER)
    assert again.content[0].text == WEATHER.text


def messages_thinking(base_url: str, api_key: str) -> None:
    with anthropic_client(base_url, api_key) as client:
        options: Any = {
            "model": MODEL,
            "max_tokens": 4096,
            "messages": ask_anthropic(PUZZLE),
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        }
        reply = client.messages.create(**options)
        with client.messages.stream(**options) as stream:
            final = stream.get_final_message()
    for message in (reply, final):
        thinking, text = valid(message).content
        assert (thinking.type, thinking.thinking) == ("thinking", PUZZLE.reasoning)
        assert thinking.signature
        assert (text.type, text.text) == ("text", PUZZLE.text)


def messages_async(base_url: str, api_key: str) -> None:
    async def go() -> None:
        async with anthropic_async(base_url, api_key) as client:
            reply = await client.messages.create(
                model=MODEL, max_tokens=4096, messages=ask_anthropic(WALK)
            )
            assert reply.content[0].text == WALK.text
            async with client.messages.stream(
                model=MODEL, max_tokens=9999, messages=ask_anthropic(LONG)
            ) as stream:
                assert "".join([text async for text in stream.text_stream]) == LONG.text

    asyncio.run(go())


def messages_errors(base_url: str, api_key: str) -> None:
    with anthropic_client(base_url, api_key) as client:
        error = raised(
            anthropic.BadRequestError,
            lambda: client.messages.create(model=MODEL, max_tokens=9, messages=[]),
        )
    assert error.body["type"] == "error"
    assert error.body["error"]["type"] == "invalid_request_error"


CHECKS = (
    messages_whole,
    messages_stream,
    messages_tools,
    messages_thinking,
    messages_async,
    messages_errors,
)
