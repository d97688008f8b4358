"""Answers of OpenAI-compatible servers: what was said, and how sure the model was of a word.

It refuses to know what the words mean.

Source: OpenAI API reference, "Chat completions" and "Completions (legacy)"; vLLM and SGLang serve
both in this form.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

TOP_LOGPROBS = 5
"""Candidates that are asked for: as many as every server gives. A word beyond them has next to no
probability."""


class _Candidate(msgspec.Struct):
    token: str
    logprob: float


class _Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[_Candidate] = []


class _TokenLine(msgspec.Struct):
    content: list[_Token] | None = None


class _Message(msgspec.Struct):
    content: str | None = None


class _ChatChoice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: _TokenLine | None = None


class _ChatAnswer(msgspec.Struct):
    choices: tuple[_ChatChoice]


class _OldLogprobs(msgspec.Struct):
    top_logprobs: list[dict[str, float] | None] | None = None


class _OldChoice(msgspec.Struct):
    index: int
    text: str
    logprobs: _OldLogprobs | None = None


class _OldAnswer(msgspec.Struct):
    choices: list[_OldChoice]


_chat = msgspec.json.Decoder(_ChatAnswer).decode
_old = msgspec.json.Decoder(_OldAnswer).decode
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)  # ValueError: not UTF-8


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said, and for each token of it the candidates with their log-probabilities;
    no tokens where the server gave none."""

    text: str
    tokens: tuple[tuple[str, Mapping[str, float]], ...] = ()


def chat_request(
    model: str, messages: list[dict[str, Any]], *, tokens_max: int, logprobs: bool = True,
    **more: Any,
) -> bytes:  # fmt: skip
    """A body for `/chat/completions`; the likeliest words are asked for, always the same."""
    body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": tokens_max}
    if logprobs:
        body |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
    return msgspec.json.encode(body | more)


def read_chat(body: bytes) -> Said | None:
    """The one whole answer that a body holds; None where there is none, or it was cut short."""
    try:
        (choice,) = _chat(body).choices
    except _UNREADABLE:
        return None
    if choice.message.content is None or choice.finish_reason not in (None, "stop"):
        return None
    line = (choice.logprobs.content if choice.logprobs is not None else None) or []
    tokens = tuple(
        (token.token, {one.token: one.logprob for one in token.top_logprobs}
         or {token.token: token.logprob})
        for token in line
    )  # fmt: skip
    return Said(choice.message.content, tokens)


def read_completions(body: bytes, count: int) -> list[Said] | None:
    """The answers to `count` prompts of one `/completions` request, in their order; None where
    they are not all there."""
    try:
        choices = sorted(_old(body).choices, key=lambda choice: choice.index)
    except _UNREADABLE:
        return None
    if [choice.index for choice in choices] != list(range(count)):
        return None
    return [
        Said(choice.text, tuple(("", top or {}) for top in _tops(choice))) for choice in choices
    ]


def _tops(choice: _OldChoice) -> Iterable[dict[str, float] | None]:
    return (choice.logprobs.top_logprobs if choice.logprobs is not None else None) or ()


def share_of(yes: str, no: str, said: Said) -> float | None:
    """How likely the model was to say `yes` rather than `no` (in lower case), where it first had
    to choose: the share of the one in the probability of both. None where it gave no numbers.

    A token that is only the beginning of a word counts for the word that begins so.
    """
    for token, candidates in said.tokens:
        if token and _word(token, yes, no) is None:
            continue
        for_yes = for_no = 0.0
        for candidate, logprob in candidates.items():
            word = _word(candidate, yes, no)
            if word is None or not logprob <= 0.0:
                continue
            if word == yes:
                for_yes += math.exp(logprob)
            else:
                for_no += math.exp(logprob)
        if len(candidates) == 1:  # its own probability alone: the rest is the other word's
            return for_yes if for_yes else 1.0 - for_no if for_no else None
        return for_yes / (for_yes + for_no) if for_yes + for_no else None
    return None


def _word(token: str, yes: str, no: str) -> str | None:
    start = token.strip().lower()
    if not start:
        return None
    fits = [word for word in (yes, no) if word.startswith(start)]
    return fits[0] if len(fits) == 1 else None
