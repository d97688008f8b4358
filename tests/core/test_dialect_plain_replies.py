"""Plain answers are read the fast way, and nothing in them is overlooked for it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from licet.gateway.dialects.chat_reply import plain_slots
from licet.gateway.dialects.chat_texts import CHAT, find_choices
from licet.gateway.dialects.json_texts import Slot

PLAIN = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "a", "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
}
TEXT = st.sampled_from(["", "a", "a b", "stop", "assistant"])
ODD = st.one_of(st.none(), TEXT, st.integers(-1, 2), st.lists(TEXT, max_size=1))
MESSAGE = st.fixed_dictionaries(
    {"role": st.just("assistant") | ODD, "content": TEXT | ODD},
    optional={"refusal": ODD, "annotations": ODD, "reasoning_content": TEXT, "a b": TEXT},
)
CHOICE = st.fixed_dictionaries(
    {"message": MESSAGE | ODD},
    optional={"index": st.integers(0, 2) | ODD, "finish_reason": ODD, "logprobs": ODD, "x": TEXT},
)
ANSWER = st.fixed_dictionaries(
    {"choices": st.lists(CHOICE | ODD, max_size=2)},
    optional={
        "id": ODD,
        "model": ODD,
        "created": ODD,
        "usage": ODD,
        "service_tier": ODD,
        "y": ODD,
    },
)


@given(ANSWER)
def test_the_fast_way_finds_what_the_full_way_finds(value: dict[str, Any]) -> None:
    plain = plain_slots(value)
    if plain is not None:
        full: list[Slot] = []
        apart: list[Slot] = []
        find_choices(CHAT, value, full, apart)
        assert (plain, []) == (full, apart)


def test_a_plain_answer_goes_the_fast_way() -> None:
    assert plain_slots(PLAIN) is not None
