"""What is asked of the model and what it therefore says, whatever the dialect. Pure.

Rules
1. Tools are called only if the answer's tool is offered, and not again once it has answered.
2. The limit on tokens covers reasoning, text and arguments together, in that order.
3. A stop sequence is never said, nor anything after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import msgspec

from licet.base.trouble import BadInput
from licet.gateway.replay.answer import Answer, ToolCall
from licet.gateway.replay.tokens import split_tokens

CHOICES_MAX = 16

Finish = Literal["stop", "stop_sequence", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, dialect put aside. `tools` are the names that may be called."""

    model: str
    message: str
    prompt_tokens: int
    stream: bool = False
    choices: int = 1
    tools: frozenset[str] = frozenset()
    calls_max: int = 8
    reasoning: bool = False
    tokens_max: int | None = None
    stops: tuple[str, ...] = ()
    usage: bool = False
    logprobs: int | None = None
    """None: not asked for; else how many alternatives to show beside each token."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one choice says, in tokens. `calls` pairs each tool call with its arguments' tokens."""

    reasoning: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    calls: tuple[tuple[ToolCall, tuple[str, ...]], ...] = ()
    finish: Finish = "stop"
    stop: str | None = None

    @property
    def tokens(self) -> int:
        return len(self.reasoning) + len(self.text) + sum(len(args) for _, args in self.calls)


class Step(NamedTuple):
    """Bytes to send next, and how many tokens the model had to generate for them."""

    data: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Stamp:
    """The ids and the time that a reply carries; `make_id(prefix)` draws a new one."""

    created_s: int
    make_id: Callable[[str], str]


def perform(answer: Answer, ask: Ask) -> Said:
    """What a model that has `answer` in mind says to `ask`."""
    calls = [call for call in answer.tool_calls if call.name in ask.tools][: ask.calls_max]
    text, stop = _cut(answer.preface if calls else answer.text, ask.stops)
    if stop is not None:
        calls = []
    left = _Allowance(ask.tokens_max)
    reasoning = left.take(split_tokens(answer.reasoning) if ask.reasoning else ())
    said = left.take(split_tokens(text))
    called = []
    for call in calls:
        if left.spent_out:
            break
        called.append((call, left.take(split_tokens(call.arguments))))
    finish: Finish = "tool_calls" if calls else "stop" if stop is None else "stop_sequence"
    if left.refused:
        finish, stop = "length", None
    return Said(reasoning, said, tuple(called), finish, stop)


def sse(data: Any, event: str = "") -> bytes:
    """One server-sent event holding `data` as JSON (WHATWG HTML, 9.2)."""
    head = f"event: {event}\n".encode() if event else b""
    return b"%sdata: %s\n\n" % (head, msgspec.json.encode(data))


def interleave(streams: Iterable[Iterator[Step]]) -> Iterator[Step]:
    """The steps of several choices in turn, as a model that generates them side by side."""
    waiting = list(streams)
    while waiting:
        still = []
        for steps in waiting:
            step = next(steps, None)
            if step is not None:
                yield step
                still.append(steps)
        waiting = still


class _Allowance:
    """The tokens that may still be said."""

    def __init__(self, tokens_max: int | None) -> None:
        self._left = tokens_max
        self.refused = False

    @property
    def spent_out(self) -> bool:
        if self._left == 0:
            self.refused = True
        return self._left == 0

    def take(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        if self._left is None:
            return tokens
        given = tokens[: self._left]
        self._left -= len(given)
        self.refused |= len(given) < len(tokens)
        return given


def _cut(text: str, stops: tuple[str, ...]) -> tuple[str, str | None]:
    found = [(text.find(stop), stop) for stop in stops if stop and stop in text]
    if not found:
        return text, None
    at, stop = min(found)
    return text[:at], stop


def check_choices(number: int) -> int:
    """`number`, if it is 1 to 16. Raises BadInput."""
    if not 1 <= number <= CHOICES_MAX:
        raise BadInput(f"n is {number}", hint=f"Ask for 1 to {CHOICES_MAX} choices.")
    return number
