"""Questions as LiteLLM puts them to a guardrail, in the shape that its version 1.108.7 sent when
it ran beside our gateway; texts and ids are made up.
"""

from __future__ import annotations

from typing import Any

PATH = "/beta/litellm_basic_guardrail_api"


def question(input_type: str, *texts: str, **more: Any) -> dict[str, Any]:
    """A question with every member that LiteLLM sends."""
    return {
        "input_type": input_type,
        "litellm_call_id": "0a5c1c3e-7a57-4c2e-9d9c-0f4f7a6f2b11",
        "litellm_trace_id": "5f0e0e5b-4f0a-4e6c-8d0b-6a1d8d1f6a10",
        "structured_messages": None,
        "images": None,
        "tools": None,
        "texts": list(texts),
        "request_data": {
            "user_api_key_hash": "88dc28d0f030c55e" * 4,
            "user_api_key_user_id": "default_user_id",
            "user_api_key_end_user_id": "end-user-7",
        },
        "request_headers": {"content-type": "application/json", "authorization": "[present]"},
        "litellm_version": "1.108.7",
        "additional_provider_specific_params": {},
        "tool_calls": None,
        "model": "mock",
    } | more


def conversation(*turns: tuple[str, str]) -> dict[str, Any]:
    """What it asks before a chat goes out: the texts, and who wrote them."""
    messages = [{"role": role, "content": content} for role, content in turns]
    return question("request", *(content for _, content in turns), structured_messages=messages)


def tool_call(name: str, arguments: str) -> dict[str, Any]:
    """One call of a tool, as a model writes it."""
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
