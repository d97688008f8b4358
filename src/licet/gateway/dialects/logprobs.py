"""What a model might have said: the strings in `logprobs` beside the tokens that it did say.

It refuses to know APIs and where logprobs stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from licet.gateway.dialects.json_texts import Slot

_TOKEN_MEMBERS = frozenset(
    """content refusal token logprob bytes top_logprobs tokens token_logprobs
    text_offset""".split()  # noqa: SIM905
)


def alternatives(logprobs: Any, said: Sequence[str], channel: str) -> list[Slot]:
    """Every other string under `logprobs`, value or name, each apart: for literal rules. The slots
    stand in a list of their own, for logprobs are never cut: they go with their text."""
    words: dict[str, None] = {}
    _collect(logprobs, words)
    known = set(said)
    others = [word for word in words if word not in known]
    return [Slot(others, at, channel, by_meaning=False) for at in range(len(others))]


def _collect(value: Any, words: dict[str, None]) -> None:
    """Every string under `value`, and every name that is not of the form of logprobs."""
    if type(value) is str:
        if value:
            words[value] = None
    elif type(value) is list:
        for item in value:
            _collect(item, words)
    elif type(value) is dict:
        for name, item in value.items():
            if name not in _TOKEN_MEMBERS:
                words[name] = None
            _collect(item, words)
